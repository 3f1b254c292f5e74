import Foundation
import Funding
import Generation
import JSON
import Llama
import ModelFiles
import Testing
import Tokenizer

@testable import Training

/// A tokenizer made in code: every byte a token, and ChatML's special tokens after them.
enum ByteTokenizer {
  static let tokenizer = Result {
    // GPT-2's alphabet, by its definition.
    var next: UInt32 = 256
    let alphabet = (0..<256).map { byte -> String in
      if (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte) {
        return String(Character(Unicode.Scalar(UInt8(byte))))
      }
      defer { next += 1 }
      return String(Character(Unicode.Scalar(next)!))
    }
    let special = [
      "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    ]
    let json: JSON = [
      "added_tokens": .array(
        special.enumerated().map { ["id": .number(256 + $0), "content": .string($1), "special": true] }),
      "normalizer": .null,
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true],
      "decoder": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true],
      "model": [
        "type": "BPE", "dropout": .null, "ignore_merges": false,
        "vocab": .object(alphabet.enumerated().map { ($1, .number($0)) }), "merges": [],
      ],
    ]
    return try Tokenizer(tokenizerJSON: json.utf8())
  }
}

/// A folder that goes away with the test.
final class DataFolder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("patron-data-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// - Returns: the path.
  func write(_ name: String, _ text: String) throws -> String {
    let file = url.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  func write(_ name: String, rows: [JSON]) throws -> String {
    try write(name, rows.map { $0.text() + "\n" }.joined())
  }
}

/// The rows that stand beside the project, and the tokenizer of the default model.
enum SharedData {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let train: URL = {
    if let shared = ProcessInfo.processInfo.environment["PATRON_SHARED"] {
      return URL(fileURLWithPath: shared).appendingPathComponent("data/train")
    }
    return root.deletingLastPathComponent().appendingPathComponent("shared/data/train")
  }()

  static let model = root.appendingPathComponent(".deps/models/SmolLM2-135M-Instruct.Q4_1.gguf")
  static let isHere =
    FileManager.default.fileExists(atPath: train.path) && FileManager.default.fileExists(atPath: model.path)
  static let absence: Comment = "skipped: ../shared/data (or PATRON_SHARED) or the default model (`make`) is not here"

  static let tokenizer = Result { try ModelLocation(model).tokenizer() }

  /// Every `step`-th line of a file, as a file of its own: all of them take minutes in a debug build.
  static func sample(_ name: String, every step: Int, in folder: DataFolder) throws -> String {
    let lines = try Data(contentsOf: train.appendingPathComponent(name)).split(separator: 0x0A)
    let chosen = stride(from: 0, to: lines.count, by: step).map { lines[$0] }
    return try folder.write(name, String(decoding: Array(chosen.joined(separator: [0x0A])), as: UTF8.self))
  }
}

extension TrainingExample {
  /// The text of the supervised tokens, without the end of the turn.
  func answer(_ tokenizer: Tokenizer) -> String {
    tokenizer.decode(zip(tokens, isSupervised).filter(\.1).map(\.0), skippingSpecialTokens: true)
  }

  /// The ids before the first supervised one.
  var prompt: [Int] { Array(tokens.prefix(isSupervised.firstIndex(of: true) ?? tokens.count)) }

  /// The user's message, for chats of the two prompts.
  func input(_ tokenizer: Tokenizer) -> String {
    let text = tokenizer.decode(prompt)
    let parts = text.components(separatedBy: "<|im_start|>user\n")
    let message = parts.dropFirst().joined().components(separatedBy: "<|im_end|>\n<|im_start|>assistant\n")[0]
    return message.replacingOccurrences(of: "Extract funding information from the following statement:\n\n", with: "")
  }
}

extension DataRecipe {
  /// The examples under the byte tokenizer, in the order of the rows.
  func byteExamples() throws -> (examples: [TrainingExample], report: DataReport) {
    try examples(tokenizer: ByteTokenizer.tokenizer.get(), template: .smolLM2, shuffled: false)
  }
}
