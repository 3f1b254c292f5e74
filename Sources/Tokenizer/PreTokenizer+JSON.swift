import JSON

// The `pre_tokenizer` section of a `tokenizer.json`.
extension PreTokenizer {
  /// Llama 3's rule as its files write it.
  private static let llama3Pattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Recognises the section.
  init(tokenizerJSON section: JSON) throws {
    let steps = section["type"] == "Sequence" ? section["pretokenizers"]?.array ?? [] : [section]
    let last = steps.last ?? .null
    let usesRegex = last["use_regex"]?.bool ?? true
    let endsInByteLevel = last["type"] == "ByteLevel" && last["add_prefix_space"]?.bool == false
    let first = steps.first ?? .null
    switch (steps.count, endsInByteLevel, usesRegex) {
    case (1, true, true): self = .gpt2
    case (2, true, true) where first["type"] == "Digits" && first["individual_digits"] == true: self = .smollm
    case (2, true, false)
    where first["type"] == "Split" && first["pattern"]?["Regex"] == .string(Self.llama3Pattern)
      && first["behavior"] == "Isolated" && first["invert"]?.bool != true:
      self = .llama3
    default:
      throw TokenizerError(
        .unsupported,
        "tokenizer.json: the pre_tokenizer \(section.text().prefix(400)) is not implemented; those of Llama 3, SmolLM2 "
          + "and GPT-2 are")
    }
  }

  /// The section as the published files of the models write it.
  var tokenizerJSON: JSON {
    switch self {
    case .gpt2: return .byteLevel(addsPrefixSpace: false)
    case .smollm:
      return [
        "type": "Sequence",
        "pretokenizers": [["type": "Digits", "individual_digits": true], .byteLevel(addsPrefixSpace: false)],
      ]
    case .llama3:
      let split: JSON = [
        "type": "Split", "pattern": ["Regex": .string(Self.llama3Pattern)], "behavior": "Isolated", "invert": false,
      ]
      return ["type": "Sequence", "pretokenizers": [split, .byteLevel(addsPrefixSpace: false, usesRegex: false)]]
    }
  }
}

extension JSON {
  /// Tokenizers' step between bytes and their printable characters.
  static func byteLevel(addsPrefixSpace: Bool, trimsOffsets: Bool = true, usesRegex: Bool = true) -> JSON {
    [
      "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace), "trim_offsets": .bool(trimsOffsets),
      "use_regex": .bool(usesRegex),
    ]
  }
}
