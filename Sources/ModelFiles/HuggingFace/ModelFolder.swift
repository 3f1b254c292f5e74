import Files
import Foundation
import JSON

/// A model in Hugging Face's layout: `config.json`, safetensors weights, a tokenizer.
public struct ModelFolder: Sendable {
  /// Where the weights are.
  public enum Weights: Sendable, Hashable {
    case single(URL)
    case sharded(index: URL)
  }

  public let url: URL
  /// `config.json`; the end-of-sequence ids are those of `generation_config.json` where it has any.
  public let configuration: LlamaConfiguration
  /// Tokenizer, chat template and suggestions for sampling.
  public let chat: ChatFiles
  public let weights: Weights

  /// Reads the small files and finds the large ones.
  /// - Parameter weights: where the weights are; nil: `model.safetensors`, or else its index.
  /// - Throws: `FileError`; where a file is missing it lists what is there.
  public init(_ url: URL, weights: Weights? = nil) throws {
    self.url = url
    let names = try Self.fileNames(in: url)
    func file(_ name: String) -> URL? { names.contains(name) ? url.appendingPathComponent(name) : nil }

    guard let config = file("config.json") else { throw Self.missing("config.json", in: url, among: names) }
    var configuration = try LlamaConfiguration(huggingFaceConfiguration: config)
    chat = try ChatFiles(url)
    if let ids = chat.generation?.eosTokenIDs {
      try configuration.check(endTokens: ids, of: "\(url.path)/\(ChatFiles.generationName)")
      configuration.eosTokenIDs = ids
    }
    self.configuration = configuration

    if let weights {
      self.weights = weights
    } else if let single = file("model.safetensors") {
      self.weights = .single(single)
    } else if let index = file("model.safetensors.index.json") {
      self.weights = .sharded(index: index)
    } else if let pickle = names.first(where: { $0.hasSuffix(".bin") || $0.hasSuffix(".pth") || $0.hasSuffix(".pt") }) {
      throw FileError(
        .unsupported,
        "\(url.path): the weights are in PyTorch's pickle format (\(quoted(pickle))), which can run code; "
          + "convert them to safetensors")
    } else {
      throw Self.missing("model.safetensors or model.safetensors.index.json", in: url, among: names)
    }
  }

  /// Opens the weights as they are; ``ModelLocation/open()`` compares them with the configuration.
  public func checkpoint() throws -> Checkpoint {
    switch weights {
    case .single(let url): try SafetensorsFile(url).checkpoint
    case .sharded(let index): try ShardedSafetensors(index: index).checkpoint
    }
  }

  static func fileNames(in folder: URL) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
      throw FileError(.notFound, "\(folder.path): there is no such folder")
    }
    guard isFolder.boolValue else { throw FileError(.wrongKind, "\(folder.path): a file, expected a folder") }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    } catch {
      throw FileError(.inputOutput, "\(folder.path): cannot list the folder: \(error.localizedDescription)")
    }
  }

  static func missing(_ what: String, in folder: URL, among names: [String]) -> FileError {
    let found = names.isEmpty ? "the folder is empty" : "it holds \(firstNames(names))"
    return FileError(.notFound, "\(folder.path): \(what) is missing; \(found)")
  }
}
