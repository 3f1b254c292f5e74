import Testing

@testable import Tokenizer

struct PreTokenizing {
  func words(_ rule: PreTokenizer, _ text: String) -> [String] {
    Array(text.utf8).withUnsafeBufferPointer { text in
      var words: [String] = []
      var start = 0
      while start < text.count {
        let end = rule.endOfWord(in: text, from: start, end: text.count)
        guard end > start, end <= text.count else { return words + ["stuck at \(start)"] }
        words.append(String(decoding: text[start..<end], as: UTF8.self))
        start = end
      }
      return words
    }
  }

  @Test(arguments: [
    ("Hello world", ["Hello", " world"]),
    (
      "it's IT'S we'LL you'Re x'ſ 'tis 'x",
      ["it", "'s", " IT", "'S", " we", "'LL", " you", "'Re", " x", "'ſ", " '", "tis", " '", "x"]
    ),
    ("(word)\tword", ["(word", ")", "\tword"]),
    ("12345 678", ["123", "45", " ", "678"]),
    ("a, b!!\n\nc", ["a", ",", " b", "!!\n\n", "c"]),
    ("a  \n \n  b", ["a", "  \n \n", " ", " b"]),
    ("a   b", ["a", "  ", " b"]),
    ("a   ", ["a", "   "]),
    ("a\u{A0}\u{A0}b", ["a", "\u{A0}", "\u{A0}b"]),
    ("x\r\n\r\ny", ["x", "\r\n\r\n", "y"]),
    ("e\u{301}t", ["e", "\u{301}t"]),
    ("½Ⅷ٣५", ["½Ⅷ٣", "५"]),
    ("漢字かな", ["漢字かな"]),
    ("\u{200B}a\u{85}b", ["\u{200B}a", "\u{85}b"]),
    ("😀😀 x", ["😀😀", " x"]),
    ("'", ["'"]), ("'l", ["'l"]), ("'r", ["'r"]),
  ])
  func llama3(text: String, expected: [String]) { #expect(words(.llama3, text) == expected) }

  @Test(arguments: [
    ("Hello world's it'S", ["Hello", " world", "'s", " it", "'", "S"]),
    ("a 123 b", ["a", " 123", " b"]),
    ("a  \n  b", ["a", "  \n ", " b"]),
    ("a\tb", ["a", "\t", "b"]),
    ("x ... y", ["x", " ...", " y"]),
    ("  1", [" ", " 1"]),
  ])
  func gpt2(text: String, expected: [String]) { #expect(words(.gpt2, text) == expected) }

  @Test(arguments: [
    ("a 123 b", ["a", " ", "1", "2", "3", " b"]),
    ("a  1", ["a", "  ", "1"]),
    ("5% ½", ["5", "%", " ", "½"]),
    ("don't", ["don", "'t"]),
    ("a \u{A0}b", ["a", " ", "\u{A0}", "b"]),
    ("e\u{301}", ["e", "\u{301}"]),
  ])
  func smollm(text: String, expected: [String]) { #expect(words(.smollm, text) == expected) }

  @Test func neverLooksBeyondTheEnd() {
    for rule in PreTokenizer.allCases {
      Array("  \n'sx".utf8).withUnsafeBufferPointer { text in
        #expect(rule.endOfWord(in: text, from: 0, end: 2) == 2)
        #expect(rule.endOfWord(in: text, from: 3, end: 4) == 4)
      }
    }
  }
}
