extension ChatTemplate {
  /// The layout that a Jinja template describes (`chat_template.jinja`, or a GGUF file's `tokenizer.chat_template`).
  ///
  /// The family is told by its tokens. Whatever the template prints besides them must be one of its known variations:
  /// the begin token, the dates before the system message, a system message for chats without one, trimming.
  /// - Parameter tokens: special tokens by their names in `tokenizer_config.json`, such as `bos_token`.
  /// - Throws: `TokenizerError.unknownTemplate`, which says what was not understood.
  public init(jinja: String, tokens: [String: String] = [:]) throws {
    do {
      guard jinja.utf8.count <= 1 << 20 else {
        throw JinjaSource.Problem(what: "\(jinja.utf8.count) bytes, which is no size for a template (1 MiB is allowed)")
      }
      let hasEnd = { (family: Family) in
        jinja.contains(family.end) || (jinja.contains("eos_token") && tokens["eos_token"] == family.end)
      }
      let families = [Family.llama3, .chatML].filter { jinja.contains($0.start) && hasEnd($0) }
      guard families.count == 1, let family = families.first else {
        throw JinjaSource.Problem(
          what: families.isEmpty
            ? "neither the tokens of Llama 3 (<|start_header_id|>, <|eot_id|>) nor those of ChatML (<|im_start|>, "
              + "<|im_end|>)\(Self.otherFamily(jinja).map { "; it looks like \($0)" } ?? "")"
            : "the tokens of both Llama 3 and ChatML")
      }
      var reader = ChatTemplateReader(family, try ChatTemplateSkeleton(jinja, tokens: tokens), tokens: tokens)
      self = try reader.read()
    } catch let problem as JinjaSource.Problem {
      let beginning = jinja.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(80)
      throw TokenizerError(
        .unknownTemplate,
        "unknown chat template \"\(beginning)\": found \(problem.what); choose one of the known ones "
          + "(\(Self.knownNames)) if the model was trained with it")
    }
  }

  private static func otherFamily(_ jinja: String) -> String? {
    let marks = [
      ("[INST]", "Llama 2 or Mistral"), ("<start_of_turn>", "Gemma"), ("<|assistant|>", "Zephyr or Phi"),
      ("<|header_start|>", "Llama 4"), ("### Response", "Alpaca"), ("USER:", "Vicuna"),
    ]
    return marks.first { jinja.contains($0.0) }.map { "\($0.1) (\($0.0))" }
  }

  /// A Jinja template that prints this layout; `init(jinja:tokens:)` reads it back.
  public var jinja: String {
    func literal(_ text: String) -> String {
      let escaped = text.replacing("\\", with: "\\\\").replacing("'", with: "\\'").replacing("\n", with: "\\n")
      return "'\(escaped)'"
    }
    let (afterRole, end) = (literal(family.afterRole), literal(family.end + family.afterEnd))
    let trim = { (trims: Bool) in trims ? " | trim" : "" }
    var lines = begin.map { ["{{- \(literal($0)) }}"] } ?? []
    lines += [
      "{%- if messages[0]['role'] == 'system' %}",
      "{%- set system_message = messages[0]['content']\(trim(trimsSystem)) %}", "{%- set messages = messages[1:] %}",
    ]
    if let defaultSystem {
      lines += ["{%- else %}", "{%- set system_message = \(literal(defaultSystem)) %}", "{%- endif %}"]
    }
    lines.append(
      "{{- \(literal(family.start + "system" + family.afterRole + dates)) + system_message + \(end) }}")
    if defaultSystem == nil { lines.append("{%- endif %}") }
    lines += [
      "{%- for message in messages %}",
      "{{- \(literal(family.start)) + message['role'] + \(afterRole) + "
        + "message['content']\(trim(trimsMessages)) + \(end) }}",
      "{%- endfor %}", "{%- if add_generation_prompt %}",
      "{{- \(literal(family.start + "assistant" + family.afterRole)) }}", "{%- endif %}",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}
