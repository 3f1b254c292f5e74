import ArgumentParser
import ModelFiles
import Tokenizer

/// How chats are written, in place of what the files of a model and its adapters say.
struct ChatOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      How chats are written, in place of what the files beside the adapters and the model say: as Llama 3.1 and later, \
      Llama 3, SmolLM2 or plain ChatML do.
      """, valueName: "template"))
  var chatTemplate: TemplateName?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      The date that Llama 3.1's template prints, such as "\(ChatTemplate.defaultDate)" (default: the one in the \
      template; never the day of the run).
      """, valueName: "date"))
  var chatDate: String?

  var choice: ModelChat.Choice { ModelChat.Choice(template: chatTemplate?.value, date: chatDate) }

  func validate() throws {
    guard let chatDate else { return }
    let isPlain = chatDate.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    guard !chatDate.isEmpty, chatDate.utf8.count <= 100, isPlain else {
      throw ValidationError("found a --chat-date of several lines or none, expected a short text on one line")
    }
  }
}

/// A known chat template, as `--chat-template` names it.
struct TemplateName: NamedArgument {
  static var choices: KeyValuePairs<String, ChatTemplate> { ChatTemplate.known }

  let value: ChatTemplate

  init(_ value: ChatTemplate) { self.value = value }
}
