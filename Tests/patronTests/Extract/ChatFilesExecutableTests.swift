import Foundation
import JSON
import TestSupport
import Testing
import Tokenizer

@testable import patron

/// Chat templates and tokenizers as people have them, with the program as a whole: beside the model, beside the
/// adapter, and chosen.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct ChatFilesExecutableTests {
  private let folder: TemporaryFolder
  private let article: String

  /// A model with random weights and no template, and an adapter.
  init() throws {
    folder = try TemporaryFolder()
    article = try folder.write("a.md", "Funded by the Moss Fund.")
    for (name, source) in [("base", "tiny_llama/untied"), ("sft", "peft/sft")] {
      try FileManager.default.copyItem(at: Golden.vectors.appendingPathComponent(source), to: folder.url(name))
    }
    try tokenizer("base")
  }

  private func tokenizer(_ name: String, further: [String] = []) throws {
    let special = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"] + further
    let level: JSON = ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    let json: JSON = [
      "added_tokens": .array(
        special.enumerated().map { ["id": .number(256 + $0), "content": .string($1), "special": true] }),
      "pre_tokenizer": level, "decoder": level,
      "model": [
        "type": "BPE", "vocab": .object(ByteTokenizer.alphabet.enumerated().map { ($1, .number($0)) }), "merges": [],
      ],
    ]
    try folder.write("\(name)/tokenizer.json", json.text())
  }

  private func extract(_ arguments: String...) throws -> (Executable.Result, provenance: JSON?) {
    let limits = ["--statement-tokens", "24", "--funder-tokens", "24", "--format", "json", "--dtype", "float32"]
    let result = try Executable.run(["extract", article] + arguments + limits)
    return (result, try? JSON.parse(result.output).array?.first?["provenance"])
  }

  @Test func aModelWithoutATemplateRunsWithAChosenOne() throws {
    let base = folder.path("base")
    let refused = try extract("--model", base).0
    #expect(refused.status == 2 && refused.errors.hasPrefix("patron: \(base): no chat template"))
    #expect(refused.errors.hasSuffix(": --chat-template NAME\n"))
    let (result, provenance) = try extract("--model", base, "--chat-template", "llama3.1", "--chat-date", "1 May 2025")
    #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    #expect(provenance?["chat_template"] == "llama3.1" && provenance?["chat_date"] == "1 May 2025")
    let unknown = try extract("--model", base, "--chat-template", "gemma").0
    #expect(unknown.status == 64 && unknown.errors.contains("'llama3.1', 'llama3', 'smollm2' or 'chatml'"))
    let undated = try extract("--model", base, "--chat-template", "llama3", "--chat-date", "1 May 2025").0
    #expect(undated.status == 2 && undated.errors.contains("which prints none"))
  }

  @Test func theAdaptersFilesAreUsedAndGoIntoTheMergedModel() throws {
    let (base, sft) = (folder.path("base"), folder.path("sft"))
    var template = try ChatTemplate.llama31.dated("26 July 2024")
    template.trimsMessages = false
    try folder.write("sft/chat_template.jinja", template.jinja)
    try tokenizer("sft", further: ["<|pad|>"])
    let (result, provenance) = try extract("--model", base, "--adapter", sft)
    #expect(result.status == 0 && result.errors.contains("it has 1 other tokens, such as \"<|pad|>\""))
    #expect(provenance?["chat_date"] == "26 July 2024" && provenance?["chat_trims_messages"] == "false")
    #expect(provenance?["chat_template_from"]?.string?.hasSuffix("/sft") == true)

    let merged = folder.path("merged")
    let merging = try Executable.run(["merge", "--model", base, "--adapter", sft, "--output", merged])
    #expect(merging.status == 0 && merging.errors.contains("<|pad|>"))
    let (second, of) = try extract("--model", merged)
    #expect(second.status == 0 && second.errors == "", "\(second.errors)")
    #expect(of?["chat_date"] == "26 July 2024" && of?["chat_template_from"] == nil)
    #expect(try Executable.run(["models", "verify", merged]).output.contains("date 26 July 2024"))
  }

  /// A chosen template is learnt, shown, written into the card, and used with the adapter from then on.
  @Test func trainingTakesTheChosenTemplate() throws {
    let base = ["--model", folder.path("base")]
    let rows = try folder.write(
      "rows.jsonl", #"{"statement": "Funded by the Moss Fund.", "funders": [{"funder_name": "Moss Fund"}]}"#)
    let training =
      ["train", "sft", "--train", rows, "--dtype", "float32", "--rank", "2", "--max-steps", "1"]
      + ["--output", folder.path("run")] + base
    let refused = try Executable.run(training)
    #expect(refused.status == 2 && refused.errors.hasSuffix(": --chat-template NAME\n"), "\(refused.errors)")
    let chosen = ["--chat-template", "llama3.1", "--chat-date", "1 May 2025"]
    let result = try Executable.run(training + chosen)
    #expect(result.status == 0, "\(result.errors)")
    let card = try JSON.parse(folder.read("run/adapter/patron.json"))
    #expect(card["chat_template"] == "llama3.1", "\(card.text(pretty: true))")
    let shown = try Executable.run(["data", "inspect", rows] + base + chosen)
    #expect(shown.status == 0 && shown.output.contains("Today Date: 1 May 2025"), "\(shown)")
    let provenance = try extract("--model", folder.path("base"), "--adapter", folder.path("run/adapter")).provenance
    #expect(provenance?["chat_template"] == "llama3.1" && provenance?["chat_date"] == "1 May 2025")
  }

  @Test func anEnlargedVocabularyIsRefused() throws {
    try tokenizer("sft", further: (0..<400).map { "<|new_\($0)|>" })
    for arguments in [["extract", article], ["merge", "--output", folder.path("merged")]] {
      let result = try Executable.run(
        arguments + ["--model", folder.path("base"), "--adapter", folder.path("sft")])
      #expect(result.status == 2 && result.errors.contains("\"<|new_399|>\""), "\(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("merged")))
  }
}
