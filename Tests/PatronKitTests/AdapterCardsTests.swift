import Generation
import Files
import Foundation
import Funding
import JSON
import ModelFiles
import PatronKit
import TensorTestSupport
import TestSupport
import Testing
import Tokenizer

@Suite struct AdapterCardsTests {
  private let base = TemporaryFolder.adapterBase

  @Test func stagesThatNoAdapterKnowsAreNamed() throws {
    let folder = try TemporaryFolder()
    let parse = try folder.adapter("parse") { $0.promptHashes[.statements] = nil }
    let statements = try folder.adapter("statements") { $0.promptHashes[.funders] = nil }
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
    let sft = try folder.adapter("sft")
    let cards = try AdapterCards([sft], isForced: false)
    try cards.check(base: "tiny", .sha256, base, adapters: [])
    let error = #expect(throws: AdapterError.self) {
      try cards.check(base: "big", .fingerprint, other, adapters: [])
    }
    #expect(
      error?.code == .otherModel
        && error?.message
          == "\(sft): trained on tiny (model_sha256 \(base)), the model is big (model_fingerprint \(other)); name the right "
          + "one"
    )
    try AdapterCards([sft], isForced: true).check(base: "big", .fingerprint, other, adapters: [])
  }

  @Test func theChatTemplateIsTheOneOfTheTraining() throws {
    let folder = try TemporaryFolder()
    #expect(try AdapterCards([], isForced: false).template() == nil)
    let sft = try AdapterCards([folder.adapter("sft")], isForced: false).template()
    #expect(sft?.template == .smolLM2 && sft?.path == "\(folder.path("sft"))/patron.json")
    let dated = try folder.adapter("dated") {
      $0.chatTemplate = "llama3.1"
      $0.chatSettings = ["date": "1 May 2025", "trims_system": false]
    }
    let template = try AdapterCards([dated], isForced: false).template()?.template
    #expect(template?.name == "llama3.1" && template?.date == "1 May 2025" && template?.trimsSystem == false)
    let odd = try folder.adapter("odd") { $0.chatTemplate = "gemma" }
    let error = #expect(throws: AdapterError.self) { try AdapterCards([odd], isForced: false).template() }
    #expect(error?.code == .unknownTemplate && error?.message.contains("gemma") == true)
    #expect(try AdapterCards([odd], isForced: true).template() == nil)
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func theAdaptersBeforeAreChecked() throws {
    let folder = try TemporaryFolder()
    for name in ["sft", "dapo"] {
      try FileManager.default.copyItem(at: Golden.vectors.appendingPathComponent("peft/\(name)"), to: folder.url(name))
    }
    let adapters = try ["sft", "dapo"].map { try AdapterFolder(folder.url($0)) }
    let sft = try folder.adapter("sft")
    let dapo = try folder.adapter("dapo") { $0.previousAdapters = [try! adapters[0].hash()] }
    try AdapterCards([sft, dapo], isForced: false).check(base: "tiny", .sha256, base, adapters: adapters)
    let error = #expect(throws: AdapterError.self) {
      try AdapterCards([dapo], isForced: false).check(base: "tiny", .sha256, base, adapters: [adapters[1]])
    }
    #expect(error?.message.hasSuffix("found none before it; give them in that order") == true)
    #expect(throws: AdapterError.self) {
      try AdapterCards([dapo, sft], isForced: false).check(
        base: "tiny", .sha256, base, adapters: adapters.reversed())
    }
  }
}
