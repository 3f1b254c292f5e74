import Generation
import JSON
import TestSupport
import Testing

@testable import Tokenizer

/// `tokenizer.json` made from GGUF metadata.
struct TokenizerJSONWritingTests {
  let fixture = Fixture()

  private func vocabulary(addedFirst: Bool = false) -> GGUFVocabulary {
    let (words, added) = (fixture.tokens, fixture.added)
    let kinds = [GGUFVocabulary.Kind](repeating: .normal, count: words.count)
    let special = [GGUFVocabulary.Kind](repeating: .control, count: added.count)
    return GGUFVocabulary(
      model: "gpt2", preTokenizer: "smollm", tokens: addedFirst ? added + words : words + added,
      kinds: addedFirst ? special + kinds : kinds + special, merges: fixture.merges.map { "\($0) \($1)" },
      bosTokenID: addedFirst ? 0 : words.count, eosTokenID: addedFirst ? 1 : words.count + 1)
  }

  /// The metadata that llama.cpp's converter makes of a file, and what it was before.
  @Test(.needsGoldenVectors, arguments: [("smollm2", "smollm", false), ("llama3", "llama-bpe", true)])
  func givesThePublishedFileAgain(_ model: String, _ rule: String, _ addsBOS: Bool) throws {
    let file = try JSON.parse(Golden.gunzip("\(model)_tokenizer/tokenizer.json.gz"))
    let added = try #require(file["added_tokens"]?.array)
    let words = try #require(file["model"]?["vocab"]?.object)
    let count = try #require((words.members.map(\.value) + added.compactMap { $0["id"] }).compactMap(\.int).max()) + 1
    var tokens = [String](repeating: "", count: count)
    var kinds = [GGUFVocabulary.Kind](repeating: .normal, count: count)
    for (token, id) in words.members { tokens[try #require(id.int)] = token }
    for token in added {
      let id = try #require(token["id"]?.int)
      tokens[id] = token.text("content")
      kinds[id] = .control
    }
    for states in [addsBOS, nil] {
      let vocabulary = GGUFVocabulary(
        model: "gpt2", preTokenizer: rule, tokens: tokens, kinds: kinds,
        merges: try #require(file["model"]?["merges"]?.array).compactMap(\.string),
        bosTokenID: model == "llama3" ? 128_000 : 1, addsBOS: states)
      let written = try #require(try vocabulary.tokenizerJSON().object)
      for (key, value) in try #require(file.object).members {
        #expect(written[key] == value, "\(key)")
      }
    }
  }

  @Test(arguments: [false, true])
  func itReadsAsTheSameTokenizer(addedFirst: Bool) throws {
    let vocabulary = vocabulary(addedFirst: addedFirst)
    let direct = try Tokenizer(gguf: vocabulary)
    let written = try vocabulary.tokenizerJSON()
    let read = try Tokenizer(
      tokenizerJSON: written.utf8(.pretty), configuration: vocabulary.tokenizerConfiguration(contextLength: 64))
    for policy in [.plain, .parse] as [SpecialTokenPolicy] {
      let text = "hello <|end|> 12  é<|begin|><|end|>>"
      #expect(read.encode(text, specialTokens: policy) == direct.encode(text, specialTokens: policy))
    }
    #expect(read.bosID == direct.bosID && read.eosID == direct.eosID && read.eosID != nil)
    #expect(read.vocabularySize == direct.vocabularySize && read.specialIDs == direct.specialIDs)
    // tokenizers numbers added tokens that are not in the vocabulary from its size on.
    let words = try #require(written["model"]?["vocab"]?.object)
    #expect(words.count == fixture.tokens.count + (addedFirst ? fixture.added.count : 0))
  }

  @Test func userDefinedTokensAreNotSpecial() throws {
    var vocabulary = vocabulary()
    vocabulary.kinds[vocabulary.kinds.count - 1] = .userDefined
    let added = try #require(try vocabulary.tokenizerJSON()["added_tokens"]?.array)
    #expect(added.map { $0["special"]?.bool } == [true, true, false])
  }

  @Test func theBeginningIsAddedWhereTheMetadataAsksForIt() throws {
    var vocabulary = vocabulary()
    func first() throws -> JSON? {
      try vocabulary.tokenizerJSON()["post_processor"]?["processors"]?.array?.last?["single"]?.array?.first
    }
    #expect(try first() == nil)
    vocabulary.addsBOS = true
    #expect(try first()?["SpecialToken"]?["id"] == "<|begin|>")
    vocabulary.preTokenizer = "llama-bpe"
    vocabulary.addsBOS = nil
    #expect(try first()?["SpecialToken"]?["id"] == "<|begin|>")
    vocabulary.addsBOS = false
    #expect(try first() == nil)
  }

  @Test func theConfigurationNamesTokensAndTemplate() throws {
    var vocabulary = vocabulary()
    vocabulary.paddingTokenID = 0
    vocabulary.chatTemplate = "{{ messages }}"
    let configuration = try vocabulary.tokenizerConfiguration(contextLength: 64)
    #expect(configuration["bos_token"] == "<|begin|>" && configuration["eos_token"] == "<|end|>")
    #expect(configuration["pad_token"] == .string(fixture.tokens[0]) && configuration["unk_token"] == nil)
    #expect(configuration["chat_template"] == "{{ messages }}" && configuration["model_max_length"] == 64)
  }

  @Test func whatTheFileCannotSayIsRefused() {
    func error(_ change: (inout GGUFVocabulary) -> Void) -> TokenizerError? {
      var vocabulary = vocabulary()
      change(&vocabulary)
      return #expect(throws: TokenizerError.self) { try vocabulary.tokenizerJSON() }
    }
    #expect(error { $0.tokens[1] = $0.tokens[0] }?.message.contains("1 texts twice") == true)
    #expect(error { $0.preTokenizer = "qwen2" }?.code == .unsupported)
    #expect(error { $0.model = "llama" }?.code == .unsupported)
    #expect(error { $0.kinds.removeLast() }?.code == .malformedFile)
    #expect(error { $0.paddingTokenID = 100_000 }?.code == .malformedFile)
  }
}
