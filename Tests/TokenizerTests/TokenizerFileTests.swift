import Generation
import JSON
import TestSupport
import Testing
import Text

@testable import Tokenizer

struct TokenizerFiles {
  @Test func readsMergesInEitherFormAndOrder() throws {
    var fixture = Fixture()
    let text = "hello  hello é"
    let expected = try fixture.tokenizer().encode(text)
    fixture.mergesArePairs = true
    #expect(try fixture.tokenizer().encode(text) == expected)
    var json = fixture.json.object!
    var model = json["model"]!.object!
    let vocabulary = model["vocab"]
    model["vocab"] = nil
    model["vocab"] = vocabulary
    json["model"] = .object(model)
    #expect(model.keys.last == "vocab")
    #expect(try Tokenizer(tokenizerJSON: JSON.object(json).utf8(.pretty)).encode(text) == expected)
  }

  @Test func recognisesPreTokenizers() throws {
    #expect(try Fixture(preTokenizer: ByteTokenizer.llama3PreTokenizer).tokenizer().preTokenizer == .llama3)
    #expect(try Fixture(preTokenizer: Fixture.digitsThenGPT2).tokenizer().preTokenizer == .smollm)
    #expect(try Fixture(preTokenizer: Fixture.byteLevel).tokenizer().preTokenizer == .gpt2)
  }

  @Test func readsBeginAndEndFromTheConfiguration() throws {
    let configuration: JSON = ["bos_token": "<|begin|>", "eos_token": ["content": "<|end|>"], "pad_token": .null]
    let tokenizer = try Tokenizer(tokenizerJSON: Fixture().json.utf8(), configuration: configuration)
    #expect(tokenizer.bosID == tokenizer.id(ofSpecialToken: "<|begin|>"))
    #expect(tokenizer.eosID == tokenizer.id(ofSpecialToken: "<|end|>"))
    #expect(tokenizer.bosID != nil)
    #expect(try Fixture().tokenizer().bosID == nil)
  }

  enum BadFile: String, CaseIterable {
    case notJSON, notAnObject, noModel, noVocabulary, noMerges, vocabularyTwice, wordPiece, unigram, byteFallback,
      dropout, prefix
    case normalizer, whitespacePreTokenizer, noPreTokenizer, otherRegex, prefixSpace, metaspaceDecoder
    case idTwice, negativeID, hugeID, fractionalID, overflowingID, stringID
    case unknownMergePart, unknownMergeResult, mergeOfOne, mergeOfThree, mergeOfNumbers
    case addedHugeID, addedNegativeID, addedEmpty, addedOverAnother, addedLeftStrip

    var code: TokenizerError.Code {
      switch self {
      case .wordPiece, .unigram, .byteFallback, .dropout, .prefix, .normalizer, .whitespacePreTokenizer,
        .noPreTokenizer, .otherRegex,
        .prefixSpace, .metaspaceDecoder, .addedLeftStrip:
        .unsupported
      default: .malformedFile
      }
    }

    var bytes: [UInt8] {
      var file = Fixture().json.object!
      func model(_ key: String, _ value: JSON?) {
        var model = file["model"]!.object!
        model[key] = value
        file["model"] = .object(model)
      }
      func token(_ token: String, _ id: JSON) {
        var vocabulary = file["model"]!["vocab"]!.object!
        vocabulary[token] = id
        model("vocab", .object(vocabulary))
      }
      func merge(_ merge: JSON) { model("merges", .array(file["model"]!["merges"]!.array! + [merge])) }
      switch self {
      case .notJSON: return Array("version https://git-lfs.github.com/spec/v1".utf8)
      case .notAnObject: return Array("[]".utf8)
      case .noModel: file["model"] = nil
      case .noVocabulary: model("vocab", nil)
      case .noMerges: model("merges", nil)
      case .vocabularyTwice: return Array(#"{"model": {"vocab": {}, "vocab": {}, "merges": []}}"#.utf8)
      case .wordPiece: model("type", "WordPiece")
      case .unigram: model("vocab", [["a", -1.5]])
      case .byteFallback: model("byte_fallback", true)
      case .dropout: model("dropout", 0.1)
      case .prefix: model("continuing_subword_prefix", "##")
      case .normalizer: file["normalizer"] = ["type": "NFC"]
      case .whitespacePreTokenizer: file["pre_tokenizer"] = ["type": "Whitespace"]
      case .noPreTokenizer: file["pre_tokenizer"] = nil
      case .otherRegex:
        file["pre_tokenizer"] = .init(
          try! JSON.parse(ByteTokenizer.llama3PreTokenizer.text().replacing("{1,3}", with: "{1,2}")))
      case .prefixSpace: file["pre_tokenizer"] = ["type": "ByteLevel", "add_prefix_space": true]
      case .metaspaceDecoder: file["decoder"] = ["type": "Metaspace"]
      case .idTwice: token("new", 0)
      case .negativeID: token("new", -1)
      case .hugeID: token("new", 4_000_000_000)
      case .fractionalID: token("new", 300.5)
      case .overflowingID: token("new", .number(try! JSON.parse("99999999999999999999").number!))
      case .stringID: token("new", "1")
      case .unknownMergePart: merge("hello xyz")
      case .unknownMergeResult: merge("a b")
      case .mergeOfOne: merge("a")
      case .mergeOfThree: merge(["a", "b", "c"])
      case .mergeOfNumbers: merge([1, 2])
      case .addedHugeID: file["added_tokens"] = [["id": 2_000_000_000, "content": "x"]]
      case .addedNegativeID: file["added_tokens"] = [["id": -1, "content": "x"]]
      case .addedEmpty: file["added_tokens"] = [["id": 300, "content": ""]]
      case .addedOverAnother: file["added_tokens"] = [["id": 0, "content": "x"]]
      case .addedLeftStrip: file["added_tokens"] = [["id": 300, "content": "x", "lstrip": true]]
      }
      return JSON.object(file).utf8()
    }
  }

  @Test(arguments: BadFile.allCases)
  func refusesBadFiles(file: BadFile) {
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: file.bytes) }
    #expect(error?.code == file.code, "\(error?.message ?? "")")
  }

  @Test func survivesTruncation() {
    let bytes = Fixture().json.utf8()
    for end in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: bytes[..<end]) }
    }
  }

  /// Whatever a changed file says, it is refused or makes a tokenizer that works.
  @Test func survivesChangedBytes() {
    let bytes = Fixture().json.utf8()
    var generator = SplitMix64(state: 2)
    for _ in 0..<400 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        changed[Int.random(in: 0..<bytes.count, using: &generator)] = Array("0199,:\"[]{}e-".utf8).randomElement(
          using: &generator)!
      }
      guard let tokenizer = try? Tokenizer(tokenizerJSON: changed) else { continue }
      _ = tokenizer.decode(tokenizer.encode("hello  é 12<|end|>", specialTokens: .parse))
    }
  }
}

struct GGUFVocabularies {
  let fixture = Fixture()

  var vocabulary: GGUFVocabulary {
    let tokens = fixture.tokens + fixture.added
    return GGUFVocabulary(
      model: "gpt2", preTokenizer: "smollm", tokens: tokens,
      kinds: Array(repeating: .normal, count: fixture.tokens.count)
        + Array(repeating: .control, count: fixture.added.count),
      merges: fixture.merges.map { "\($0) \($1)" }, bosTokenID: fixture.tokens.count,
      eosTokenID: fixture.tokens.count + 1)
  }

  @Test func makeTheSameTokenizerAsAFile() throws {
    let tokenizer = try Tokenizer(gguf: vocabulary)
    let text = "hello <|end|> 12  é"
    #expect(
      try tokenizer.encode(text, specialTokens: .parse) == fixture.tokenizer().encode(text, specialTokens: .parse))
    #expect(tokenizer.bosID == tokenizer.id(ofSpecialToken: "<|begin|>"))
  }

  @Test(arguments: [("llama-bpe", .llama3), ("smollm", .smollm), ("gpt-2", .gpt2)] as [(String, PreTokenizer)])
  func nameTheirRule(pre: String, expected: PreTokenizer) throws {
    var vocabulary = vocabulary
    vocabulary.preTokenizer = pre
    #expect(try Tokenizer(gguf: vocabulary).preTokenizer == expected)
  }

  @Test func areRefusedByName() {
    func error(_ change: (inout GGUFVocabulary) -> Void) -> TokenizerError? {
      var vocabulary = vocabulary
      change(&vocabulary)
      return #expect(throws: TokenizerError.self) { try Tokenizer(gguf: vocabulary) }
    }
    #expect(error { $0.model = "llama" }?.code == .unsupported)
    #expect(error { $0.preTokenizer = "qwen2" }?.message.contains("qwen2") == true)
    #expect(error { $0.kinds.removeLast() }?.code == .malformedFile)
    #expect(error { $0.bosTokenID = 100_000 }?.code == .malformedFile)
    #expect(error { $0.eosTokenID = -1 }?.code == .malformedFile)
    #expect(error { $0.merges.append("nonsense") }?.code == .malformedFile)
    #expect(error { $0.tokens = [] }?.code == .malformedFile)
  }
}
