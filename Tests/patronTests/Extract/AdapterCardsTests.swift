import Generation
import ArgumentParser
import Files
import Foundation
import Funding
import ModelFiles
import PatronKit
import Runs
import TestSupport
import Testing
import Tokenizer

@testable import patron

@Suite struct AdapterCardsTests {
  private let base = String(repeating: "ab", count: 32)

  /// A folder with a card, and no adapter: cards are read before adapters are opened.
  private func adapter(_ folder: TemporaryFolder, _ name: String, _ change: (inout AdapterCard) -> Void = { _ in })
    throws -> String
  {
    var card = AdapterCard(
      version: "0.1.0", baseModel: .init(name: "tiny", kind: .sha256, identity: base), chunkTokens: 900,
      overlapTokens: 90, chatTemplate: "smollm2",
      promptHashes: [.statements: Prompts.statementsHash, .funders: Prompts.fundersHash])
    change(&card)
    try FileManager.default.createDirectory(at: folder.url(name), withIntermediateDirectories: true)
    try card.write(to: folder.url(name))
    return folder.path(name)
  }

  private func extract(_ arguments: String...) throws -> ExtractCommand {
    try #require(try Patron.parseAsRoot(["extract", "a.md"] + arguments) as? ExtractCommand)
  }

  private func options(_ arguments: [String]) throws -> ExtractionOptions {
    var command = try #require(try Patron.parseAsRoot(["extract", "a.md"] + arguments) as? ExtractCommand)
    try command.useAdapters(Console(level: .quiet))
    return command.extractionOptions
  }

  @Test func chunksAreAsInTraining() throws {
    let folder = try TemporaryFolder()
    let sft = try adapter(folder, "sft")
    let dapo = try adapter(folder, "dapo") { $0.chunkTokens = 800 }
    var found = try options(["--adapter", sft])
    #expect(found.chunkTokens == 900 && found.overlapTokens == 90)
    found = try options(["--adapter", sft, "--adapter", dapo])
    #expect(found.chunkTokens == 800 && found.overlapTokens == 90, "the last was trained on what extractions give it")
    let parse = try adapter(folder, "parse") {
      $0.chunkTokens = 7_500
      $0.promptHashes[.statements] = nil
    }
    #expect(try options(["--adapter", sft, "--adapter", parse]).chunkTokens == 900, "the last that saw chunks")
    #expect(try options(["--adapter", parse, "--stage", "parse"]).chunkTokens == 7500)
    found = try options(["--adapter", sft, "--chunk-tokens", "500"])
    #expect(found.chunkTokens == 500 && found.overlapTokens == 90)
    found = try options(["--adapter", sft, "--chunk-tokens", "5000", "--overlap-tokens", "0"])
    #expect(found.chunkTokens == 5000 && found.overlapTokens == 0)
    #expect(throws: ValidationError.self) { try options(["--adapter", sft, "--chunk-tokens", "50"]) }
    // Without a card: the recipe.
    try FileManager.default.createDirectory(at: folder.url("plain"), withIntermediateDirectories: true)
    found = try options(["--adapter", folder.path("plain")])
    #expect(found.chunkTokens == 7500 && found.overlapTokens == 1024)
  }

  @Test func otherPromptsAreAnErrorUnlessForced() throws {
    let folder = try TemporaryFolder()
    let sft = try adapter(folder, "sft") { $0.promptHashes[.statements] = base }
    let error = #expect(throws: FileError.self) { try options(["--adapter", sft]) }
    #expect(
      error?.code == .mismatch
        && error?.message
          == "\(sft): trained with another prompt for the stage statements (SHA-256 \(base)) than this patron's "
          + "(\(Prompts.statementsHash)); use the version that trained it (0.1.0), or use it all the same with --force-adapter"
    )
    _ = try options(["--adapter", sft, "--stage", "parse"])  // does not use that prompt
    #expect(try options(["--adapter", sft, "--force-adapter"]).chunkTokens == 900)
  }

  @Test func stagesThatNoAdapterKnowsAreNamed() throws {
    let folder = try TemporaryFolder()
    let parse = try adapter(folder, "parse") { $0.promptHashes[.statements] = nil }
    let statements = try adapter(folder, "statements") { $0.promptHashes[.funders] = nil }
    func warnings(_ paths: [String], _ stages: Set<Stage>) throws -> [String] {
      try AdapterCards(paths, isForced: false).warnings(for: stages)
    }
    #expect(try warnings([parse], [.statements, .funders]) == ["\(parse): not trained for the stage statements"])
    #expect(
      try warnings([parse], [.funders]) == [] && warnings([statements, parse], [.statements, .funders]) == []
        && warnings([], [.statements, .funders]) == [])
  }

  @Test func anotherBaseIsAnErrorThatNamesBoth() throws {
    let folder = try TemporaryFolder()
    let other = String(repeating: "cd", count: 32)
    let sft = try adapter(folder, "sft")
    let cards = try AdapterCards([sft], isForced: false)
    try cards.check(base: "tiny", .sha256, base, adapters: [])
    let error = #expect(throws: FileError.self) {
      try cards.check(base: "big", .fingerprint, other, adapters: [])
    }
    #expect(
      error?.message
        == "\(sft): trained on tiny (model_sha256 \(base)), the model is big (model_fingerprint \(other)); name the right one "
        + "with --model, or use it all the same with --force-adapter")
    try AdapterCards([sft], isForced: true).check(base: "big", .fingerprint, other, adapters: [])
  }

  @Test func theChatTemplateIsTheOneOfTheTraining() throws {
    let folder = try TemporaryFolder()
    #expect(try AdapterCards([], isForced: false).template() == nil)
    #expect(try AdapterCards([adapter(folder, "sft")], isForced: false).template() == .smolLM2)
    let odd = try adapter(folder, "odd") { $0.chatTemplate = "gemma" }
    let error = #expect(throws: FileError.self) { try AdapterCards([odd], isForced: false).template() }
    #expect(error?.code == .unsupported && error?.message.contains("gemma") == true)
    #expect(try AdapterCards([odd], isForced: true).template() == nil)
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func theAdaptersBeforeAreChecked() throws {
    let folder = try TemporaryFolder()
    for name in ["sft", "dapo"] {
      try FileManager.default.copyItem(at: Golden.vectors.appendingPathComponent("peft/\(name)"), to: folder.url(name))
    }
    let adapters = try ["sft", "dapo"].map { try AdapterFolder(folder.url($0)) }
    let sft = try adapter(folder, "sft")
    let dapo = try adapter(folder, "dapo") { $0.previousAdapters = [try! adapters[0].hash()] }
    try AdapterCards([sft, dapo], isForced: false).check(base: "tiny", .sha256, base, adapters: adapters)
    let error = #expect(throws: FileError.self) {
      try AdapterCards([dapo], isForced: false).check(base: "tiny", .sha256, base, adapters: [adapters[1]])
    }
    #expect(error?.message.contains("found none before it") == true)
    #expect(throws: FileError.self) {
      try AdapterCards([dapo, sft], isForced: false).check(
        base: "tiny", .sha256, base, adapters: adapters.reversed())
    }
  }

  // MARK: The default model's own

  @Test func theDefaultModelComesWithItsAdapter() throws {
    let folder = try TemporaryFolder()
    let (first, second) = (folder.url("first"), folder.url("second"))
    func adapters(of model: String, in folders: [URL]) -> [String] {
      ModelCatalog.defaultAdapters(of: model, in: folders).0.map(\.path)
    }
    func warning(of model: String, in folders: [URL]) -> String? {
      ModelCatalog.defaultAdapters(of: model, in: folders).warning
    }
    #expect(adapters(of: "smollm2-135m", in: [first, second]) == [])
    #expect(
      warning(of: "smollm2-135m", in: [first, second])?.contains("in none of \(first.path), \(second.path)") == true)
    try folder.write("second/smollm2-135m/sft/adapter_config.json", "{}")
    #expect(
      adapters(of: "smollm2-135m", in: [first, second]) == [second.appendingPathComponent("smollm2-135m/sft").path])
    #expect(warning(of: "smollm2-135m", in: [first, second]) == nil)
    try folder.write("first/smollm2-135m/sft/README.md", "not here yet")
    #expect(adapters(of: "smollm2-135m", in: [first, second]).count == 1)
    // A path is a model of the user's own, whatever it is called.
    for model in ["./smollm2-135m", "x.gguf"] {
      #expect(adapters(of: model, in: [second]) == [])
      #expect(warning(of: model, in: [first]) == nil)
    }
  }

  @Test func adaptersOfTheCheckoutLieInModels() throws {
    let folder = try TemporaryFolder()
    try folder.write("Package.swift", "")
    try folder.write(".build/debug/patron", "")
    let root = folder.url.resolvingSymlinksInPath().path
    let folders = ModelCatalog.adapterFolders(executable: folder.url(".build/debug/patron")).map(\.path)
    #expect(folders.suffix(2) == [root + "/.build/share/patron/models", root + "/Models"])
  }

  @Test func theDefaultAdapterCanBeLeftOut() throws {
    var bare = try extract("--no-adapter")
    try bare.useAdapters(Console(level: .quiet))
    #expect(bare.modelOptions.adapter == [])
    var named = try extract("--adapter", "mine")
    try named.useAdapters(Console(level: .quiet))
    #expect(named.modelOptions.adapter == ["mine"])
  }
}
