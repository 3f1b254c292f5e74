import Generation
import Files
import Foundation
import JSON
import TestSupport
import Testing
import Text

@testable import ModelFiles

@Suite struct AdapterCardTests {
  private let hash = String(repeating: "0123456789abcdef", count: 4)

  private var card: AdapterCard {
    var card = AdapterCard(
      version: "0.1.0+148b06e",
      baseModel: AdapterCard.BaseModel(name: "smollm2-135m", kind: .sha256, identity: hash), chunkTokens: 1024,
      overlapTokens: 128, chatTemplate: "smollm2", promptHashes: [.statements: hash, .funders: hash])
    card.previousAdapters = [hash]
    card.dataHashes = ["parse.jsonl": hash, "ärticles.jsonl": hash]
    card.recipe = ["rank": 64, "schedule": "linear", "noise": ["share": 0.5]]
    card.devMetrics = ["funder_f05": ["value": 0.81, "low": 0.78, "high": 0.84]]
    card.calibration = [1.5, ["kind": "isotonic", "knots": [[0, 0.1], [1, 0.99]]]]
    return card
  }

  @Test func aCardReadsBackAsItWasWritten() throws {
    let folder = try TemporaryFolder()
    #expect(try AdapterCard(folder: folder.url) == nil)
    try card.write(to: folder.url)
    #expect(try AdapterCard(folder: folder.url) == card)

    var fewer = card
    fewer.baseModel.kind = .fingerprint
    fewer.readsLikelyChunks = true
    fewer.cutsAtParagraphs = true
    fewer.chatSettings = ["date": "1 May 2025", "system": .null]
    fewer.promptHashes = [.funders: hash]
    fewer.calibration = nil
    fewer.dataHashes = [:]
    try fewer.write(to: folder.url)
    #expect(try AdapterCard(folder: folder.url) == fewer)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["patron.json"])
  }

  @Test func theFileIsWhatTheDocumentationSays() throws {
    let json = card.json
    #expect(
      json.object?.keys == [
        "format", "version", "base_model", "previous_adapters", "chunk_tokens", "chunking", "overlap_tokens",
        "chunks", "chat_template", "stages", "data", "recipe", "dev_metrics", "calibration",
      ])
    #expect(json["base_model"] == ["name": "smollm2-135m", "model_sha256": .string(hash)])
    #expect(json["stages"]?["parse"] == ["prompt_sha256": .string(hash)])
  }

  @Test func aCardThatCannotBeReadBackIsNotWritten() throws {
    let folder = try TemporaryFolder()
    for change: (inout AdapterCard) -> Void in [
      { $0.overlapTokens = 1024 }, { $0.chatTemplate = "" }, { $0.promptHashes = [:] }, { $0.recipe = [1] },
      { $0.baseModel.identity = "b179" }, { $0.version = "1\n2" }, { $0.dataHashes = ["x": "y"] },
      { $0.chunkTokens = -1 },
    ] {
      var wrong = card
      change(&wrong)
      #expect(failure(FileError.self) { try wrong.check() }?.code == .malformed)
      #expect(failure(FileError.self) { try wrong.write(to: folder.url) }?.code == .malformed)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  /// Every field missing, and of each other kind.
  @Test func everyFieldIsChecked() throws {
    let values: [JSON] = [
      nil, true, -1, 1.5, 99_999_999_999_999, "", "\u{1}", "text", [], ["x"], [:], ["x": 1], ["parse": ["a": 1]],
      .number(.nan), .string(String(repeating: "x", count: 2000)),
    ].compactMap { $0 ?? .null }
    // These may be anything, or are objects whose content is not looked at.
    let opaque: [String: (JSON) -> Bool] = [
      "calibration": { _ in true }, "recipe": { $0.object != nil }, "dev_metrics": { $0.object != nil },
      "data": { $0.object?.isEmpty == true }, "previous_adapters": { $0.isNull || $0.array?.isEmpty != false },
      "version": { $0 == "text" }, "chat_template": { $0 == "text" }, "chunks": { $0.isNull },
      "chunking": { $0.isNull },
    ]
    for key in card.json.object?.keys ?? [] {
      for value in values {
        var object = try #require(card.json.object)
        object[key] = value
        let isFine = opaque[key]?(value) ?? false
        let error = failure(FileError.self) { _ = try AdapterCard(.object(object), place: "card") }
        #expect(isFine || error != nil, "\(key): \(value)")
        #expect(error.map { $0.message.hasPrefix("card: ") && $0.message.count < 400 } ?? true)
      }
      var object = try #require(card.json.object)
      object[key] = nil
      let isOptional = ["calibration", "chunking", "chunks", "previous_adapters"].contains(key)
      #expect(
        (failure(FileError.self) { _ = try AdapterCard(.object(object), place: "card") } == nil) == isOptional, "\(key)"
      )
    }
  }

  @Test func whatIsUnknownIsNamed() throws {
    func message(_ change: (inout JSONObject) -> Void) throws -> String? {
      var object = try #require(card.json.object)
      change(&object)
      return failure(FileError.self) { _ = try AdapterCard(.object(object), place: "card") }?.message
    }
    #expect(try message { $0["format"] = 2 } == "card: found format 2, expected 1; a newer patron may read it")
    #expect(try message { $0["chunk_token"] = 2 } == #"card: found unknown fields "chunk_token""#)
    #expect(
      try message { $0["stages"] = ["rank": ["prompt_sha256": .string(hash)]] }
        == #"card: found the stage "rank", expected "statements", "parse""#)
    #expect(
      try message { $0["base_model"] = ["name": "x"] }
        == #"card: "base_model": found "name", expected "name" and one of "model_sha256", "model_fingerprint""#)
    #expect(
      try message { $0["overlap_tokens"] = 5000 }
        == #"card: "overlap_tokens" is 5000, expected less than "chunk_tokens""#)
  }

  @Test(arguments: [
    "", "{", "[]", "null", #"{"format":1,"format":1}"#, "version https://git-lfs.github.com/spec/v1", "\u{FEFF}{}",
    #"{"format":1e300}"#,
  ])
  func whatIsNoCardIsRefused(_ text: String) throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("patron.json", text)
    let error = failure(FileError.self) { _ = try AdapterCard(folder: folder.url) }
    #expect(
      error?.code == (text.hasPrefix("version") ? .wrongKind : .malformed)
        && error?.message.hasPrefix(file.path) == true, "\(text)")
  }

  @Test func deepAndLargeFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    try folder.file("patron.json", String(repeating: "[", count: 1 << 20))
    #expect(failure(FileError.self) { _ = try AdapterCard(folder: folder.url) }?.code == .malformed)
    try folder.file("patron.json", [UInt8](repeating: 0x20, count: (64 << 20) + 1))
    #expect(failure(FileError.self) { _ = try AdapterCard(folder: folder.url) }?.code == .malformed)
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("patron.json"))
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("patron.json"), withIntermediateDirectories: false)
    #expect(failure(FileError.self) { _ = try AdapterCard(folder: folder.url) }?.code == .wrongKind)
  }

  /// A file that is cut off or changed at any byte is refused or read, and never crashes.
  @Test func changedBytesDoNoHarm() throws {
    let bytes = card.json.utf8(.pretty)
    var random = SplitMix64(state: 1)
    for _ in 0..<2000 {
      var changed = bytes
      changed[Int.random(in: changed.indices, using: &random)] = .random(in: 0...255, using: &random)
      if Bool.random(using: &random) { changed.removeLast(Int.random(in: 0..<changed.count, using: &random)) }
      if let json = try? JSON.parse(changed) { _ = try? AdapterCard(json, place: "card") }
    }
  }
}
