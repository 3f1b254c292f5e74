// Variations of Llama 3's templates.
extension TemplateFixture {
  static let llama3: [TemplateFixture] = [
    TemplateFixture(
      testDescription: "another default date, nothing trimmed",
      jinja: dated,
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 July 2024

         s<|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

         a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 July 2024

        <|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "the day of the run, or a date where there is no clock",
      jinja:
        dated
        .replacing(#""26 July 2024""#, with: #"strftime_now("%d %b %Y") if strftime_now is defined else "26 Jul 2024""#)
        .replacing(#"['content']"#, with: #"['content'] | trim"#),
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 Jul 2024

        s<|eot_id|><|start_header_id|>user<|end_header_id|>

        u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

        a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 Jul 2024

        <|eot_id|><|start_header_id|>user<|end_header_id|>

        u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "the day of the run alone",
      jinja:
        dated
        .replacing(#""26 July 2024""#, with: #"strftime_now("%d %b %Y")"#)
        .replacing(#"['content']"#, with: #"['content'].strip()"#),
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 Jul 2024

        s<|eot_id|><|start_header_id|>user<|end_header_id|>

        u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

        a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 Jul 2024

        <|eot_id|><|start_header_id|>user<|end_header_id|>

        u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "dates that are written out",
      jinja:
        dated
        .replacing(#"December 2023\n"#, with: #"June 2024\nToday Date: 1 May 2025\n\n"#)
        .replacing(#"{{- "Today Date: " + date_string + "\n\n" }}"#, with: #""#),
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: June 2024
        Today Date: 1 May 2025

         s<|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

         a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: June 2024
        Today Date: 1 May 2025

        <|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "only the day",
      jinja:
        dated
        .replacing(#"{{- "Cutting Knowledge Date: December 2023\n" }}"#, with: #""#),
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Today Date: 26 July 2024

         s<|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

         a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Today Date: 26 July 2024

        <|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "a header without dates",
      jinja:
        dated
        .replacing(#"{{- "Cutting Knowledge Date: December 2023\n" }}"#, with: #""#)
        .replacing(#"{{- "Today Date: " + date_string + "\n\n" }}"#, with: #""#),
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

         s<|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

         a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        <|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "a system message of its own, and only that trimmed",
      jinja:
        dated
        .replacing(#"system_message = "" %}"#, with: #"system_message = 'Be brief.' %}"#)
        .replacing(#"messages[0]['content']"#, with: #"messages[0]['content']|trim"#),
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 July 2024

        s<|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

         a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 July 2024

        Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "no begin token",
      jinja:
        dated
        .replacing(#"{{- bos_token }}"#, with: #""#),
      tokens: llama3Tokens,
      whole: """
        <|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 July 2024

         s<|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

         a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|start_header_id|>system<|end_header_id|>

        Cutting Knowledge Date: December 2023
        Today Date: 26 July 2024

        <|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "a text that is put together before it is printed",
      jinja: #"""
        {% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}
        """#,
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        s<|eot_id|><|start_header_id|>user<|end_header_id|>

        u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

        a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>user<|end_header_id|>

        u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "a branch for each role",
      jinja: #"""
        {{ '<|begin_of_text|>' }}{% if messages[0]['role'] == 'system' %}{% set rest_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set rest_messages = messages %}{% endif %}{% if system_message is defined %}{{ '<|start_header_id|>system<|end_header_id|>\n\n' + system_message + '<|eot_id|>' }}{% endif %}{% for message in rest_messages %}{% set content = message['content'] %}{% if message['role'] == 'user' %}{{ '<|start_header_id|>user<|end_header_id|>\n\n' + content + '<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n' }}{% elif message['role'] == 'assistant' %}{{ content + '<|eot_id|>' }}{% endif %}{% endfor %}
        """#,
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

         s<|eot_id|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

         a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>user<|end_header_id|>

         u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
    TemplateFixture(
      testDescription: "the system message or another between header and end",
      jinja: #"""
        {{- bos_token }}{{- '<|start_header_id|>system<|end_header_id|>\n\n' }}{%- if messages[0]['role'] == 'system' %}{{- messages[0]['content'] | trim }}{%- else %}{{- 'Be brief.' }}{%- endif %}{{- '<|eot_id|>' }}{%- for message in messages %}{%- if message.role != 'system' %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}{%- if message.content %}{{- message['content'] | trim }}{%- endif %}{{- '<|eot_id|>' }}{%- endif %}{%- endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}
        """#,
      tokens: llama3Tokens,
      whole: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        s<|eot_id|><|start_header_id|>user<|end_header_id|>

        u<|eot_id|><|start_header_id|>assistant<|end_header_id|>

        a<|eot_id|><|start_header_id|>user<|end_header_id|>

        v<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """,
      bare: """
        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

        Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

        u<|eot_id|><|start_header_id|>assistant<|end_header_id|>


        """),
  ]

  /// Llama 3.1's layout, for chats and tools.
  private static let dated = #"""
    {{- bos_token }}
    {%- if not tools is defined %}
        {%- set tools = none %}
    {%- endif %}
    {%- if not date_string is defined %}
        {%- set date_string = "26 July 2024" %}
    {%- endif %}
    {%- if messages[0]['role'] == 'system' %}
        {%- set system_message = messages[0]['content'] %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {%- set system_message = "" %}
    {%- endif %}
    {#- The header, with the dates. #}
    {{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
    {%- if builtin_tools is defined or tools is not none %}
        {{- "Environment: ipython\n" }}
    {%- endif %}
    {{- "Cutting Knowledge Date: December 2023\n" }}
    {{- "Today Date: " + date_string + "\n\n" }}
    {{- system_message }}
    {{- "<|eot_id|>" }}
    {%- for message in messages %}
        {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
            {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] + '<|eot_id|>' }}
        {%- elif 'tool_calls' in message %}
            {{- raise_exception("One call only") }}
        {%- else %}
            {{- "<|start_header_id|>ipython<|end_header_id|>\n\n" + message.content | tojson + "<|eot_id|>" }}
        {%- endif %}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
    {%- endif %}
    """#
}
