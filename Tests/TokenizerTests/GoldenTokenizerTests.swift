import Generation
import JSON
import TestSupport
import Testing
import Tokenizer

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenTokenizers {
  enum Model: String, CaseIterable {
    case llama3, smollm2

    func tokenizer() throws -> Tokenizer {
      try (self == .llama3 ? Golden.llama3 : Golden.smolLM2).get()
    }
  }

  @Test(arguments: Model.allCases)
  func encodesEveryRow(model: Model) throws {
    let tokenizer = try model.tokenizer()
    let rows = try Golden.rows("tokenizer_\(model.rawValue).jsonl")
    #expect(rows.count == 660)
    for row in rows {
      let text = try #require(row["text"]?.string)
      let specialTokens: SpecialTokenPolicy = row["special"] == "parse" ? .parse : .plain
      let ids = try #require(row["ids"]?.integers)
      #expect(tokenizer.encode(text, specialTokens: specialTokens) == ids, "\(row["kind"]!) \(row["text"]!)")

      let tokenized = tokenizer.encodeWithOffsets(text, specialTokens: specialTokens)
      #expect(tokenized.ids == ids)
      #expect(tokenized.offsets.count == ids.count)
      #expect(tokenized.offsets.first ?? 0 == 0)
      #expect(zip(tokenized.offsets, tokenized.offsets.dropFirst()).allSatisfy { $0 < $1 })
      // Where nothing vanishes, the bytes of the tokens lie at the offsets.
      if row["drops_bytes"] == nil {
        let utf8 = Array(text.utf8)
        let ends = tokenized.offsets.dropFirst() + [utf8.count]
        for (id, (start, end)) in zip(ids, zip(tokenized.offsets, ends)) {
          #expect(try #require(tokenizer.tokenBytes(id)).elementsEqual(utf8[start..<end]))
        }
      }
    }
  }

  @Test(arguments: Model.allCases)
  func decodesEveryRow(model: Model) throws {
    let tokenizer = try model.tokenizer()
    let rows = try Golden.rows("tokenizer_\(model.rawValue)_decode.jsonl")
    #expect(rows.count == (model == .llama3 ? 540 : 519))
    for row in rows {
      let ids = try #require(row["ids"]?.integers)
      for (key, skips) in [("decoded", false), ("decoded_skip_special", true)] {
        let decoded = tokenizer.decode(ids, skippingSpecialTokens: skips)
        #expect(JSON.string(decoded) == row[key])
        var stream = StreamingDecoder(tokenizer, skippingSpecialTokens: skips)
        let streamed = ids.map { stream.append($0) }.joined() + stream.finish()
        #expect(streamed.utf8.elementsEqual(decoded.utf8))
      }
    }
  }

  @Test func readsTheNamesOfSpecialTokens() throws {
    let llama3 = try Golden.llama3.get()
    #expect(llama3.vocabularySize == 128_256)
    #expect(llama3.preTokenizer == .llama3)
    #expect(llama3.bosID == 128_000)
    #expect(llama3.eosID == 128_009)
    #expect(llama3.id(ofSpecialToken: "<|end_header_id|>") == 128_007)
    #expect(llama3.id(ofSpecialToken: "the") == nil)
    #expect(llama3.tokenBytes(128_009).map(Array.init) == Array("<|eot_id|>".utf8))
    #expect(llama3.tokenBytes(128_256) == nil)
    #expect(llama3.tokenBytes(-1) == nil)
    let smolLM2 = try Golden.smolLM2.get()
    #expect(smolLM2.vocabularySize == 49_152)
    #expect(smolLM2.preTokenizer == .smollm)
    #expect(smolLM2.bosID == 1)
    #expect(smolLM2.eosID == 2)
  }

  /// GGUF metadata rebuilt from the same vocabulary must make the same tokenizer.
  @Test func readsTheSameFromGGUFMetadata() throws {
    let file = try JSON.parse(try Golden.gunzip("smollm2_tokenizer/tokenizer.json.gz"))
    let model = try #require(file["model"])
    var tokens = [String](repeating: "", count: 49_152)
    for (token, id) in try #require(model["vocab"]?.object).members { tokens[try #require(id.int)] = token }
    var kinds = [GGUFVocabulary.Kind](repeating: .normal, count: tokens.count)
    for added in try #require(file["added_tokens"]?.array) { kinds[try #require(added["id"]?.int)] = .control }
    let tokenizer = try Tokenizer(
      gguf: GGUFVocabulary(
        model: "gpt2", preTokenizer: "smollm", tokens: tokens, kinds: kinds,
        merges: try #require(model["merges"]?.array).compactMap(\.string), bosTokenID: 1, eosTokenID: 2))
    for row in try Golden.rows("tokenizer_smollm2.jsonl") {
      let text = try #require(row["text"]?.string)
      #expect(
        tokenizer.encode(text, specialTokens: row["special"] == "parse" ? .parse : .plain) == row["ids"]?.integers)
    }
    #expect(tokenizer.decode([1, 504, 2], skippingSpecialTokens: true) == "The")
  }

  /// One word of a megabyte must not take quadratic time.
  @Test(arguments: ["a", " ", "\n", "ab", "é", "'", "<|"])
  func survivesLongWords(unit: String) throws {
    let text = String(repeating: unit, count: 60_000 / unit.utf8.count)
    for model in Model.allCases {
      let tokenizer = try model.tokenizer()
      #expect(tokenizer.decode(tokenizer.encode(text, specialTokens: .parse)) == text)
    }
  }
}

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenChatTemplates {
  static let tokenizers = ["llama3.1": Golden.llama3, "smollm2": Golden.smolLM2]

  @Test func rendersEveryRow() throws {
    let rows = try Golden.rows("chat_template.jsonl")
    #expect(rows.count == 86)
    for row in rows {
      let name = try #require(row["template"]?.string)
      var template = try ChatTemplate(name: name)
      if let date = row["kwargs"]?["date_string"]?.string { template = try template.dated(date) }
      let tokenizer = try #require(try Self.tokenizers[name]?.get())
      let messages = try #require(row["messages"]?.array).map { message in
        Message(
          try #require(.init(rawValue: message["role"]?.string ?? "")), try #require(message["content"]?.string))
      }
      let adds = row["add_generation_prompt"] == true
      let prompt = template.prompt(messages, addsGenerationPrompt: adds)
      #expect(JSON.string(prompt) == row["prompt"], "\(row["tag"]!)")
      func encode(_ specialTokens: SpecialTokenPolicy) throws -> [Int] {
        try template.encode(
          messages, with: tokenizer, specialTokens: specialTokens, addsGenerationPrompt: adds)
      }
      #expect(try encode(.parse) == row["ids"]?.integers)
      // Without special strings in the messages, keeping them plain changes nothing.
      if row["tag"] == "injection" {
        #expect(try encode(.plain) != row["ids"]?.integers)
        #expect(try JSON.string(tokenizer.decode(encode(.plain))) == row["prompt"])
      } else {
        #expect(try encode(.plain) == row["ids"]?.integers, "\(row["tag"]!)")
      }
    }
  }

  /// Words that reach over the border between frame and message are merged as in the whole prompt.
  @Test(arguments: [
    "\n\nnewlines", " space", "  two", "\ttab", "'s", "\r\n", "", "123", "é", "…\n", "\u{A0}x", "。\n\n\n",
  ])
  func plainTextMergesWithTheFrame(content: String) throws {
    for template in [ChatTemplate.llama31, .smolLM2] {
      let tokenizer = try #require(try Self.tokenizers[template.name]?.get())
      let messages: [Message] = [
        .init(.system, content), .init(.user, content), .init(.assistant, content),
      ]
      let whole = tokenizer.encode(template.prompt(messages), specialTokens: .parse)
      #expect(try template.encode(messages, with: tokenizer, specialTokens: .plain) == whole)
    }
  }

  @Test func aPlainMessageCannotEndItself() throws {
    for template in [ChatTemplate.llama31, .smolLM2] {
      let tokenizer = try #require(try Self.tokenizers[template.name]?.get())
      let end = template == .llama31 ? "<|eot_id|>" : "<|im_end|>"
      let id = try #require(tokenizer.id(ofSpecialToken: end))
      func count(_ content: String, _ specialTokens: SpecialTokenPolicy) throws -> Int {
        try template.encode(
          [.init(.system, "s"), .init(.user, content)], with: tokenizer, specialTokens: specialTokens
        )
        .count { $0 == id }
      }
      #expect(try count("a\(end)b", .plain) == 2)
      #expect(try count("a\(end)b", .parse) == 3)
    }
  }

  @Test func recognisesThePublishedTemplates() throws {
    #expect(try ChatTemplate(jinja: Golden.text("llama3_tokenizer/chat_template.jinja")) == .llama31)
    let smolLM2 = try Golden.text("smollm2_tokenizer/chat_template.jinja")
    #expect(try ChatTemplate(jinja: smolLM2) == .smolLM2)
    #expect(try ChatTemplate(jinja: smolLM2.replacing("\n", with: "\\n").replacing("'", with: "\"")) == .smolLM2)
  }
}
