import Files
import Foundation
import ModelFiles

/// What a model's headers say, for lists.
package struct ModelSummary {
  /// `GGUF v3` or `safetensors`.
  package let format: String
  /// How most of the weights are stored, such as `BF16` or `Q4_1`.
  package let encoding: String
  package let byteCount: Int
  package let tensorCount: Int
  package let parameterCount: Int
  package let contextLength: Int
  package let vocabularySize: Int
  /// Where the weights and the configuration contradict each other.
  package let warnings: [String]

  /// Opens the model and checks its tensors against its configuration.
  package init(_ location: ModelLocation) throws {
    let (configuration, checkpoint) = try location.open()
    contextLength = configuration.contextLength
    vocabularySize = configuration.vocabularySize
    warnings = checkpoint.warnings
    switch location {
    case .folder: format = "safetensors"
    case .gguf(let file): format = "GGUF v\(file.version)"
    }
    var bytesByEncoding: [String: Int] = [:]
    for tensor in checkpoint.tensors.values { bytesByEncoding[tensor.encoding.name, default: 0] += tensor.byteCount }
    encoding = bytesByEncoding.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "none"
    byteCount = checkpoint.files.reduce(0) { $0 + $1.byteCount }
    tensorCount = checkpoint.tensors.count
    parameterCount = checkpoint.tensors.values.reduce(0) { $0 + $1.elementCount }
  }
}
