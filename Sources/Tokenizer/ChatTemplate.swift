import Generation
import Text

/// The layouts of chats that models were trained with, by their known templates.
///
/// Templates are Jinja programs; they are recognised by their text and written out here, not executed.
public enum ChatTemplate: String, Sendable, CaseIterable {
  /// Llama 3.1 Instruct. Every message is trimmed, and a system header with two dates always stands first.
  case llama31 = "llama3.1"
  /// ChatML as SmolLM2 Instruct defines it. Nothing is trimmed; a chat without a leading system message gets a default
  /// one.
  case smolLM2 = "smollm2"

  /// The date that Llama 3.1's template prints if none is passed.
  public static let defaultDate = "26 Jul 2024"

  /// The prompt as one string, as the Jinja template writes it, begin-of-text token included.
  ///
  /// - Parameters:
  ///   - addsGenerationPrompt: Whether the header of the assistant's answer follows the messages.
  ///   - date: What Llama 3.1 prints as today's date; it is not today's unless you say so.
  public func prompt(
    _ messages: [Message], addsGenerationPrompt: Bool = true, date: String = defaultDate
  ) -> String {
    pieces(messages, addsGenerationPrompt: addsGenerationPrompt, date: date).map(\.text).joined()
  }

  /// The prompt's tokens; nothing is to be put before them.
  ///
  /// - Parameter specialTokens: What special-token strings in the messages mean. `plain` keeps them text, so that a
  ///   message cannot end itself; `parse` is what transformers does.
  /// - Throws: `TokenizerError.missingToken` if the tokenizer lacks a token of the template.
  public func encode(
    _ messages: [Message], with tokenizer: Tokenizer, specialTokens: SpecialTokenPolicy = .plain,
    addsGenerationPrompt: Bool = true, date: String = defaultDate
  ) throws -> [Int] {
    let pieces = pieces(messages, addsGenerationPrompt: addsGenerationPrompt, date: date)
    if specialTokens == .parse {
      return tokenizer.encode(pieces.map(\.text).joined(), specialTokens: .parse)
    }
    var ids: [Int] = []
    // Words can reach from the frame into a message, so all text between two special tokens is encoded at once.
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let part): text += part
      case .special(let content):
        guard let id = tokenizer.id(ofSpecialToken: content) else {
          throw TokenizerError(
            .missingToken,
            "the chat template \(rawValue) needs the token \(content), which the vocabulary does not have")
        }
        ids += tokenizer.encode(text, specialTokens: .plain)
        ids.append(id)
        text = ""
      }
    }
    return ids + tokenizer.encode(text, specialTokens: .plain)
  }

  // MARK: Layouts

  private enum Piece {
    case special(String)
    case text(String)

    var text: String {
      switch self {
      case .special(let text), .text(let text): text
      }
    }
  }

  private func pieces(_ messages: [Message], addsGenerationPrompt: Bool, date: String) -> [Piece] {
    switch self {
    case .llama31: llama31Pieces(messages, addsGenerationPrompt: addsGenerationPrompt, date: date)
    case .smolLM2: smolLM2Pieces(messages, addsGenerationPrompt: addsGenerationPrompt)
    }
  }

  private func llama31Pieces(_ messages: [Message], addsGenerationPrompt: Bool, date: String) -> [Piece] {
    func header(_ role: Message.Role) -> [Piece] {
      [.special("<|start_header_id|>"), .text(role.rawValue), .special("<|end_header_id|>"), .text("\n\n")]
    }
    let system = messages.first?.role == .system ? messages.first : nil
    var pieces: [Piece] = [.special("<|begin_of_text|>")]
    pieces += header(.system)
    pieces.append(.text("Cutting Knowledge Date: December 2023\nToday Date: \(date)\n\n"))
    pieces += [.text(PythonText.strip(system?.content ?? "")), .special("<|eot_id|>")]
    for message in messages.dropFirst(system == nil ? 0 : 1) {
      pieces += header(message.role) + [.text(PythonText.strip(message.content)), .special("<|eot_id|>")]
    }
    return addsGenerationPrompt ? pieces + header(.assistant) : pieces
  }

  private func smolLM2Pieces(_ messages: [Message], addsGenerationPrompt: Bool) -> [Piece] {
    var messages = messages
    if let first = messages.first, first.role != .system {
      messages.insert(Message(.system, Self.smolLM2System), at: 0)
    }
    var pieces = messages.flatMap { message -> [Piece] in
      [
        .special("<|im_start|>"), .text("\(message.role.rawValue)\n\(message.content)"), .special("<|im_end|>"),
        .text("\n"),
      ]
    }
    if addsGenerationPrompt { pieces += [.special("<|im_start|>"), .text("assistant\n")] }
    return pieces
  }

  /// A message's content as the template prints it.
  package func content(of message: Message) -> String {
    switch self {
    case .llama31: PythonText.strip(message.content)
    case .smolLM2: message.content
    }
  }

  /// The system message of SmolLM2's template for chats that have none.
  static let smolLM2System = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

  /// The token that ends the assistant's message; nil where the vocabulary lacks it.
  public func endOfTurnToken(in tokenizer: Tokenizer) -> Int? {
    switch self {
    case .llama31: tokenizer.id(ofSpecialToken: "<|eot_id|>")
    case .smolLM2: tokenizer.id(ofSpecialToken: "<|im_end|>")
    }
  }
}
