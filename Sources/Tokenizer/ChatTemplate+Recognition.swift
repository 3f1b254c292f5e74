import JSON

extension ChatTemplate {
  /// What the text of a template must and must not contain. Whitespace and the kind of quotes do not count.
  private struct Marks {
    let required: [String]
    let forbidden: [String]
  }

  private var marks: Marks {
    switch self {
    case .llama31:
      Marks(
        required: [
          "bos_token", "<|start_header_id|>system<|end_header_id|>", "Cutting Knowledge Date: December 2023\\n",
          "Today Date: ' + date_string", "date_string = '\(Self.defaultDate)'", "messages[0]['content']|trim",
          "message['content'] | trim + '<|eot_id|>'", "'<|start_header_id|>assistant<|end_header_id|>\\n\\n'",
        ],
        // Llama 3.2 prints the day of the run.
        forbidden: ["strftime_now"])
    case .smolLM2:
      Marks(
        required: [
          "'<|im_start|>' + message['role']", "message['content'] + '<|im_end|>'", "messages[0]['role'] != 'system'",
          Self.smolLM2System + "<|im_end|>", "if add_generation_prompt",
        ],
        forbidden: ["tools", "trim", "strip", "strftime_now", "bos_token", "enable_thinking"])
    }
  }

  /// The layout that a Jinja template describes (`chat_template.jinja`, or a GGUF file's `tokenizer.chat_template`).
  ///
  /// - Throws: `TokenizerError.unknownTemplate`, which names what the template looks like.
  public init(template: String) throws {
    let text = Self.normalise(template)
    func contains(_ mark: String) -> Bool { Self.contains(text, Self.normalise(mark)) }
    let known = Self.allCases.first { candidate in
      candidate.marks.required.allSatisfy(contains) && !candidate.marks.forbidden.contains(where: contains)
    }
    guard let known else { throw Self.unknownTemplate(template) }
    self = known
  }

  /// The layout that `tokenizer_config.json` describes in its `chat_template`: a template, or a list of named ones of
  /// which `default` is taken. Nil if it has none.
  public init?(tokenizerConfiguration: JSON) throws {
    switch tokenizerConfiguration["chat_template"] {
    case nil, .null: return nil
    case .string(let template): try self.init(template: template)
    case .array(let templates):
      guard let template = templates.first(where: { $0["name"] == "default" })?["template"]?.string else {
        let names = templates.compactMap { $0["name"]?.string }.joined(separator: ", ")
        throw TokenizerError(
          .unknownTemplate, "tokenizer_config.json: none of the chat templates (\(names)) is called default")
      }
      try self.init(template: template)
    case let other?:
      throw TokenizerError(
        .malformedFile, "tokenizer_config.json: chat_template is \(other.kindDescription), not a string")
    }
  }

  private static func unknownTemplate(_ template: String) -> TokenizerError {
    let marks = [
      ("<|im_start|>", "ChatML"), ("<|start_header_id|>", "Llama 3"), ("strftime_now", "today's date"),
      ("[INST]", "Llama 2 or Mistral"),
      ("<start_of_turn>", "Gemma"), ("<|assistant|>", "Zephyr or Phi"), ("enable_thinking", "a thinking switch"),
      ("tools", "tools"),
    ]
    let found = marks.filter { template.contains($0.0) }.map { "\($0.1) (\($0.0))" }
    let beginning = template.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(120)
    return TokenizerError(
      .unknownTemplate,
      """
      unknown chat template "\(beginning)"\(found.isEmpty ? "" : ", which has marks of " + found.joined(separator: ", ")); \
      known are \(allCases.map(\.rawValue).joined(separator: " and ")): choose one of them if the model was trained with it
      """)
  }

  /// The text's UTF-8 without whitespace, escaped line breaks or differences of quotes.
  private static func normalise(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case 0x09...0x0D, 0x20: break
      case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "'"))
      case UInt8(ascii: "n") where bytes.last == UInt8(ascii: "\\"): bytes.removeLast()
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  private static func contains(_ text: [UInt8], _ mark: [UInt8]) -> Bool {
    guard mark.count <= text.count, let first = mark.first else { return mark.isEmpty }
    return (0...text.count - mark.count).contains {
      text[$0] == first && text[$0..<$0 + mark.count].elementsEqual(mark)
    }
  }
}
