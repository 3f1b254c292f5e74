import JSON
import Tokenizer

/// A tokenizer made in code: every byte a token, and ChatML's special tokens after them.
package enum ByteTokenizer {
  /// GPT-2's printable characters for the 256 bytes, by its definition.
  package static let alphabet: [String] = {
    var next: UInt32 = 256
    return (0..<256).map { byte in
      if (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte) {
        return String(Character(Unicode.Scalar(UInt8(byte))))
      }
      defer { next += 1 }
      return String(Character(Unicode.Scalar(next)!))
    }
  }()

  package static let tokenizer = Result {
    let special = [
      "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    ]
    let json: JSON = [
      "added_tokens": .array(
        special.enumerated().map { ["id": .number(256 + $0), "content": .string($1), "special": true] }),
      "normalizer": .null,
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true],
      "decoder": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true],
      "model": [
        "type": "BPE", "dropout": .null, "ignore_merges": false,
        "vocab": .object(alphabet.enumerated().map { ($1, .number($0)) }), "merges": [],
      ],
    ]
    return try Tokenizer(tokenizerJSON: json.utf8())
  }

  /// Llama 3's words, as `tokenizer.json` says them.
  package static let llama3PreTokenizer: JSON = [
    "type": "Sequence",
    "pretokenizers": [
      [
        "type": "Split",
        "pattern": [
          "Regex": .string(
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#
              + #"|\s+(?!\S)|\s+"#)
        ],
        "behavior": "Isolated", "invert": false,
      ],
      ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false],
    ],
  ]
}
