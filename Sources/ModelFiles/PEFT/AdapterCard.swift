import Generation
import Files
import Foundation
import JSON

/// What an adapter was trained for and with: `patron.json` beside a PEFT adapter's two files.
///
/// PEFT ignores it. It lets an extraction use an adapter as it was trained, and refuse a base model or prompts that it
/// was not trained with, which would load "fine" and read badly.
///
///     {"format": 1, "version": "0.1.0+148b06e",
///      "base_model": {"name": "smollm2-135m", "model_sha256": "b179…"}, "previous_adapters": [],
///      "chunk_tokens": 1024, "chunking": "paragraphs", "overlap_tokens": 128, "chunks": "all",
///      "chat_template": "smollm2",
///      "stages": {"statements": {"prompt_sha256": "…"}, "parse": {"prompt_sha256": "…"}},
///      "data": {"parse.jsonl": "…"}, "recipe": {…}, "dev_metrics": {…}, "calibration": …}
public struct AdapterCard: Sendable, Equatable {
  /// What tells weights from others.
  public struct BaseModel: Sendable, Equatable {
    public enum IdentityKind: String, Sendable, CaseIterable {
      /// SHA-256 of the one weight file.
      case sha256 = "model_sha256"
      /// SHA-256 over the names, the sizes and the ends of the weight files.
      case fingerprint = "model_fingerprint"
    }

    /// As people call it.
    public var name: String
    public var kind: IdentityKind
    /// 64 lower-case hexadecimal digits.
    public var identity: String

    public init(name: String, kind: IdentityKind, identity: String) {
      self.name = name
      self.kind = kind
      self.identity = identity
    }
  }

  public static let fileName = "patron.json"
  private static let format = 1

  /// The program's version that trained it.
  public var version: String
  public var baseModel: BaseModel
  /// SHA-256 of the adapters that were merged into the base before, in order.
  public var previousAdapters: [String] = []
  /// Most tokens of an article in one chunk, and tokens that neighbouring chunks share, as in training.
  public var chunkTokens: Int
  public var overlapTokens: Int
  /// Whether chunks were cut between paragraphs, with an overlap only where a paragraph had to be cut. A card that does
  /// not say so is of chunks that overlap.
  public var cutsAtParagraphs = false
  /// Whether it was trained on chunks that hold a word of funding only, and is to read only such.
  public var readsLikelyChunks = false
  /// The chat template's name, such as `llama3.1` or `smollm2`.
  public var chatTemplate: String
  /// What differs from the template of that name, an object.
  public var chatSettings: JSON = [:]
  /// The stages that it was trained for, each with the SHA-256 of its prompt.
  public var promptHashes: [Stage: String]
  /// SHA-256 of the data files, by name.
  public var dataHashes: [String: String] = [:]
  /// The settings of the training, an object.
  public var recipe: JSON = [:]
  /// What was measured on dev rows, an object.
  public var devMetrics: JSON = [:]
  /// What turns the model's token probabilities into confidences; its form is not this file's business.
  public var calibration: JSON?

  public init(
    version: String, baseModel: BaseModel, chunkTokens: Int, overlapTokens: Int, chatTemplate: String,
    promptHashes: [Stage: String]
  ) {
    self.version = version
    self.baseModel = baseModel
    self.chunkTokens = chunkTokens
    self.overlapTokens = overlapTokens
    self.chatTemplate = chatTemplate
    self.promptHashes = promptHashes
  }

  // MARK: Writing

  public var json: JSON {
    let stages = Stage.allCases.compactMap { stage in
      promptHashes[stage].map { (stage.rawValue, JSON.object([("prompt_sha256", .string($0))])) }
    }
    var members: [(String, JSON)] = [
      ("format", .number(Self.format)), ("version", .string(version)),
      (
        "base_model",
        .object([("name", .string(baseModel.name)), (baseModel.kind.rawValue, .string(baseModel.identity))])
      ),
      ("previous_adapters", .array(previousAdapters.map(JSON.string))),
      ("chunk_tokens", .number(chunkTokens)), ("chunking", .string(cutsAtParagraphs ? "paragraphs" : "overlapping")),
      ("overlap_tokens", .number(overlapTokens)),
      ("chunks", .string(readsLikelyChunks ? "likely" : "all")),
      ("chat_template", .string(chatTemplate)), ("stages", .object(stages)),
      ("data", .object(dataHashes.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
      ("recipe", recipe), ("dev_metrics", devMetrics),
    ]
    if chatSettings.object?.isEmpty == false { members.append(("chat_settings", chatSettings)) }
    if let calibration { members.append(("calibration", calibration)) }
    return .object(members)
  }

  /// - Parameter place: what the message calls the card.
  /// - Throws: `FileError` for a card that could not be read back, such as one with a name of several lines.
  public func check(place: String = AdapterCard.fileName) throws { _ = try AdapterCard(json, place: place) }

  /// Writes the file into an adapter's folder; one that is there is replaced in one go.
  /// - Throws: `FileError`, also for a card that could not be read back.
  public func write(to folder: URL) throws {
    let url = folder.appendingPathComponent(Self.fileName)
    try check(place: url.path)
    try AtomicFile.write(Array((json.text(pretty: true) + "\n").utf8), to: url)
  }

  // MARK: Reading

  /// The card of an adapter folder; nil where it has none.
  /// - Throws: `FileError` of code `.malformed` or `.unsupported` for a file that is not what `write` makes.
  public init?(folder: URL) throws {
    let url = folder.appendingPathComponent(Self.fileName)
    guard fileExists(url.path) else { return nil }
    try self.init(parseJSONFile(url, rejectDuplicateKeys: true), place: url.path)
  }

  private static let keys: Set<String> = [
    "format", "version", "base_model", "previous_adapters", "chunk_tokens", "chunking", "overlap_tokens", "chunks",
    "chat_template", "chat_settings", "stages", "data", "recipe", "dev_metrics", "calibration",
  ]

  init(_ json: JSON, place: String) throws {
    let fields = try JSONFields(json, place: place)
    let format = try fields.requiredInteger("format", in: 0...Limits.count)
    guard format == Self.format else {
      throw FileError(
        .unsupported, "\(place): found format \(format), expected \(Self.format); a newer patron may read it")
    }
    let unknown = fields.object.keys.filter { !Self.keys.contains($0) }
    guard unknown.isEmpty else {
      throw FileError(.unsupported, "\(place): found unknown fields \(firstNames(unknown))")
    }
    version = try fields.requiredText("version")
    baseModel = try Self.baseModel(fields)
    previousAdapters = try (fields["previous_adapters"]?.array ?? []).map { element in
      guard let hash = element.string, Self.isHash(hash) else {
        throw fields.wrong("previous_adapters", "a list of SHA-256 sums")
      }
      return hash
    }
    chunkTokens = try fields.requiredInteger("chunk_tokens", in: 1...Limits.context)
    overlapTokens = try fields.requiredInteger("overlap_tokens", in: 0...Limits.context)
    guard overlapTokens < chunkTokens else { throw fields.wrong("overlap_tokens", "less than \"chunk_tokens\"") }
    switch try fields.text("chunking") {
    case "paragraphs": cutsAtParagraphs = true
    case "overlapping", nil: cutsAtParagraphs = false
    default: throw fields.wrong("chunking", "\"paragraphs\" or \"overlapping\"")
    }
    switch try fields.text("chunks") {
    case "likely": readsLikelyChunks = true
    case "all", nil: readsLikelyChunks = false
    default: throw fields.wrong("chunks", "\"all\" or \"likely\"")
    }
    chatTemplate = try fields.requiredText("chat_template")
    if let settings = fields["chat_settings"] {
      guard settings.object != nil else { throw fields.wrong("chat_settings", "an object") }
      chatSettings = settings
    }
    promptHashes = try Self.promptHashes(fields)
    for (name, value) in try fields.requiredObject("data").members {
      guard let hash = value.string, Self.isHash(hash) else { throw fields.wrong("data", "SHA-256 sums by file name") }
      dataHashes[name] = hash
    }
    recipe = .object(try fields.requiredObject("recipe"))
    devMetrics = .object(try fields.requiredObject("dev_metrics"))
    calibration = fields["calibration"]
  }

  private static func baseModel(_ fields: JSONFields) throws -> BaseModel {
    let base = try JSONFields(
      .object(fields.requiredObject("base_model")), place: "\(fields.place): \"base_model\"")
    let kinds = BaseModel.IdentityKind.allCases.filter { base[$0.rawValue] != nil }
    guard kinds.count == 1, base.object.count == 2 else {
      throw FileError(
        .malformed,
        "\(base.place): found \(firstNames(base.object.keys)), expected \"name\" and one of "
          + firstNames(BaseModel.IdentityKind.allCases.map(\.rawValue)))
    }
    let identity = try base.requiredText(kinds[0].rawValue)
    guard isHash(identity) else { throw base.wrong(kinds[0].rawValue, "64 lower-case hexadecimal digits") }
    return BaseModel(name: try base.requiredText("name"), kind: kinds[0], identity: identity)
  }

  private static func promptHashes(_ fields: JSONFields) throws -> [Stage: String] {
    var hashes: [Stage: String] = [:]
    for (name, value) in try fields.requiredObject("stages").members {
      guard let stage = Stage(rawValue: name) else {
        throw FileError(
          .unsupported,
          "\(fields.place): found the stage \(quoted(name)), expected \(firstNames(Stage.allCases.map(\.rawValue)))")
      }
      guard let hash = value["prompt_sha256"]?.string, isHash(hash), value.object?.count == 1 else {
        throw fields.wrong("stages", "a \"prompt_sha256\" for each stage")
      }
      hashes[stage] = hash
    }
    guard !hashes.isEmpty else { throw fields.wrong("stages", "at least one stage") }
    return hashes
  }

  private static func isHash(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}

extension JSONFields {
  /// A text of sensible length on one line.
  fileprivate func requiredText(_ key: String) throws -> String {
    guard let text = try text(key) else { throw missing(key) }
    let isPrintable = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    guard !text.isEmpty, text.utf8.count <= 1000, isPrintable else { throw wrong(key, "a short text on one line") }
    return text
  }

  fileprivate func requiredObject(_ key: String) throws -> JSONObject {
    guard let value = self[key] else { throw missing(key) }
    guard let object = value.object else { throw wrong(key, "an object") }
    return object
  }
}
