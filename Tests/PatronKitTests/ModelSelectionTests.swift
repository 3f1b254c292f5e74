import Generation
import Files
import Foundation
import Funding
import JSON
import ModelFiles
import PatronKit
import TestSupport
import Testing
import Tokenizer

@Suite struct ModelSelectionTests {
  private func write(_ folder: TemporaryFolder, _ change: (inout AdapterCard) -> Void = { _ in }) throws {
    var card = AdapterCard(
      version: "0.1.0", baseModel: .init(name: "tiny", kind: .sha256, identity: String(repeating: "ab", count: 32)),
      chunkTokens: 900, overlapTokens: 90, chatTemplate: "smollm2",
      promptHashes: [.statements: Prompts.statementsHash, .funders: Prompts.fundersHash])
    change(&card)
    try FileManager.default.createDirectory(at: folder.url("sft"), withIntermediateDirectories: true)
    try card.write(to: folder.url("sft"))
  }

  @Test func aCardIsReadOnce() throws {
    let folder = try TemporaryFolder()
    try write(folder) { $0.readsLikelyChunks = true }
    let selection = try ModelSelection("tiny", adapters: [folder.path("sft")])
    try FileManager.default.removeItem(at: folder.url("sft"))
    #expect(selection.name == "tiny" && selection.adapterPaths == [folder.path("sft")])
    #expect(try selection.cards.template()?.template == .smolLM2)
    let options = try selection.options()
    #expect(options.chunkTokens == 900 && options.overlapTokens == 90 && options.chunkSelection == .likely)
    #expect(options.calibration == nil && selection.warnings == [])
  }

  @Test func withoutACardTheRecipeHolds() throws {
    let selection = try ModelSelection("tiny", adapters: [])
    #expect(try selection.options() == ExtractionOptions() && selection.warnings == [])
  }

  @Test func warningsNameTheStagesThatWereNotTrained() throws {
    let folder = try TemporaryFolder()
    try write(folder) { $0.promptHashes[.funders] = nil }
    let selection = try ModelSelection("tiny", adapters: [folder.path("sft")])
    #expect(selection.warnings.count == 1 && selection.warnings[0].hasPrefix("\(folder.path("sft")): not trained for"))
  }

  @Test func aBrokenCardIsRefusedAtOnce() throws {
    let folder = try TemporaryFolder()
    try folder.write("sft/patron.json", "[]")
    #expect(throws: FileError.self) { try ModelSelection("tiny", adapters: [folder.path("sft")]) }
    try write(folder) { $0.calibration = 3 }
    #expect(throws: FileError.self) { try ModelSelection("tiny", adapters: [folder.path("sft")]).options() }
  }

  @Test func anAdapterOfOtherPromptsIsRefusedBeforeTheModelIsLookedFor() throws {
    let folder = try TemporaryFolder()
    try write(folder) { $0.promptHashes[.statements] = String(repeating: "ab", count: 32) }
    let error = #expect(throws: AdapterError.self) {
      try Extractor.open(model: folder.path("none"), adapters: [folder.path("sft")])
    }
    #expect(error?.code == .otherPrompt && error?.message.hasSuffix("use the version that trained it (0.1.0)") == true)
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func oneCallOpensAModelAndReadsAFile() async throws {
    let folder = try TemporaryFolder()
    var options = ExtractionOptions()
    (options.maximumStatementTokens, options.maximumFunderTokens) = (16, 16)
    let extractor = try Extractor.open(options: options)
    let path = try folder.write("a.md", "Funded by the Moss Fund.")
    let record = try await extractor.extract(file: path)
    #expect(record.id == path && record.provenance.contains { $0.key == "model" && $0.value == "smollm2-135m" })
    #expect(record.provenance.contains { $0.key == "adapter" })
    let inMemory = try await extractor.extract(id: path, contents: Array("Funded by the Moss Fund.".utf8))
    #expect(inMemory.statements == record.statements && inMemory.funders == record.funders)
    await #expect(throws: InputError.self) { try await extractor.extract(file: folder.path("none")) }
  }
}
