import Generation
import Tokenizer

/// Turns chats into token ids exactly as generation does, and marks what is to be learnt.
///
/// The pipeline's own code counts with it, and so cuts articles into the chunks of an extraction.
struct ChatEncoder: PromptTokenizer {
  let tokenizer: Tokenizer
  let template: ChatTemplate
  /// The token that ends the assistant's message.
  let endOfTurn: Int
  /// The longest example.
  let contextLength: Int

  /// - Throws: `DataError.incompatibleModel` if the vocabulary lacks the template's end-of-turn token.
  init(_ tokenizer: Tokenizer, _ template: ChatTemplate, contextLength: Int) throws(DataError) {
    guard let endOfTurn = template.endOfTurnToken(in: tokenizer) else {
      throw DataError(
        .incompatibleModel,
        "the chat template \(template.name) ends answers with a token that the vocabulary does not have")
    }
    self.tokenizer = tokenizer
    self.template = template
    self.endOfTurn = endOfTurn
    self.contextLength = contextLength
  }

  // MARK: Examples

  /// A chat with one answer: the ids of the prompt, those of the answer as a model would write it after that prompt,
  /// and the end of the turn. The last two are supervised.
  func example(
    id: String, task: Stage?, prompt: [Message], answer: String
  ) throws -> TrainingExample {
    let prompt = try self.prompt(prompt)
    let answer = tokenizer.encode(answer, specialTokens: .plain) + [endOfTurn]
    return TrainingExample(
      id: id, task: task, tokens: prompt + answer,
      isSupervised: Array(repeating: false, count: prompt.count) + Array(repeating: true, count: answer.count))
  }

  /// A chat of any number of turns, up to its last supervised one. Each supervised answer is encoded as the model would
  /// write it, apart from the header before it.
  func example(id: String, chat: [Message], turns: SupervisedTurns) throws -> TrainingExample {
    var tokens: [Int] = []
    var isSupervised: [Bool] = []
    func append(_ ids: some Sequence<Int>, _ mark: Bool) {
      tokens += ids
      isSupervised += Array(repeating: mark, count: tokens.count - isSupervised.count)
    }
    let answers = chat.indices.filter { chat[$0].role == .assistant }
    let learnt = turns == .last ? answers.suffix(1) : answers[...]
    var encoded = 0  // tokens of the template's own encoding that are dealt with
    for index in learnt {
      let before = try prompt(Array(chat[..<index]))
      append(before.dropFirst(encoded), false)
      append(
        tokenizer.encode(template.content(of: .init(.assistant, chat[index].content)), specialTokens: .plain) + [
          endOfTurn
        ], true)
      let whole = try prompt(Array(chat[...index]), addsGenerationPrompt: false)
      // What the template writes behind the end of the turn belongs to the next message.
      encoded = (whole.lastIndex(of: endOfTurn) ?? whole.count - 1) + 1
    }
    return TrainingExample(id: id, task: nil, tokens: tokens, isSupervised: isSupervised)
  }

  /// Whether the vocabulary has tokens for all of a text.
  func canExpress(_ text: String) -> Bool {
    tokenizer.decodeBytes(tokenizer.encode(text, specialTokens: .plain)).elementsEqual(text.utf8)
  }

  private func prompt(_ messages: [Message], addsGenerationPrompt: Bool = true) throws -> [Int] {
    try template.encode(
      messages, with: tokenizer, specialTokens: .plain, addsGenerationPrompt: addsGenerationPrompt)
  }

  // MARK: PromptTokenizer

  func tokenOffsets(in text: String) throws -> [Int] {
    tokenizer.encodeWithOffsets(text, specialTokens: .plain).offsets
  }

  func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) throws -> Int {
    try template.encode(messages, with: tokenizer, specialTokens: specialTokens).count
  }
}

/// Which of the assistant's messages of a chat are learnt.
public enum SupervisedTurns: String, Sendable, CaseIterable {
  /// Each of them, given what stands before it.
  case all
  /// Only the last one; what follows it is left out.
  case last
}
