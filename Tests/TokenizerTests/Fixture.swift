import JSON

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
  static let llama3: JSON = [
    "type": "Sequence",
    "pretokenizers": [
      [
        "type": "Split",
        "pattern": [
          "Regex":
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        ],
        "behavior": "Isolated", "invert": false,
      ],
      ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false],
    ],
  ]

  /// GPT-2's alphabet, by its definition.
  static let alphabet: [String] = {
    var next: UInt32 = 256
    return (0..<256).map { byte in
      if (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte) {
        return String(Character(Unicode.Scalar(UInt8(byte))))
      }
      defer { next += 1 }
      return String(Character(Unicode.Scalar(next)!))
    }
  }()

  var tokens: [String] {
    var tokens = (0..<256).filter { !missingBytes.contains(UInt8($0)) }.map { Self.alphabet[$0] }
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
  func pieces(_ text: String, _ specialTokens: SpecialTokens = .plain) -> [String] {
    encode(text, specialTokens: specialTokens).map { String(decoding: tokenBytes($0) ?? [], as: UTF8.self) }
  }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
