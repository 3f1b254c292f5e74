import Foundation
import JSON
import Llama
import ModelFiles
import Testing
import Torch

@testable import Training

/// The reference values that stand beside the project, not in it.
enum Golden {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let vectors: URL = {
    if let shared = ProcessInfo.processInfo.environment["PATRON_SHARED"] {
      return URL(fileURLWithPath: shared).appendingPathComponent("vectors")
    }
    return root.deletingLastPathComponent().appendingPathComponent("shared/vectors")
  }()

  static let areHere = FileManager.default.fileExists(atPath: vectors.path)
  static let absence: Comment = "skipped: ../shared/vectors is not here (or set PATRON_SHARED)"

  static func json(_ path: String) throws -> JSON {
    try JSON.parse([UInt8](Data(contentsOf: vectors.appendingPathComponent(path))))
  }

  static func tensors(_ path: String) throws -> [String: Tensor] {
    try SafetensorsFile(vectors.appendingPathComponent(path)).tensors.mapValues {
      try Tensor($0.floats(), shape: $0.shape)
    }
  }

  static func tinyLlama(_ name: String, _ options: LoadOptions = LoadOptions(dtype: .float32)) throws -> LlamaModel {
    let (configuration, checkpoint) =
      try ModelLocation(vectors.appendingPathComponent("tiny_llama/\(name)")).open()
    return try LlamaModel.load(checkpoint, configuration: configuration, options: options)
  }

  /// The examples of sft/expected.json: labels of −100 are not supervised.
  static func sftExamples(_ reference: JSON) throws -> [TrainingExample] {
    try reference.at("examples").array!.enumerated().map { index, example in
      TrainingExample(
        id: "\(index)", task: .parse, tokens: try example.at("input_ids").integers,
        isSupervised: try example.at("labels").integers.map { $0 >= 0 })
    }
  }
}

extension JSON {
  var integers: [Int] { (array ?? []).compactMap(\.int) }
  var floats: [Float] { (array ?? []).compactMap { $0.double.map { Float($0) } } }
  /// A member that the file is known to have.
  func at(_ key: String) throws -> JSON { try #require(self[key]) }
}

/// Largest distance between two tensors; infinite where shapes differ or a value is not a number.
func distance(_ a: Tensor, _ b: Tensor) throws -> Float {
  guard a.shape == b.shape else { return .infinity }
  return zip(try a.floats(), try b.floats()).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
}
