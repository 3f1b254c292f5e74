import Generation
import ArgumentParser
import Files
import Foundation
import Funding
import Llama
import ModelFiles
import PatronKit
import Runs
import TensorTestSupport
import TestSupport
import Testing
import Tokenizer

@testable import patron

/// How `patron extract` uses adapters and their cards.
@Suite struct AdapterUseTests {
  private let base = TemporaryFolder.adapterBase

  private func extract(_ arguments: String...) throws -> ExtractCommand {
    try #require(try Patron.parseAsRoot(["extract", "a.md"] + arguments) as? ExtractCommand)
  }

  private func options(_ arguments: [String]) throws -> ExtractionOptions {
    var command = try #require(try Patron.parseAsRoot(["extract", "a.md"] + arguments) as? ExtractCommand)
    _ = try command.useAdapters(Console(level: .quiet))
    return command.extractionOptions
  }

  @Test func chunksAreAsInTraining() throws {
    let folder = try TemporaryFolder()
    let sft = try folder.adapter("sft")
    let dapo = try folder.adapter("dapo") { $0.chunkTokens = 800 }
    var found = try options(["--adapter", sft])
    #expect(found.chunkTokens == 900 && found.overlapTokens == 90)
    found = try options(["--adapter", sft, "--adapter", dapo])
    #expect(found.chunkTokens == 800 && found.overlapTokens == 90, "the last was trained on what extractions give it")
    let parse = try folder.adapter("parse") {
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
    let sft = try folder.adapter("sft") { $0.promptHashes[.statements] = base }
    let error = #expect(throws: AdapterError.self) { try options(["--adapter", sft]) }
    #expect(
      error.map { ModelAdvice.text(of: $0) }
        == "\(sft): trained with another prompt for the stage statements (SHA-256 \(base)) than this patron's "
        + "(\(Prompts.statementsHash)); use the version that trained it (0.1.0), or use it all the same with --force-adapter"
    )
    _ = try options(["--adapter", sft, "--stage", "parse"])  // does not use that prompt
    #expect(try options(["--adapter", sft, "--force-adapter"]).chunkTokens == 900)
  }

  @Test func theDefaultAdapterCanBeLeftOut() throws {
    var bare = try extract("--no-adapter")
    #expect(try bare.useAdapters(Console(level: .quiet)).adapterPaths == [])
    var named = try extract("--adapter", "mine")
    #expect(try named.useAdapters(Console(level: .quiet)).adapterPaths == ["mine"])
  }

  @Test func errorsNameTheFlagsThatHelp() throws {
    let folder = try TemporaryFolder()
    func flags(_ body: (AdapterCards) throws -> Void, _ change: (inout AdapterCard) -> Void = { _ in }) throws -> String
    {
      let path = try folder.adapter("a", change)
      let cards = try AdapterCards([path], isForced: false)
      let error = #expect(throws: AdapterError.self) { try body(cards) }
      let text = error.map { ModelAdvice.text(of: $0) } ?? ""
      return String(text.drop { $0 != ";" })
    }
    #expect(
      try flags { try $0.check(base: "big", .sha256, String(repeating: "cd", count: 32), adapters: []) }
        == "; name the right one with --model, or use it all the same with --force-adapter")
    #expect(
      try flags({ try $0.check(base: "tiny", .sha256, base, adapters: []) }, { $0.previousAdapters = [base] })
        == "; give them in that order with --adapter, or use it all the same with --force-adapter")
    #expect(
      try flags({ _ = try $0.template() }, { $0.chatTemplate = "gemma" })
        == "; choose one with --chat-template, or use it with the model's own with --force-adapter")
    #expect(
      ModelAdvice.text(of: LlamaError(.range, "found 70144; choose a dtype of a wider range"))
        == "found 70144; choose a dtype of a wider range with --dtype, such as float32")
    #expect(ModelAdvice.text(of: LlamaError(.model, "found 1e300")) == "found 1e300")
  }

  /// With the bare model the records are others: a person must know, whatever else is kept quiet.
  @Test func aMissingDefaultAdapterIsToldAlsoWhenQuiet() throws {
    let folder = try TemporaryFolder()
    let program: URL = try #require(Executable.url)
    // Outside the checkout, whose adapter it would find. The model is looked for and, without an input, not opened.
    try folder.write("models/\(ModelCatalog.entries[0].fileName)", "")
    try folder.write("bin/empty", "")
    try FileManager.default.copyItem(at: program, to: folder.url("bin/patron"))
    let result = try Executable.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "PATRON_MODELS=\(folder.path("models"))", folder.path("bin/patron"), "extract", "--quiet",
        folder.path("none.md"),
      ])
    let real = folder.url.resolvingSymlinksInPath().path
    #expect(
      result.errors
        == "patron: smollm2-135m is used without its adapter smollm2-135m/sft, with which it was taught to read funding: "
        + "found in none of \(folder.path("models")), \(real)/share/patron/models; name its folder with --adapter, set "
        + "PATRON_MODELS to the folder that holds smollm2-135m/sft, or say --no-adapter\n"
        + "patron: \(folder.path("none.md")): cannot be opened: No such file or directory\n")
    #expect(result.status == 1)
  }
}
