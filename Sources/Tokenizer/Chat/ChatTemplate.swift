import Generation
import Text

/// How a chat becomes text: the tokens that frame its messages, and what a template adds to them.
///
/// Templates are Jinja programs. They are not executed: `init(jinja:tokens:)` reads off what varies within a family.
public struct ChatTemplate: Sendable, Hashable {
  /// The tokens that frame a message.
  public enum Family: Sendable {
    /// `<|start_header_id|>user<|end_header_id|>`, two line breaks, the message, `<|eot_id|>`.
    case llama3
    /// `<|im_start|>user`, a line break, the message, `<|im_end|>`, a line break.
    case chatML
  }

  public var family: Family
  /// The token that begins a chat; nil: none.
  public var begin: String?
  /// What Llama 3.1 writes before the system message as the end of the model's knowledge; nil: no such line.
  public var knowledge: String?
  /// What Llama 3.1 writes there as today's date; nil: no such line. It is never the day of the run by itself.
  public var date: String?
  /// The system message of chats that have none; nil: they stay without.
  public var defaultSystem: String?
  /// Whether Python's white space around a leading system message goes.
  public var trimsSystem = false
  /// Whether Python's white space around the other messages goes.
  public var trimsMessages = false

  // MARK: Known templates

  /// The date that Llama 3.1's template prints if none is passed.
  public static let defaultDate = "26 Jul 2024"

  /// Llama 3.1 Instruct. Every message is trimmed, and a system header with two dates always stands first.
  public static let llama31 = ChatTemplate(
    family: .llama3, begin: "<|begin_of_text|>", knowledge: "December 2023", date: defaultDate, defaultSystem: "",
    trimsSystem: true, trimsMessages: true)
  /// Llama 3 Instruct: as Llama 3.1 without the dates, and without a header where there is no system message.
  public static let llama3 = ChatTemplate(
    family: .llama3, begin: "<|begin_of_text|>", trimsSystem: true, trimsMessages: true)
  /// ChatML as SmolLM2 Instruct defines it. Nothing is trimmed; a chat without a leading system message gets one.
  public static let smolLM2 = ChatTemplate(
    family: .chatML, defaultSystem: "You are a helpful AI assistant named SmolLM, trained by Hugging Face")
  /// ChatML that adds nothing.
  public static let chatML = ChatTemplate(family: .chatML)

  /// The templates that a name stands for.
  public static let known: KeyValuePairs<String, ChatTemplate> = [
    "llama3.1": llama31, "llama3": llama3, "smollm2": smolLM2, "chatml": chatML,
  ]

  /// For messages: `llama3.1, llama3, smollm2, chatml`.
  public static var knownNames: String { known.map(\.key).joined(separator: ", ") }

  // MARK: Prompts

  /// The prompt as one string, as the Jinja template writes it, the begin token included.
  /// - Parameter addsGenerationPrompt: Whether the header of the assistant's answer follows the messages.
  public func prompt(_ messages: [Message], addsGenerationPrompt: Bool = true) -> String {
    pieces(messages, addsGenerationPrompt: addsGenerationPrompt).map(\.text).joined()
  }

  /// The prompt's tokens; nothing is to be put before them.
  ///
  /// - Parameter specialTokens: What special-token strings in the messages mean. `plain` keeps them text, so that a
  ///   message cannot end itself; `parse` is what transformers does.
  /// - Throws: `TokenizerError.missingToken` if the tokenizer lacks a token of the template.
  public func encode(
    _ messages: [Message], with tokenizer: Tokenizer, specialTokens: SpecialTokenPolicy = .plain,
    addsGenerationPrompt: Bool = true
  ) throws -> [Int] {
    let pieces = pieces(messages, addsGenerationPrompt: addsGenerationPrompt)
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
            "the chat template \(name) needs the token \(content), which the vocabulary does not have; choose the one that "
              + "the model was trained with, of the known ones (\(Self.knownNames))")
        }
        ids += tokenizer.encode(text, specialTokens: .plain)
        ids.append(id)
        text = ""
      }
    }
    return ids + tokenizer.encode(text, specialTokens: .plain)
  }

  /// - Throws: `TokenizerError.missingToken` if the tokenizer lacks a token of the template.
  package func check(_ tokenizer: Tokenizer) throws {
    _ = try encode([Message(.user, "")], with: tokenizer)
  }

  /// The token that ends the assistant's message; nil where the vocabulary lacks it.
  public func endOfTurnToken(in tokenizer: Tokenizer) -> Int? { tokenizer.id(ofSpecialToken: family.end) }

  /// A message's content as the template prints it, where it does not stand first.
  package func content(of message: Message) -> String {
    trimsMessages ? PythonText.strip(message.content) : message.content
  }

  // MARK: Layout

  private enum Piece {
    case special(String)
    case text(String)

    var text: String {
      switch self {
      case .special(let text), .text(let text): text
      }
    }
  }

  private func pieces(_ messages: [Message], addsGenerationPrompt: Bool) -> [Piece] {
    var pieces = begin.map { [Piece.special($0)] } ?? []
    let system = messages.first?.role == .system ? messages.first : nil
    if let content = system.map({ trimsSystem ? PythonText.strip($0.content) : $0.content }) ?? defaultSystem {
      pieces += header(.system) + [.text(dates + content)] + end
    }
    for message in messages.dropFirst(system == nil ? 0 : 1) {
      pieces += header(message.role) + [.text(content(of: message))] + end
    }
    return addsGenerationPrompt ? pieces + header(.assistant) : pieces
  }

  private func header(_ role: Message.Role) -> [Piece] {
    switch family {
    case .llama3:
      [.special(family.start), .text(role.rawValue), .special("<|end_header_id|>"), .text("\n\n")]
    case .chatML: [.special(family.start), .text(role.rawValue + "\n")]
    }
  }

  private var end: [Piece] { [.special(family.end), .text(family.afterEnd)] }

  /// The lines before the system message.
  var dates: String {
    guard knowledge != nil || date != nil else { return "" }
    let lines = [knowledge.map { "Cutting Knowledge Date: \($0)\n" }, date.map { "Today Date: \($0)\n" }, "\n"]
    return lines.compactMap { $0 }.joined()
  }
}

extension ChatTemplate.Family {
  /// The token before the role.
  var start: String { self == .llama3 ? "<|start_header_id|>" : "<|im_start|>" }
  /// What stands between the role and the message.
  var afterRole: String { self == .llama3 ? "<|end_header_id|>\n\n" : "\n" }
  /// The token after the message.
  var end: String { self == .llama3 ? "<|eot_id|>" : "<|im_end|>" }
  /// What follows that token.
  var afterEnd: String { self == .llama3 ? "" : "\n" }
}
