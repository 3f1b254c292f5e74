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
  public let generation: GenerationConfiguration?
  public let weights: Weights
  /// `tokenizer.json`; nil where there is none.
  public let tokenizer: URL?
  /// `tokenizer_config.json` as it stands; nil where there is none.
  public let tokenizerConfiguration: JSON?
  /// The Jinja chat template: `chat_template.jinja`, or the default one of `tokenizer_config.json`.
  public let chatTemplate: String?

  /// Reads the small files and finds the large ones.
  /// - Parameter weights: where the weights are; nil: `model.safetensors`, or else its index.
  /// - Throws: `FileError`; where a file is missing it lists what is there.
  public init(_ url: URL, weights: Weights? = nil) throws {
    self.url = url
    let names = try Self.fileNames(in: url)
    func file(_ name: String) -> URL? { names.contains(name) ? url.appendingPathComponent(name) : nil }

    guard let config = file("config.json") else { throw Self.missing("config.json", in: url, among: names) }
    var configuration = try LlamaConfiguration(huggingFaceConfiguration: config)
    generation = try file("generation_config.json").map(GenerationConfiguration.init)
    if let ids = generation?.eosTokenIDs {
      if let id = ids.first(where: { $0 >= configuration.vocabularySize }) {
        throw FileError(
          .mismatch,
          "\(url.path)/generation_config.json: \"eos_token_id\" \(id) is outside of the vocabulary of "
            + "\(configuration.vocabularySize) tokens")
      }
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

    tokenizer = file("tokenizer.json")
    tokenizerConfiguration = try file("tokenizer_config.json").map { try parseJSONFile($0) }
    chatTemplate = try Self.chatTemplate(
      file: file("chat_template.jinja"), configuration: tokenizerConfiguration, in: url)
  }

  /// Opens the weights as they are; ``ModelLocation/open()`` compares them with the configuration.
  public func checkpoint() throws -> Checkpoint {
    switch weights {
    case .single(let url): try SafetensorsFile(url).checkpoint
    case .sharded(let index): try ShardedSafetensors(index: index).checkpoint
    }
  }

  /// transformers' order: the file of its own wins; a list of templates has one called `default`.
  private static func chatTemplate(file: URL?, configuration: JSON?, in folder: URL) throws -> String? {
    if let file {
      guard let text = String(validating: try readSmallFile(file), as: UTF8.self) else {
        throw FileError(.malformed, "\(file.path): not UTF-8")
      }
      return text
    }
    guard let value = configuration?["chat_template"], !value.isNull else { return nil }
    if let text = value.string { return text }
    let named = value.array?.first { $0["name"]?.string == "default" }
    guard let text = named?["template"]?.string else {
      throw FileError(
        .malformed,
        "\(folder.path)/tokenizer_config.json: \"chat_template\" is \(value.kindDescription) without a template called "
          + "\"default\"")
    }
    return text
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
