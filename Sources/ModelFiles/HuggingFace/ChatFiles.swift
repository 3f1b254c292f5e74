import Files
import Foundation
import JSON
import Tokenizer

/// The small files beside a model, or beside an adapter, that say how chats become tokens and which tokens end an
/// answer.
///
/// Trainers save them with an adapter as they save them with a model.
public struct ChatFiles: Sendable {
  public let folder: URL
  /// `tokenizer.json`; nil where there is none.
  public let tokenizer: URL?
  /// `tokenizer_config.json` as it stands; nil where there is none.
  public let tokenizerConfiguration: JSON?
  public let generation: GenerationConfiguration?
  private let templateFile: URL?

  /// The files that hold a tokenizer's vocabulary, in all the forms in which it is saved.
  package static let vocabularyNames = [
    "tokenizer.json", "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model",
  ]
  /// The files that say how the vocabulary is used.
  package static let tokenizerNames = ["tokenizer_config.json", "special_tokens_map.json"]
  /// The files that hold nothing but chat templates, in the order in which they count.
  package static let templateNames = ["chat_template.jinja", "chat_template.json"]
  package static let generationName = "generation_config.json"

  /// Reads the small files and finds the large ones.
  public init(_ folder: URL) throws {
    self.folder = folder
    let names = try ModelFolder.fileNames(in: folder)
    func file(_ name: String) -> URL? { names.contains(name) ? folder.appendingPathComponent(name) : nil }
    tokenizer = file("tokenizer.json")
    tokenizerConfiguration = try file("tokenizer_config.json").map { try parseJSONFile($0) }
    generation = try file(Self.generationName).map(GenerationConfiguration.init)
    templateFile = Self.templateNames.lazy.compactMap(file).first
  }

  // MARK: Chat template

  /// The Jinja chat template, found in transformers' order: a file of its own, or else `tokenizer_config.json`; of
  /// several with names the one called `default`. Nil where there is none.
  /// - Throws: `FileError`, `TokenizerError.unknownTemplate` where none of several is called `default`.
  public func jinja() throws -> String? {
    guard let templateFile else {
      return try Self.jinja(
        in: tokenizerConfiguration?["chat_template"], folder.appendingPathComponent("tokenizer_config.json"))
    }
    if templateFile.pathExtension == "json" {
      return try Self.jinja(in: parseJSONFile(templateFile)["chat_template"], templateFile)
    }
    guard let text = String(validating: try readSmallFile(templateFile), as: UTF8.self) else {
      throw FileError(.malformed, "\(templateFile.path): not UTF-8")
    }
    return text
  }

  /// A template, or several as a list of names and templates or as an object.
  private static func jinja(in value: JSON?, _ file: URL) throws -> String? {
    let named: [(name: String, template: String?)]
    switch value {
    case nil, .null: return nil
    case .string(let text): return text
    case .array(let list): named = list.map { ($0["name"]?.string ?? "", $0["template"]?.string) }
    case .object(let object): named = object.members.map { ($0.key, $0.value.string) }
    case let other?:
      throw FileError(
        .malformed,
        "\(file.path): \"chat_template\" is \(other.kindDescription), expected a text or a list of templates")
    }
    guard let text = named.first(where: { $0.name == "default" })?.template else {
      throw TokenizerError(
        .unknownTemplate,
        "\(file.path): found chat templates for \(firstNames(named.map(\.name))), expected one called \"default\"; choose "
          + "one of the known ones (\(ChatTemplate.knownNames)) if the model was trained with it")
    }
    return text
  }

  /// The special tokens that the tokenizer's configuration names, such as `bos_token`.
  package var specialTokens: [String: String] {
    var tokens: [String: String] = [:]
    for (key, value) in tokenizerConfiguration?.object?.members ?? [] where key.hasSuffix("_token") {
      // Either the content itself or an object that holds it.
      tokens[key] = value.string ?? value["content"]?.string
    }
    return tokens
  }

  // MARK: Tokenizer

  /// The tokenizer; nil where there is none.
  public func openTokenizer() throws -> Tokenizer? {
    guard let tokenizer else { return nil }
    let file = try MappedFile(path: tokenizer.path)
    do {
      // The bytes are the file's memory, which goes with the last use of the file.
      return try withExtendedLifetime(file) {
        try Tokenizer(tokenizerJSON: file.bytes, configuration: tokenizerConfiguration)
      }
    } catch let error as TokenizerError {
      throw TokenizerError(error.code, "\(folder.path)/\(error.message)")
    }
  }
}
