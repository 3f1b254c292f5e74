import Foundation
import JSON
import Llama
import ModelFiles
import TestSupport
import Torch

extension Golden {
  package static func tensors(_ path: String) throws -> [String: Tensor] {
    try SafetensorsFile(vectors.appendingPathComponent(path)).tensors.mapValues { stored in
      if case .plain(.int64) = stored.encoding {
        return try Tensor(bytes: stored.bytes, shape: stored.shape, dtype: .int64)
      }
      return try Tensor(stored)
    }
  }

  package static func adapter(_ name: String) throws -> AdapterFolder {
    try AdapterFolder(vectors.appendingPathComponent("peft/\(name)"))
  }

  package static func tinyLlama(_ name: String, _ options: LoadOptions = LoadOptions(dtype: .float32)) throws
    -> LlamaModel
  {
    try load(vectors.appendingPathComponent("tiny_llama/\(name)"), options)
  }

  package static func load(_ url: URL, _ options: LoadOptions) throws -> LlamaModel {
    let (configuration, checkpoint) = try ModelLocation(url).open()
    return try LlamaModel.load(checkpoint, configuration: configuration, options: options)
  }
}
