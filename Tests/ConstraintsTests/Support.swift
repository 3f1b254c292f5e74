import Tokenizer

@testable import Constraints

/// Tokens by their bytes.
struct TestVocabulary {
  var tokens: [[UInt8]]

  /// All bytes as tokens.
  static let bytes = TestVocabulary(tokens: (UInt8.min...UInt8.max).map { [$0] })

  /// All bytes, and tokens as vocabularies have them: pieces of JSON, words, characters, and cut characters.
  static let mixed: TestVocabulary = {
    var tokens = bytes.tokens
    let pieces = [
      #"{""#, #"":"#, #"":["#, #"":[""#, #"": "#, #"": [""#, #"",""#, #"", ""#, #""]"#, #""],""#, #"]}"#, #"}]"#,
      #"},{""#, "[]",
      #"[]}"#, "[{\"", #"\""#, #"\\"#, #"\n"#, #"\n\n"#, #"\u"#, #"\u00"#, #"\ud83d"#, #"\ude00"#, #"\u0020"#, "null",
      "null,", #"null,""#,
      "funder", "_name", "award", "awards", "_ids", "_scheme", "_title", "statements", "ing", "the ", " the", ". ",
      ".\"", ".\",\"",
      "an", "na", "grant", " grant", "12", "34", "1234", "NSF", "é", "数", "学", "😀", "e\u{301}", "\u{A0}", "  ", " ",
      "-", "Th", "This ",
      #"a","b","c"#, #"","","#, #"",""#,
    ]
    tokens += pieces.map { Array($0.utf8) }
    // Cut in the midst of characters, as byte-level vocabularies are.
    tokens += [
      [0xE6, 0x95], [0x95, 0xB0], [0xB0, 0xE5], [0xF0, 0x9F], [0xF0, 0x9F, 0x98], [0x98, 0x80], [0x80, 0x22],
      [0x22, 0xE6],
      [0xED, 0xA0], [0xC0, 0x80], [0xF4, 0x90], [0xFF, 0x22], [0x80, 0x80], [0xC2, 0xA0], [0xE2, 0x80], [0x0A, 0x22],
    ]
    return TestVocabulary(tokens: tokens)
  }()

  var trie: TokenTrie { TokenTrie(vocabularySize: tokens.count) { tokens[$0][...] } }
}

extension TokenTrie {
  /// Of a tokenizer, without its added tokens.
  convenience init(_ tokenizer: Tokenizer) {
    self.init(vocabularySize: tokenizer.vocabularySize) { tokenizer.isAddedToken($0) ? nil : tokenizer.tokenBytes($0) }
  }
}
