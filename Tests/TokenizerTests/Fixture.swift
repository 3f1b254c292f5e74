import Generation
import JSON
import TestSupport

@testable import Tokenizer

/// A small tokenizer made in code: all bytes, the merges given, and special tokens after them.
struct Fixture {
  var merges: [(String, String)] = [
    ("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "Ġ"), ("Ã", "©"), ("Ġ", "hello"),
  ]
  var added = ["<|begin|>", "<|end|>", "<|end|>>"]
  var preTokenizer: JSON = Fixture.digitsThenGPT2
  var ignoreMerges = false
  /// Tokens that no merge makes.
  var extraTokens: [String] = []
  var missingBytes: Set<UInt8> = []
  var mergesArePairs = false

  static let byteLevel: JSON = [
    "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
  ]
  static let digitsThenGPT2: JSON = [
    "type": "Sequence", "pretokenizers": [["type": "Digits", "individual_digits": true], byteLevel],
  ]

  var tokens: [String] {
    var tokens = (0..<256).filter { !missingBytes.contains(UInt8($0)) }.map { ByteTokenizer.alphabet[$0] }
    for (left, right) in merges where !tokens.contains(left + right) { tokens.append(left + right) }
    return tokens + extraTokens
  }

  var json: JSON {
    let tokens = tokens
    return [
      "version": "1.0",
      "added_tokens": .array(
        added.enumerated().map { index, content in
          ["id": .number(tokens.count + index), "content": .string(content), "special": true]
        }),
      "normalizer": .null,
      "pre_tokenizer": preTokenizer,
      "decoder": Self.byteLevel,
      "model": [
        "type": "BPE", "dropout": .null, "ignore_merges": .bool(ignoreMerges),
        "vocab": .object(tokens.enumerated().map { ($1, .number($0)) }),
        "merges": .array(
          merges.map { mergesArePairs ? [.string($0), .string($1)] : .string("\($0) \($1)") }),
      ],
    ]
  }

  func tokenizer() throws -> Tokenizer { try Tokenizer(tokenizerJSON: json.utf8()) }
}

extension Tokenizer {
  /// The pieces of a text as strings.
  func pieces(_ text: String, _ specialTokens: SpecialTokenPolicy = .plain) -> [String] {
    encode(text, specialTokens: specialTokens).map { String(decoding: tokenBytes($0) ?? [], as: UTF8.self) }
  }
}
