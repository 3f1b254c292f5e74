import Files
import Foundation
import Funding
import Generation
import JSON
import ModelFiles
import TestSupport
import Testing
import Tokenizer

@testable import TrainingData

/// The rows that stand beside the project, and the tokenizer of the default model.
enum SharedData {
  static let train = Golden.shared.appendingPathComponent("data/train")
  static let isHere =
    FileManager.default.fileExists(atPath: train.path)
    && FileManager.default.fileExists(atPath: Checkout.defaultModel.path)
  static let absence: Comment = "skipped: ../shared/data (or PATRON_SHARED) or the default model (`make`) is not here"

  static let tokenizer = Result {
    let chat = try ModelChat(ModelLocation(Checkout.defaultModel)).open()
    return (chat.tokenizer, chat.template)
  }

  /// Every `step`-th line of a file, as a file of its own: all of them take minutes in a debug build.
  static func sample(_ name: String, every step: Int, in folder: TemporaryFolder) throws -> String {
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
