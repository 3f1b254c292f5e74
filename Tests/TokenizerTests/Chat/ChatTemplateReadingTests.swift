import Generation
import Testing

@testable import Tokenizer

/// What is read off Jinja templates.
@Suite struct ChatTemplateReadingTests {
  private let user = "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"

  private func chatML(_ body: String) -> String { "{% for message in messages %}\(body){% endfor %}" }

  @Test(arguments: TemplateFixture.llama3 + TemplateFixture.chatML)
  func writesWhatJinjaWrites(_ fixture: TemplateFixture) throws {
    let template = try ChatTemplate(jinja: fixture.jinja, tokens: fixture.tokens)
    let whole: [Message] = [.init(.system, " s"), .init(.user, " u"), .init(.assistant, " a"), .init(.user, "v")]
    #expect(template.prompt(whole) == fixture.whole)
    #expect(template.prompt([.init(.user, " u")]) == fixture.bare)
    // What is written into merged models is read back, also where no special tokens are named.
    #expect(try ChatTemplate(jinja: template.jinja) == template)
  }

  @Test func theKnownTemplatesAreReadBack() throws {
    for template in ChatTemplate.known.map(\.value) { #expect(try ChatTemplate(jinja: template.jinja) == template) }
    var odd = ChatTemplate.llama31
    odd.defaultSystem = "It's \"quoted\",\n\\ and of two lines."
    #expect(try ChatTemplate(jinja: odd.jinja) == odd)
  }

  private static let refused: [(String, String)] = [
    ("", "neither the tokens of Llama 3"),
    ("{{ bos_token }}[INST] {{ messages[0].content }}", "it looks like Llama 2 or Mistral ([INST])"),
    ("<start_of_turn>{{ messages[0].content }}", "it looks like Gemma (<start_of_turn>)"),
    ("<|im_start|><|im_end|><|start_header_id|><|eot_id|>", "the tokens of both"),
    (
      "{% if tools %}{{ '<|im_start|>user\\n' + tools + '<|im_end|>\\n' }}{% endif %}",
      "no place for the user's message"
    ),
    ("{{ '<|im_start|>' + '<|im_end|>", "a string without an end"),
    ("{# <|im_start|><|im_end|>", "a comment without an end"),
    ("{% if x %}<|im_start|><|im_end|>", "a block without an end"),
    ("<|im_start|><|im_end|>{% endif %}", "endif without a beginning"),
    ("<|im_start|><|im_end|>{% include 'other' %}", "the statement include"),
    ("{% set x %}<|im_start|><|im_end|>{% endset %}", "a set block"),
    ("<|im_start|><|im_end|>" + String(repeating: "{% if loop %}", count: 1000), "more than 100 blocks"),
    (
      "<|im_start|><|im_end|>{{ \(String(repeating: "(", count: 10_000))1\(String(repeating: ")", count: 10_000)) }}",
      "\"( ( ("
    ),
    ("<|im_start|><|im_end|>" + String(repeating: " ", count: 1 << 20), "no size for a template"),
  ]

  @Test(arguments: refused.indices) func isRefusedBecause(_ index: Int) {
    let (jinja, reason) = Self.refused[index]
    let error = #expect(throws: TokenizerError.self) { try ChatTemplate(jinja: jinja) }
    #expect(error?.code == .unknownTemplate)
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    #expect(error?.message.hasSuffix("(llama3.1, llama3, smollm2, chatml) if the model was trained with it") == true)
  }

  /// A template that prints what the layout does not have would be read as another one.
  @Test(arguments: [
    ("{{ '<|im_start|>' + message.role + '\\n' + message.content | upper + '<|im_end|>\\n' }}", "content | upper"),
    ("{{ '<|im_start|>' + message.role + '\\n' + message.content + '/x<|im_end|>\\n' }}", "a message /x"),
    ("{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' }}", "no line break behind"),
    ("{{ '<|im_start|>' + message.role + ': ' + message.content + '<|im_end|>\\n' }}", "no header of a message"),
    (
      "{{ '<|im_start|>' + message.role + '\\n' + message.content }}{% if loop.first %}{{ '<|im_end|>\\n' }}{% endif %}",
      "that depends on something"
    ),
    (
      "{% if message.role == 'user' %}{{ '<|im_start|>user\\n' + message.content|trim + '<|im_end|>\\n' }}{% else %}"
        + "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endif %}",
      "trimmed for one role"
    ),
    (
      "{% if message.role == 'user' %}{{ '<|im_start|>user\\n' + message.content + '<|im_end|>\\n' }}{% endif %}",
      "no place for a system message"
    ),
    ("{% set x = message.content %}{% set x = 1 %}{{ '<|im_start|>user\\n' + x + '<|im_end|>\\n' }}", "\"x\""),
  ])
  func otherMessagesAreRefused(_ body: String, _ reason: String) {
    let error = #expect(throws: TokenizerError.self) { try ChatTemplate(jinja: chatML(body)) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: [
    ("", "{{ '<|im_start|>assistant\\n<think>\\n' }}", "the answer begun with \"<think>\\n\""),
    ("", "The end.", "\"The end.\" outside of the messages"),
    ("{{ '<|im_start|>system\\nBe brief.<|im_end|>\\n' }}", "", "\"Be brief.\" as a system message"),
  ])
  func whatStandsAroundTheMessagesIsRefused(_ before: String, _ after: String, _ reason: String) throws {
    #expect(try ChatTemplate(jinja: chatML(user)) == .chatML)
    let error = #expect(throws: TokenizerError.self) { try ChatTemplate(jinja: before + chatML(user) + after) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test func datesThatDependOnTheChatAreRefused() throws {
    let dated = try #require(TemplateFixture.llama3.first).jinja
    let line = #"{{- "Today Date: " + date_string + "\n\n" }}"#
    for condition in ["messages[0].role == 'user'", "messages | length > 2"] {
      let error = #expect(throws: TokenizerError.self) {
        try ChatTemplate(jinja: dated.replacing(line, with: "{%- if \(condition) %}\(line){%- endif %}"))
      }
      #expect(error?.message.contains("depends on something") == true, "\(error?.message ?? "")")
    }
  }
}
