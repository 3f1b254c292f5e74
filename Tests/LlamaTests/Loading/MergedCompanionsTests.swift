import Foundation
import JSON
import ModelFiles
import TensorTestSupport
import TestSupport
import Testing
import Tokenizer

@testable import Llama

/// The files beside the weights of a merged model.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct MergedCompanionsTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (name, source) in [("base", "tiny_llama/untied"), ("sft", "peft/sft")] {
      try FileManager.default.copyItem(at: Golden.vectors.appendingPathComponent(source), to: folder.url(name))
    }
    try folder.write("base/tokenizer.json", #"{"of": "base"}"#)
    try folder.write("base/tokenizer_config.json", #"{"bos_token": "b", "chat_template": "base's"}"#)
    try folder.write("base/added_tokens.json", "{}")
  }

  private func merge(_ choice: ModelChat.Choice = .init()) throws -> [String] {
    let base = try ModelLocation(folder.url("base"))
    let adapters = [try AdapterFolder(folder.url("sft"))]
    try ModelMerger(adapters: adapters).merge(
      base, into: folder.url("merged"), replacingExisting: true,
      chat: ModelChat(base, adapters: adapters, choice: choice))
    return contents(of: folder.url("merged"))
  }

  @Test func theBasesFilesGoAlong() throws {
    let names = try merge()
    #expect(names.contains("added_tokens.json") && !names.contains("chat_template.jinja"))
    #expect(try folder.read("merged/tokenizer.json") == folder.read("base/tokenizer.json"))
    #expect(try folder.read("merged/tokenizer_config.json") == folder.read("base/tokenizer_config.json"))
  }

  @Test func theAdaptersFilesTakeTheirPlace() throws {
    try folder.write("sft/tokenizer.json", #"{"of": "sft"}"#)
    try folder.write("sft/chat_template.jinja", "sft's")
    try folder.write("sft/generation_config.json", #"{"eos_token_id": 3}"#)
    let names = try merge()
    // A vocabulary of the base's would contradict the adapter's.
    #expect(!names.contains("added_tokens.json"))
    #expect(try folder.read("merged/tokenizer.json") == #"{"of": "sft"}"#)
    #expect(try folder.read("merged/generation_config.json") == #"{"eos_token_id": 3}"#)
    #expect(try folder.read("merged/chat_template.jinja") == "sft's")
    let configuration = try JSON.parse(folder.read("merged/tokenizer_config.json"))
    #expect(configuration == ["bos_token": "b", "chat_template": "sft's"])
  }

  @Test func aTemplateInTheAdaptersConfigurationWinsOverAFileOfTheBase() throws {
    try folder.write("base/chat_template.jinja", "base's")
    try folder.write("base/chat_template.json", #"{"chat_template": "base's"}"#)
    try folder.write("sft/tokenizer_config.json", #"{"chat_template": "sft's"}"#)
    #expect(try !merge().contains("chat_template.json"))
    #expect(try folder.read("merged/chat_template.jinja") == "sft's")
  }

  @Test func aChosenTemplateIsWritten() throws {
    try folder.write("sft/chat_template.jinja", "sft's")
    _ = try merge(.init(template: .llama31, date: "1 May 2025"))
    let written = try ModelFolder(folder.url("merged")).chat.jinja()
    #expect(try ChatTemplate(jinja: written ?? "") == .llama31.dated("1 May 2025"))
    // A text that says the same knows more, such as tools.
    let own = "{# with tools #}" + ChatTemplate.chatML.jinja
    try folder.write("sft/chat_template.jinja", own)
    _ = try merge(.init(template: .chatML))
    #expect(try folder.read("merged/chat_template.jinja") == own)
  }
}
