import Generation
import JSON
import TestSupport
import Testing
import Text

@testable import Tokenizer

struct Encoding {
  @Test func mergesByRank() throws {
    let tokenizer = try Fixture().tokenizer()
    #expect(tokenizer.pieces("hello hello, helll") == ["hello", " hello", ",", " ", "hell", "l"])
    #expect(tokenizer.encode("") == [])
    #expect(tokenizer.encodeWithOffsets("") == TokenizedText())
  }

  @Test func takesWholeWordsOnlyAsTheMergesOrTheFileSay() throws {
    var fixture = Fixture(extraTokens: ["held"])
    #expect(try fixture.tokenizer().pieces("held") == ["he", "l", "d"])
    fixture.ignoreMerges = true
    #expect(try fixture.tokenizer().pieces("held") == ["held"])
  }

  @Test func tellsCanonicallyEquivalentTextApart() throws {
    let tokenizer = try Fixture().tokenizer()
    #expect(tokenizer.encode("\u{E9}").count == 1)
    #expect(tokenizer.encode("e\u{301}").count == 3)
    #expect(tokenizer.decode(tokenizer.encode("e\u{301}")).unicodeScalars.count == 2)
  }

  @Test func findsTheLongestSpecialTokenWhenAsked() throws {
    let tokenizer = try Fixture().tokenizer()
    #expect(tokenizer.pieces("a<|end|>>b<|end|><|e", .parse) == ["a", "<|end|>>", "b", "<|end|>", "<", "|", "e"])
    #expect(!tokenizer.encode("<|end|>", specialTokens: .plain).contains(where: tokenizer.isSpecial))
    #expect(tokenizer.decode(tokenizer.encode("<|end|>", specialTokens: .plain)) == "<|end|>")
  }

  @Test func endsWordsAtSpecialTokens() throws {
    let tokenizer = try Fixture().tokenizer()
    // Before other text the last space goes to the next word; before a special token it does not.
    #expect(tokenizer.pieces("  ,") == [" ", " ", ","])
    #expect(tokenizer.pieces("  <|end|>", .parse) == ["  ", "<|end|>"])
  }

  @Test func givesOffsetsOfTokens() throws {
    let tokenizer = try Fixture().tokenizer()
    #expect(
      tokenizer.encodeWithOffsets("hello é😀<|end|>!", specialTokens: .parse).offsets == [0, 5, 6, 8, 9, 10, 11, 12, 19])
  }

  @Test func leavesOutBytesThatTheVocabularyLacks() throws {
    let tokenizer = try Fixture(missingBytes: [0x01, 0xF0]).tokenizer()
    #expect(tokenizer.encode("\u{1}") == [])
    let tokenized = tokenizer.encodeWithOffsets("\u{1}he\u{1}llo")
    #expect(
      tokenized.ids.compactMap { tokenizer.tokenBytes($0).map { String(decoding: $0, as: UTF8.self) } } == [
        "he", "ll", "o",
      ])
    #expect(tokenized.offsets == [0, 4, 6])
    #expect(tokenizer.encodeWithOffsets("x😀").offsets == [0, 2, 3, 4])
  }

  @Test func encodesMalformedBytes() throws {
    for preTokenizer in [ByteTokenizer.llama3PreTokenizer, Fixture.digitsThenGPT2, Fixture.byteLevel] {
      let tokenizer = try Fixture(preTokenizer: preTokenizer).tokenizer()
      var generator = SplitMix64(state: 1)
      for length in 0..<200 {
        let bytes = (0..<length).map { _ in
          [0x20, 0x27, 0x0A, 0x41, 0x39, 0xC3, 0xE2, 0xF0, 0x80, 0xFF].randomElement(using: &generator)! as UInt8
        }
        #expect(tokenizer.decodeBytes(tokenizer.encode(utf8: bytes)) == bytes)
      }
    }
  }

  /// Long words take another path through merging; it must give the same tokens.
  @Test func mergesLongWordsAlike() throws {
    let alphabet = ["a", "b", "c"]
    var generator = SplitMix64(state: 1)
    for _ in 0..<20 {
      var fixture = Fixture(merges: [])
      for _ in 0..<30 {
        let parts = alphabet + fixture.merges.map { $0.0 + $0.1 }
        let merge = (parts.randomElement(using: &generator)!, parts.randomElement(using: &generator)!)
        if !fixture.merges.contains(where: { $0 == merge }) { fixture.merges.append(merge) }
      }
      let tokenizer = try fixture.tokenizer()
      var scanning = BytePairMerger(merges: tokenizer.merges, tokenOfByte: tokenizer.tokenOfByte, scanLimit: .max)
      var heaping = BytePairMerger(merges: tokenizer.merges, tokenOfByte: tokenizer.tokenOfByte, scanLimit: 1)
      for length in 0..<60 {
        let word = (0..<length).map { _ in alphabet.randomElement(using: &generator)!.utf8.first! }
        word.withUnsafeBufferPointer {
          scanning.split($0)
          heaping.split($0)
        }
        #expect(scanning.tokens == heaping.tokens)
        #expect(scanning.starts == heaping.starts)
      }
    }
  }
}

struct Decoding {
  @Test func streamsWholeCharactersOnly() throws {
    let tokenizer = try Fixture().tokenizer()
    var stream = StreamingDecoder(tokenizer)
    #expect(tokenizer.encode("a😀b").map { stream.append($0) } == ["a", "", "", "", "😀", "b"])
    #expect(stream.finish() == "")
  }

  @Test func streamsMalformedBytesAsDecodeDoes() throws {
    let tokenizer = try Fixture().tokenizer()
    let bytes: [[UInt8]] = [
      [0xF0, 0x9F, 0x98], [0xF0, 0x9F, 0x41], [0xE2, 0x82, 0xE2, 0x82, 0xAC], [0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xC0, 0xAF],
      [0xF4, 0x90, 0x80, 0x80], [0xFF, 0x41], [0xF0, 0x80, 0x80, 0x41], [0xE0, 0x80], [0xC3],
    ]
    for bytes in bytes {
      let ids = tokenizer.encode(utf8: bytes)
      var stream = StreamingDecoder(tokenizer)
      let streamed = ids.map { stream.append($0) }.joined() + stream.finish()
      #expect(streamed == tokenizer.decode(ids), "\(bytes)")
    }
    #expect(tokenizer.decode(tokenizer.encode(utf8: [0xF0, 0x9F, 0x98, 0x41])) == "\u{FFFD}A")
  }

  @Test func ignoresUnknownIDs() throws {
    let tokenizer = try Fixture().tokenizer()
    #expect(tokenizer.decode([-1, .max, .min, tokenizer.vocabularySize]) == "")
    #expect(tokenizer.tokenBytes(.max) == nil)
  }

  @Test func skipsSpecialTokensWhenAsked() throws {
    let tokenizer = try Fixture().tokenizer()
    let ids = tokenizer.encode("<|begin|>hello <|end|>", specialTokens: .parse)
    #expect(tokenizer.decode(ids) == "<|begin|>hello <|end|>")
    #expect(tokenizer.decode(ids, skippingSpecialTokens: true) == "hello ")
  }

  @Test func everyByteIsAToken() throws {
    let tokenizer = try Fixture().tokenizer()
    for byte in UInt8.min...UInt8.max { #expect(tokenizer.tokenBytes(Int(byte)).map(Array.init) == [byte]) }
  }
}
