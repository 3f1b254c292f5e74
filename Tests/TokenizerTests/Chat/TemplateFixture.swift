import Testing

/// A chat template as trainers save it, written for these tests, and what jinja2 3.1 makes of it (`trim_blocks`,
/// `lstrip_blocks`, tools and documents none, a clock that says 26 Jul 2024).
struct TemplateFixture: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let jinja: String
  let tokens: [String: String]
  /// Of a system message " s", a user's " u", an answer " a" and a user's "v".
  let whole: String
  /// Of a user's " u" alone.
  let bare: String

  static let llama3Tokens = ["bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"]
  static let chatMLTokens = ["bos_token": "<s>", "eos_token": "<|im_end|>"]

  static let chatML: [TemplateFixture] = [
    TemplateFixture(
      testDescription: "ChatML that adds nothing",
      jinja: #"""
        {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """#,
      tokens: chatMLTokens,
      whole: """
        <|im_start|>system
         s<|im_end|>
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant
         a<|im_end|>
        <|im_start|>user
        v<|im_end|>
        <|im_start|>assistant

        """,
      bare: """
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant

        """),
    TemplateFixture(
      testDescription: "a default system message",
      jinja: #"""
        {% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """#,
      tokens: chatMLTokens,
      whole: """
        <|im_start|>system
         s<|im_end|>
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant
         a<|im_end|>
        <|im_start|>user
        v<|im_end|>
        <|im_start|>assistant

        """,
      bare: """
        <|im_start|>system
        Be brief.<|im_end|>
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant

        """),
    TemplateFixture(
      testDescription: "a default system message that is set first",
      jinja: #"""
        {% set system_message = 'Be brief.' %}{% if messages[0]['role'] == 'system' %}{% set rest_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set rest_messages = messages %}{% endif %}{{ '<|im_start|>system\n' + system_message + '<|im_end|>\n' }}{% for message in rest_messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """#,
      tokens: chatMLTokens,
      whole: """
        <|im_start|>system
         s<|im_end|>
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant
         a<|im_end|>
        <|im_start|>user
        v<|im_end|>
        <|im_start|>assistant

        """,
      bare: """
        <|im_start|>system
        Be brief.<|im_end|>
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant

        """),
    TemplateFixture(
      testDescription: "a begin token, once",
      jinja: #"""
        {% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """#,
      tokens: chatMLTokens,
      whole: """
        <s><|im_start|>system
         s<|im_end|>
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant
         a<|im_end|>
        <|im_start|>user
        v<|im_end|>
        <|im_start|>assistant

        """,
      bare: """
        <s><|im_start|>user
         u<|im_end|>
        <|im_start|>assistant

        """),
    TemplateFixture(
      testDescription: "other spellings",
      jinja: #"""
        {%- for m in messages -%}{{ "<|im_start|>" ~ m.role ~ "\n" ~ m["content"].strip() ~ eos_token ~ "\n" }}{%- endfor -%}{{ '<|im_start|>assistant\n' if add_generation_prompt else '' }}
        """#,
      tokens: chatMLTokens,
      whole: """
        <|im_start|>system
        s<|im_end|>
        <|im_start|>user
        u<|im_end|>
        <|im_start|>assistant
        a<|im_end|>
        <|im_start|>user
        v<|im_end|>
        <|im_start|>assistant

        """,
      bare: """
        <|im_start|>user
        u<|im_end|>
        <|im_start|>assistant

        """),
    TemplateFixture(
      testDescription: "text between the tags",
      jinja: #"""
        {% for message in messages %}
        <|im_start|>{{ message.role }}
        {{ message.content | trim }}<|im_end|>
        {% endfor %}
          {% if add_generation_prompt %}
        <|im_start|>assistant
        {% endif %}

        """#,
      tokens: chatMLTokens,
      whole: """
        <|im_start|>system
        s<|im_end|>
        <|im_start|>user
        u<|im_end|>
        <|im_start|>assistant
        a<|im_end|>
        <|im_start|>user
        v<|im_end|>
        <|im_start|>assistant

        """,
      bare: """
        <|im_start|>user
        u<|im_end|>
        <|im_start|>assistant

        """),
    TemplateFixture(
      testDescription: "tools and thinking, which are not asked for",
      jinja: #"""
        {%- if tools %}
            {{- '<|im_start|>system\n' }}
            {%- if messages[0].role == 'system' %}
                {{- messages[0].content + '\n\n' }}
            {%- endif %}
            {{- "# Tools" }}
            {%- for tool in tools %}
                {{- "\n" + tool | tojson }}
            {%- endfor %}
            {{- "<|im_end|>\n" }}
        {%- elif messages[0].role == 'system' %}
            {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
        {%- endif %}
        {%- for message in messages %}
            {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
                {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
            {%- elif message.role == "assistant" %}
                {{- '<|im_start|>' + message.role }}
                {%- if message.content %}
                    {{- '\n' + message.content }}
                {%- endif %}
                {%- for call in message.tool_calls %}
                    {{- '\n<tool_call>' + call | tojson }}
                {%- endfor %}
                {{- '<|im_end|>\n' }}
            {%- elif message.role == "tool" %}
                {{- '<|im_start|>user\n' + message.content + '<|im_end|>\n' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
            {%- if enable_thinking is defined and enable_thinking is false %}
                {{- '<think>\n\n</think>\n\n' }}
            {%- endif %}
        {%- endif %}
        """#,
      tokens: chatMLTokens,
      whole: """
        <|im_start|>system
         s<|im_end|>
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant
         a<|im_end|>
        <|im_start|>user
        v<|im_end|>
        <|im_start|>assistant

        """,
      bare: """
        <|im_start|>user
         u<|im_end|>
        <|im_start|>assistant

        """),
  ]
}
