import Testing

@testable import Tokenizer

/// Jinja's syntax, as far as chat templates are read.
@Suite struct JinjaTests {
  private func texts(_ template: String) throws -> [String] {
    try JinjaSource(template).tags.compactMap { if case .text(let text) = $0 { text } else { nil } }
  }

  /// Expected is what jinja2 3.1 prints with `trim_blocks` and `lstrip_blocks`, where the tags print nothing.
  @Test func whiteSpaceAroundTagsGoesAsInJinja() throws {
    #expect(try texts("a\n  {% if x %}\n b\n {%- endif %}\nc\n") == ["a\n", " b", "c"])
    #expect(try texts("a {{- x -}}  \n b") == ["a", "b"])
    #expect(try texts("a\n  {{ x }}\nb") == ["a\n  ", "\nb"])
    #expect(try texts("  {%+ if x +%}\nb{# c #}\n d") == ["  ", "\nb", " d"])
    #expect(try texts("a {% if x %} b") == ["a ", " b"])
    #expect(try texts("a\r\n{{ '}}' }}b\n\n") == ["a\n", "b\n"])
  }

  @Test func keysAndJoinsHaveOneSpelling() throws {
    #expect(try JinjaSource("{{ a['b'] ~ \"c\\n\\u00e9\" }}").tags == JinjaSource("{{ a.b + 'c\né'}}").tags)
    #expect(
      try JinjaSource("{{ x in ['a'] }}").tags
        == [.output([.name("x"), .name("in"), .symbol("["), .string("a"), .symbol("]")])])
  }

  @Test(arguments: [
    ("tools", false), ("not tools", true), ("tools is none", true), ("tools is not none and x", false),
    ("tools is iterable and tools | length > 0", false), ("builtin_tools is defined or tools is not none", false),
    ("enable_thinking is defined and enable_thinking is false", false), ("true or loop.first", true),
    ("message.role == 'tool'", false), ("message['role'] != 'tool'", true), ("message.role == 'user'", nil),
    ("message.role in ['tool', 'ipython']", false), ("message.role in ['tool', 'user']", nil),
    ("'tool_calls' in message", false), ("'role' in message", true), ("message.tool_calls", false),
    ("not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message)", true),
    ("(message.role == 'user') or (message.role == 'assistant' and not message.tool_calls)", nil),
    ("message.content is string", true), ("message.content is mapping", false), ("message.content", true),
    ("messages[0].role == 'system'", nil), ("messages[loop.index0 - 1].role == 'tool'", false),
    ("loop.first", nil), ("add_generation_prompt", nil), ("strftime_now is defined", nil),
    ("date_string is defined", nil),
    ("other_date is defined", false), ("1 == 1 == 1", nil), ("", nil), (")", nil), ("((((tools))))", false),
  ])
  func conditionsAreKnownWhereTheChatDoesNotMatter(_ text: String, _ expected: Bool?) throws {
    guard case .statement(let tokens)? = try JinjaSource("{% if \(text) %}").tags.first else { throw Missing() }
    let condition = JinjaCondition(
      messages: ["message"], defined: ["messages", "loop", "add_generation_prompt", "strftime_now", "date_string"])
    #expect(condition.value(of: tokens.dropFirst()) == expected)
  }

  private struct Missing: Error {}
}
