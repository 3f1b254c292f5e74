import Files
import Foundation
import JSON
import Tokenizer

/// How one talks to a model with its adapters: the tokenizer, the chat template and the tokens that end an answer, out
/// of the files beside the model and beside the adapters.
///
/// Of each file the last adapter's counts, and the model's where no adapter has it: an adapter saw what was used in its
/// training.
public struct ModelChat: Sendable {
  /// What a person chooses in place of what the files say.
  public struct Choice: Sendable {
    public var template: ChatTemplate?
    /// The date that the template prints.
    public var date: String?

    public init(template: ChatTemplate? = nil, date: String? = nil) {
      self.template = template
      self.date = date
    }
  }

  private let model: ModelLocation
  private let configuration: LlamaConfiguration
  /// The model's own files; nil for a GGUF file.
  private let own: ChatFiles?
  private let vocabulary: GGUFVocabulary?
  private let adapters: [ChatFiles]
  private let choice: Choice
  private let card: (path: String, template: ChatTemplate)?

  /// Reads the small files.
  /// - Parameters:
  ///   - adapters: in the order of merging.
  ///   - card: the template that an adapter's card names, which counts more than files; and the card's path.
  public init(
    _ model: ModelLocation, adapters: [AdapterFolder] = [], choice: Choice = Choice(),
    card: (path: String, template: ChatTemplate)? = nil
  ) throws {
    self.model = model
    switch model {
    case .folder(let folder): (configuration, own, vocabulary) = (folder.configuration, folder.chat, nil)
    case .gguf(let file): (configuration, own, vocabulary) = (try file.llamaConfiguration(), nil, try file.vocabulary())
    }
    self.adapters = adapters.map(\.chat)
    self.choice = choice
    self.card = card
  }

  /// What holds, with what is to be said of it.
  public struct Opened: Sendable {
    public let tokenizer: Tokenizer
    public let template: ChatTemplate
    public let endTokenIDs: [Int]
    /// What a person should know: where the adapters' files differ from the model's.
    public let warnings: [String]
    /// For records of what produced a result.
    public let provenance: [(key: String, value: String)]
  }

  /// Opens the tokenizer, reads the template, and compares what the model and its adapters say.
  /// - Throws: `FileError` and `TokenizerError` for what is missing or cannot be read; `.unknownTemplate` and
  ///   `.missingToken` where another template than the files' must be chosen.
  public func open() throws -> Opened {
    let (tokenizer, tokenizerWarnings) = try openTokenizer()
    let (template, templateWarnings) = try readTemplate()
    try template.check(tokenizer)
    let (endTokenIDs, endWarnings) = try endTokens()
    var provenance: [(key: String, value: String)] = [("chat_template", template.name)]
    for (key, value) in template.settings.members {
      provenance.append(("chat_\(key)", value.string ?? (value.isNull ? "none" : value.text())))
    }
    if let name = try sources().first?.name { provenance.append(("chat_template_from", name)) }
    if let files = tokenizerFiles { provenance.append(("tokenizer_from", Self.name(files.folder.path))) }
    if let files = generationFiles { provenance.append(("generation_config_from", Self.name(files.folder.path))) }
    return Opened(
      tokenizer: tokenizer, template: template, endTokenIDs: endTokenIDs,
      warnings: tokenizerWarnings + templateWarnings + endWarnings, provenance: provenance)
  }

  // MARK: Tokenizer

  /// The adapter's files that the tokenizer is of; nil: the model's.
  package var tokenizerFiles: ChatFiles? { adapters.last { $0.tokenizer != nil } }

  /// The tokenizer that chats are encoded with.
  public func openTokenizer() throws -> (Tokenizer, warnings: [String]) {
    let rows = configuration.vocabularySize
    guard let files = tokenizerFiles, let tokenizer = try files.openTokenizer() else {
      guard let tokenizer = try ownTokenizer() else {
        throw FileError(.notFound, "\(model.url.path): tokenizer.json is missing; it belongs beside config.json")
      }
      return (tokenizer, [])
    }
    let place = "\(files.folder.path)/tokenizer.json"
    guard tokenizer.vocabularySize <= rows else {
      let token = tokenizer.tokenBytes(tokenizer.vocabularySize - 1).map { String(decoding: $0, as: UTF8.self) } ?? ""
      throw FileError(
        .mismatch,
        "\(place): found \(tokenizer.vocabularySize - rows) ids, up to that of \(quoted(token)), that the model's embedding "
          + "of \(rows) rows does not have; the adapter was trained on an enlarged model: merge it with that one where it "
          + "was trained")
    }
    // Most often the same file, which is not to be opened twice.
    if let other = own?.tokenizer, FileManager.default.contentsEqual(atPath: other.path, andPath: place) {
      return (tokenizer, [])
    }
    guard let difference = try ownTokenizer().flatMap({ tokenizer.difference(from: $0) }) else {
      return (tokenizer, [])
    }
    return (tokenizer, ["\(place): this tokenizer is used; it has \(difference) than the model's"])
  }

  private func ownTokenizer() throws -> Tokenizer? { try vocabulary.map(Tokenizer.init(gguf:)) ?? own?.openTokenizer() }

  // MARK: Chat template

  /// A chat template, and whose it is.
  private struct Source {
    /// For messages: a path.
    let place: String
    /// For records; nil: the model itself.
    var name: String?
    var isChosen = false
    var template: ChatTemplate?
    var jinja: String?
  }

  /// All templates that there are, the one that counts first.
  private func sources() throws -> [Source] {
    var sources: [Source] = []
    if let template = choice.template {
      sources.append(Source(place: "", name: "chosen", isChosen: true, template: template))
    }
    func add(_ place: String, template: ChatTemplate? = nil, jinja: String? = nil) {
      sources.append(Source(place: place, name: Self.name(place), template: template, jinja: jinja))
    }
    if let card { add(card.path, template: card.template) }
    for files in adapters.reversed() {
      do {
        if let jinja = try files.jinja() { add(files.folder.path, jinja: jinja) }
      } catch {
        if sources.isEmpty { throw error }
      }
    }
    // Where something else counts, what is wrong with the model's own does not matter.
    let own = try sources.isEmpty ? ownJinja() : try? ownJinja()
    if let own { sources.append(Source(place: model.url.path, jinja: own)) }
    return sources
  }

  /// The last two parts of a path: adapters of different models are often called the same.
  private static func name(_ path: String) -> String { path.split(separator: "/").suffix(2).joined(separator: "/") }

  private func ownJinja() throws -> String? { try vocabulary.map(\.chatTemplate) ?? own?.jinja() }

  private func read(_ source: Source) throws -> ChatTemplate {
    if let template = source.template { return template }
    do {
      return try ChatTemplate(jinja: source.jinja ?? "", tokens: specialTokens)
    } catch let error as TokenizerError {
      throw TokenizerError(error.code, "\(source.place): \(error.message)")
    }
  }

  /// Special tokens by name: the adapters' count more.
  private var specialTokens: [String: String] {
    var tokens = own?.specialTokens ?? [:]
    if let vocabulary {
      tokens["bos_token"] = vocabulary.bosTokenID.map { vocabulary.tokens[$0] }
      tokens["eos_token"] = vocabulary.eosTokenID.map { vocabulary.tokens[$0] }
    }
    for files in adapters { tokens.merge(files.specialTokens) { _, new in new } }
    return tokens
  }

  /// The template that chats are written with.
  public func readTemplate() throws -> (ChatTemplate, warnings: [String]) {
    let sources = try sources()
    guard let used = sources.first else {
      throw TokenizerError(
        .unknownTemplate,
        "\(model.url.path): no chat template (chat_template.jinja, or chat_template in tokenizer_config.json or in a GGUF "
          + "file's metadata), also beside no adapter; choose one of the known ones (\(ChatTemplate.knownNames)) if the "
          + "model was trained with it")
    }
    var template = try read(used)
    var warnings: [String] = []
    if !used.isChosen {
      for other in sources.dropFirst() where other.jinja != used.jinja {
        let found = try? read(other)
        guard found != template else { continue }
        warnings.append(
          "\(used.place): its chat template (\(template)) is used; \(other.place) has "
            + (found.map { "another (\($0))" } ?? "an unknown one"))
      }
    }
    if let date = choice.date {
      template = try template.dated(date)
    } else if used.jinja?.contains("strftime_now") == true, let date = template.date {
      warnings.append(
        "\(used.place): the chat template prints the day of the run; \(date) is printed instead, always, so that results "
          + "can be repeated")
    }
    return (template, warnings)
  }

  /// The Jinja template that a model with the adapters merged must have, where it is not the one beside the model.
  package func mergedJinja() throws -> String? {
    let sources = try sources()
    guard let used = sources.first, used.name != nil else { return nil }
    if let jinja = used.jinja { return jinja }
    let template = try choice.date.map { try read(used).dated($0) } ?? read(used)
    // A text that says the same is better kept: it may also know tools.
    let same = sources.first { $0.jinja != nil && (try? read($0)) == template }
    return same?.jinja ?? template.jinja
  }

  // MARK: Ends

  /// The adapter's files that the end tokens are of; nil: the model's.
  package var generationFiles: ChatFiles? { adapters.last { $0.generation != nil } }

  /// The tokens that end an answer, besides the template's own.
  public func endTokens() throws -> ([Int], warnings: [String]) {
    guard let files = generationFiles, let ids = files.generation?.eosTokenIDs else {
      return (configuration.eosTokenIDs, [])
    }
    let place = "\(files.folder.path)/\(ChatFiles.generationName)"
    try configuration.check(endTokens: ids, of: place)
    guard Set(ids) != Set(configuration.eosTokenIDs), !configuration.eosTokenIDs.isEmpty else { return (ids, []) }
    func list(_ ids: [Int]) -> String { ids.map(String.init).joined(separator: ", ") }
    return (
      ids,
      ["\(place): its end tokens (\(list(ids))) are used; the model's are \(list(configuration.eosTokenIDs))"]
    )
  }
}

extension LlamaConfiguration {
  /// - Throws: `FileError` for an end token that the vocabulary does not have.
  func check(endTokens ids: [Int], of place: String) throws {
    guard let id = ids.first(where: { $0 >= vocabularySize }) else { return }
    throw FileError(
      .mismatch, "\(place): \"eos_token_id\" \(id) is outside of the vocabulary of \(vocabularySize) tokens")
  }
}
