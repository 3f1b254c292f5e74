import Files
import Foundation
import Generation
import JSON
import ModelFiles
import TestSupport
import Testing
import Tokenizer

/// Which tokenizer, chat template and end tokens a model with adapters has.
@Suite struct ModelChatTests {
  private let folder: TemporaryFolder
  private static let llama = [
    "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|im_start|>", "<|im_end|>",
  ]
  private let llama3 = ChatTemplate.llama3.jinja
  private let chatML = ChatTemplate.chatML.jinja

  /// A model of 16 tokens without a chat template, and adapters without anything but weights.
  init() throws {
    folder = try TemporaryFolder()
    try folder.write("base/config.json", ModelFolderTests.config())
    try folder.write("base/model.safetensors", "")
    try tokenizer("base")
    for name in ["sft", "dapo"] {
      try folder.write("\(name)/adapter_config.json", #"{"peft_type": "LORA", "r": 1, "target_modules": ["q_proj"]}"#)
      let prefix = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
      let writer = try SafetensorsWriter(
        folder.url("\(name)/adapter_model.safetensors"),
        tensors: [
          TensorDescription(name: prefix + "A.weight", dtype: .float32, shape: [1, 8]),
          TensorDescription(name: prefix + "B.weight", dtype: .float32, shape: [8, 1]),
        ])
      for _ in 0..<2 { try [Float](repeating: 0, count: 8).withUnsafeBytes { try writer.write($0) } }
      try writer.finish()
    }
  }

  private func tokenizer(_ name: String, _ special: [String] = llama, merges: [String] = []) throws {
    let json: JSON = [
      "added_tokens": .array(
        special.enumerated().map { ["id": .number(3 + $0), "content": .string($1), "special": true] }),
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
      "decoder": ["type": "ByteLevel"],
      "model": ["type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2], "merges": .array(merges.map(JSON.string))],
    ]
    try folder.write("\(name)/tokenizer.json", json.text())
  }

  private func chat(
    _ adapters: [String] = ["sft"], choice: ModelChat.Choice = .init(), card: ChatTemplate? = nil
  ) throws -> ModelChat {
    try ModelChat(
      ModelLocation(folder.url("base")), adapters: adapters.map { try AdapterFolder(folder.url($0)) }, choice: choice,
      card: card.map { (folder.path("sft/patron.json"), $0) })
  }

  private func provenance(_ opened: ModelChat.Opened) -> [String: String] {
    Dictionary(uniqueKeysWithValues: opened.provenance)
  }

  @Test func theAdaptersTemplateIsUsedWhereTheModelHasNone() throws {
    let error = failure(TokenizerError.self) { _ = try chat().open() }
    #expect(error?.code == .unknownTemplate && error?.message.contains("no chat template") == true)
    // In each of the places where it is saved.
    let named: JSON = [["name": "tool_use", "template": "x"], ["name": "default", "template": .string(llama3)]]
    for (name, content) in [
      ("tokenizer_config.json", JSON.object([("chat_template", .string(llama3))]).text()),
      ("tokenizer_config.json", JSON.object([("chat_template", named)]).text()),
      ("tokenizer_config.json", JSON.object([("chat_template", ["default": .string(llama3)])]).text()),
      ("chat_template.json", JSON.object([("chat_template", .string(llama3))]).text()), ("chat_template.jinja", llama3),
    ] {
      try folder.write("sft/\(name)", content)
      let opened = try chat().open()
      #expect(opened.template == .llama3 && opened.warnings == [] && opened.endTokenIDs == [2, 3])
      #expect(provenance(opened)["chat_template_from"]?.hasSuffix("/sft") == true)
      try FileManager.default.removeItem(at: folder.url("sft/\(name)"))
    }
  }

  @Test func aFileOfItsOwnGoesBeforeTheTokenizersConfiguration() throws {
    try folder.write("sft/tokenizer_config.json", JSON.object([("chat_template", .string(chatML))]).text())
    try folder.write("sft/chat_template.jinja", llama3)
    #expect(try chat().open().template == .llama3)
  }

  @Test func ofSeveralTheLastCountsAndADifferenceIsSaid() throws {
    try folder.write("base/chat_template.jinja", chatML)
    try folder.write("sft/chat_template.jinja", llama3)
    var opened = try chat(["sft", "dapo"]).open()
    #expect(opened.template == .llama3)
    #expect(
      opened.warnings == [
        "\(folder.path("sft")): its chat template (llama3) is used; \(folder.path("base")) has another (chatml)"
      ])
    try folder.write("dapo/chat_template.jinja", chatML)
    opened = try chat(["sft", "dapo"]).open()
    #expect(opened.template == .chatML && opened.warnings.count == 1)
    // Another text for the same layout is no difference.
    try folder.write("dapo/chat_template.jinja", "{# the same #}" + chatML)
    #expect(try chat(["dapo"]).open().warnings == [])
    try folder.write("base/chat_template.jinja", "[INST]")
    #expect(try chat(["dapo"]).open().warnings.first?.hasSuffix("has an unknown one") == true)
    #expect(failure(TokenizerError.self) { _ = try chat([]).open() }?.message.contains(folder.path("base")) == true)
  }

  @Test func aCardGoesBeforeFilesAndAChoiceBeforeAll() throws {
    try folder.write("base/chat_template.jinja", "[INST]")
    try folder.write("sft/chat_template.jinja", llama3)
    var opened = try chat(card: .chatML).open()
    #expect(opened.template == .chatML && provenance(opened)["chat_template_from"] == "sft/patron.json")
    #expect(opened.warnings.count == 2)
    opened = try chat(choice: .init(template: .llama31, date: "1 May 2025"), card: .chatML).open()
    #expect(opened.template.date == "1 May 2025" && opened.warnings == [])
    #expect(provenance(opened)["chat_template"] == "llama3.1" && provenance(opened)["chat_date"] == "1 May 2025")
    #expect(provenance(opened)["chat_template_from"] == "chosen")
    let error = failure(TokenizerError.self) { _ = try chat(choice: .init(date: "1 May 2025")).open() }
    #expect(error?.code == .unsupported && error?.message.contains("llama3, which prints none") == true)
  }

  @Test func theDayOfTheRunIsNeverPrinted() throws {
    let jinja = ChatTemplate.llama31.jinja.replacing(
      "Today Date: 26 Jul 2024\\n\\n'", with: "Today Date: ' + strftime_now('%d %b %Y') + '\\n\\n'")
    try folder.write("base/chat_template.jinja", jinja)
    let opened = try chat([]).open()
    #expect(opened.template == .llama31 && opened.warnings.count == 1)
    #expect(opened.warnings[0].contains("prints the day of the run; 26 Jul 2024 is printed instead"))
    #expect(try chat([], choice: .init(date: "2 May 2025")).open().warnings == [])
  }

  @Test func theAdaptersTokenizerIsUsed() throws {
    try folder.write("base/chat_template.jinja", chatML)
    try tokenizer("sft", merges: ["a b"])
    var opened = try chat().open()
    #expect(opened.tokenizer.encode("ab", specialTokens: .plain) == [2])
    #expect(provenance(opened)["tokenizer_from"]?.hasSuffix("/sft") == true)
    let place = folder.path("sft/tokenizer.json")
    #expect(opened.warnings == ["\(place): this tokenizer is used; it has other merges than the model's"])
    try tokenizer("sft", Self.llama + ["<|pad|>"])
    opened = try chat().open()
    #expect(
      opened.warnings == [
        "\(place): this tokenizer is used; it has 1 other tokens, such as \"<|pad|>\" (id 9), than the model's"
      ])
    try tokenizer("sft")
    try folder.write("sft/tokenizer.json", try folder.read("sft/tokenizer.json") + "\n")
    #expect(try chat().open().warnings == [], "written in another way")

    try FileManager.default.removeItem(at: folder.url("base/tokenizer.json"))
    #expect(try chat().open().warnings == [])
    #expect(failure(FileError.self) { _ = try chat([]).open() }?.message.contains("tokenizer.json is missing") == true)
  }

  @Test func tokensBeyondTheEmbeddingAreAnError() throws {
    try folder.write("base/chat_template.jinja", chatML)
    try tokenizer("sft", Self.llama + (0...7).map { "<|new_\($0)|>" })
    let error = failure(FileError.self) { _ = try chat().open() }
    #expect(error?.code == .mismatch)
    #expect(
      error?.message.contains(
        "found 1 ids, up to that of \"<|new_7|>\", that the model's embedding of 16 rows does not have") == true,
      "\(error?.message ?? "")")
  }

  @Test func aTemplateWhoseTokensAreMissingIsAnErrorAtOnce() throws {
    try tokenizer("base", ["<|im_start|>"])
    try folder.write("base/chat_template.jinja", chatML)
    let error = failure(TokenizerError.self) { _ = try chat([]).open() }
    #expect(error?.code == .missingToken && error?.message.contains("needs the token <|im_end|>") == true)
  }

  @Test func theAdaptersEndTokensAreUsed() throws {
    try folder.write("base/chat_template.jinja", chatML)
    try folder.write("sft/generation_config.json", #"{"eos_token_id": 8}"#)
    let opened = try chat().open()
    #expect(opened.endTokenIDs == [8])
    #expect(
      opened.warnings == [
        "\(folder.path("sft/generation_config.json")): its end tokens (8) are used; the model's are 2, 3"
      ])
    try folder.write("sft/generation_config.json", #"{"eos_token_id": 16}"#)
    #expect(failure(FileError.self) { _ = try chat().open() }?.message.contains("outside of the vocabulary") == true)
    try folder.write("sft/generation_config.json", #"{"temperature": 0.5}"#)
    #expect(try chat().open().endTokenIDs == [2, 3])
  }

  @Test func namedTemplatesWithoutADefaultAreRefused() throws {
    try folder.write("sft/tokenizer_config.json", #"{"chat_template": [{"name": "tool_use", "template": "x"}]}"#)
    let error = failure(TokenizerError.self) { _ = try chat().open() }
    #expect(error?.code == .unknownTemplate && error?.message.contains("\"tool_use\"") == true)
    #expect(try chat(choice: .init(template: .chatML)).open().template == .chatML)
    try folder.write("sft/tokenizer_config.json", #"{"chat_template": 1}"#)
    #expect(failure(FileError.self) { _ = try chat().open() }?.code == .malformed)
    try folder.write("sft/chat_template.jinja", [0xFF])
    #expect(failure(FileError.self) { _ = try chat().open() }?.message.contains("not UTF-8") == true)
  }

  @Test func aGGUFModelTakesTheAdaptersTemplate() throws {
    try folder.write("m.gguf", GGUFBuilder.tinyLlama().bytes)
    let chat = try ModelChat(
      ModelLocation(folder.url("m.gguf")), adapters: [], choice: .init(template: .chatML))
    #expect(try chat.readTemplate().0 == .chatML)
  }
}
