import Generation
import JSON
import ModelFiles
import TensorTestSupport
import TestSupport
import Tokenizer

@testable import Llama

/// A generator around a tiny model with random weights, which babbles. Its tokenizer has the 256 bytes, the special
/// tokens where the model has them, and merges learned from JSON like the system's.
enum TinyGenerator {
  static func make(readsPlannedTokensTogether: Bool = true) throws -> LlamaGenerator {
    try LlamaGenerator(
      model: Golden.tinyLlama("untied"), tokenizer: tokenizer(), template: .llama31, stopTokens: [],
      readsPlannedTokensTogether: readsPlannedTokensTogether)
  }

  private static let specials = [
    "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|pad|>", "<|eom_id|>",
    "<|end_of_text|>",
  ]
  private static let sample = """
    [{"funder_name":"National Science Foundation","awards":[{"award_ids":["DMS-1855568"],"funding_scheme":[],"award_title":[]}]},
    {"funder_name": null, "awards": [{"award_ids": [], "funding_scheme": ["Horizon 2020"], "award_title": ["The title"]}]}]
    {"statements":["This work was supported by the National Science Foundation (grant 12-34).", "We thank the Wellcome Trust."]}
    """

  /// Byte-pair merges of the sample, the most frequent pair first, within words and runs of other characters.
  private static func merges(_ count: Int) -> [(String, String)] {
    var words: [[String]] = []
    var wasLetter: Bool?
    for byte in sample.utf8 {
      let isLetter = Character(Unicode.Scalar(byte)).isLetter
      if isLetter != wasLetter { words.append([]) }
      words[words.count - 1].append(ByteTokenizer.alphabet[Int(byte)])
      wasLetter = isLetter
    }
    var merges: [(String, String)] = []
    while merges.count < count {
      var counts: [[String]: Int] = [:]
      for word in words { for pair in zip(word, word.dropFirst()) { counts[[pair.0, pair.1], default: 0] += 1 } }
      guard let best = counts.max(by: { ($0.value, $1.key[0], $1.key[1]) < ($1.value, $0.key[0], $0.key[1]) })?.key
      else { break }
      merges.append((best[0], best[1]))
      words = words.map { word in
        var merged: [String] = []
        for piece in word {
          if merged.last == best[0], piece == best[1] {
            merged[merged.count - 1] += piece
          } else {
            merged.append(piece)
          }
        }
        return merged
      }
    }
    return merges
  }

  static func tokenizer() throws -> Tokenizer {
    let merges = merges(512 - 256 - specials.count)
    var vocabulary: [(String, JSON)] = ByteTokenizer.alphabet.enumerated().map { ($1, .number($0)) }
    var known = Set(ByteTokenizer.alphabet)
    for (left, right) in merges where known.insert(left + right).inserted {
      vocabulary.append((left + right, .number(vocabulary.count + specials.count)))
    }
    let json: JSON = [
      "added_tokens": .array(
        specials.enumerated().map { ["id": .number(256 + $0), "content": .string($1), "special": true] }),
      "normalizer": .null,
      "pre_tokenizer": ByteTokenizer.llama3PreTokenizer,
      "decoder": ["type": "ByteLevel"],
      "model": [
        "type": "BPE", "vocab": .object(vocabulary),
        "merges": .array(merges.map { .string("\($0) \($1)") }),
      ],
    ]
    return try Tokenizer(tokenizerJSON: json.utf8())
  }
}
