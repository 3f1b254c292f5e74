/// A tokenizer as a GGUF file's metadata describes it (`tokenizer.ggml.*`).
public struct GGUFVocabulary: Sendable {
  /// `tokenizer.ggml.model`: `gpt2` is byte-level byte-pair encoding.
  public var model: String
  /// `tokenizer.ggml.pre`: the name of the pre-tokenizer rule.
  public var pre: String
  /// `tokenizer.ggml.tokens`, in the byte-level alphabet.
  public var tokens: [String]
  /// `tokenizer.ggml.token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
  public var tokenTypes: [Int32]
  /// `tokenizer.ggml.merges`, each `a b`.
  public var merges: [String]
  public var bosID: Int?
  public var eosID: Int?
  /// `tokenizer.chat_template`, for `ChatTemplate`.
  public var chatTemplate: String?

  public init(
    model: String, pre: String, tokens: [String], tokenTypes: [Int32], merges: [String], bosID: Int? = nil,
    eosID: Int? = nil, chatTemplate: String? = nil
  ) {
    self.model = model
    self.pre = pre
    self.tokens = tokens
    self.tokenTypes = tokenTypes
    self.merges = merges
    self.bosID = bosID
    self.eosID = eosID
    self.chatTemplate = chatTemplate
  }
}

extension Tokenizer {
  /// Makes a tokenizer from GGUF metadata. Control and user-defined tokens are the added ones; control tokens are special.
  ///
  /// - Throws: `TokenizerError`: `.malformedFile`, or `.unsupported` with the name of what is not implemented.
  public convenience init(gguf: GGUFVocabulary) throws {
    guard gguf.model == "gpt2" else {
      throw TokenizerError(
        .unsupported, "tokenizer.ggml.model \(gguf.model) is not implemented; gpt2 (byte-level BPE) is")
    }
    let preTokenizer: PreTokenizer
    switch gguf.pre {
    case "llama-bpe", "llama3", "llama-v3": preTokenizer = .llama3
    case "smollm": preTokenizer = .smollm
    case "gpt-2": preTokenizer = .gpt2
    default:
      throw TokenizerError(
        .unsupported, "tokenizer.ggml.pre \(gguf.pre) is not implemented; llama-bpe, smollm and gpt-2 are")
    }
    guard gguf.tokenTypes.isEmpty || gguf.tokenTypes.count == gguf.tokens.count else {
      throw TokenizerError(
        .malformedFile,
        "tokenizer.ggml.token_type has \(gguf.tokenTypes.count) entries, tokenizer.ggml.tokens \(gguf.tokens.count)")
    }
    for (key, id) in [("bos", gguf.bosID), ("eos", gguf.eosID)] {
      if let id, !gguf.tokens.indices.contains(id) {
        throw TokenizerError(
          .malformedFile, "tokenizer.ggml.\(key)_token_id is \(id), but there are \(gguf.tokens.count) tokens")
      }
    }

    var builder = VocabularyBuilder()
    for (id, token) in gguf.tokens.enumerated() { try builder.setToken(id) { $0.append(contentsOf: token.utf8) } }
    builder.finishTokens()
    for merge in gguf.merges { try builder.addMerge { $0.append(contentsOf: merge.utf8) } }
    let addedTokens = zip(gguf.tokens, gguf.tokenTypes).enumerated().compactMap { id, entry -> AddedToken? in
      let (content, type) = entry
      guard type == 3 || type == 4, !content.isEmpty else { return nil }
      return AddedToken(id: id, content: content, isSpecial: type == 3)
    }
    self.init(
      Parts(
        vocabulary: builder.vocabulary, merges: builder.mergeTable(), preTokenizer: preTokenizer,
        // As llama.cpp does for this rule; the metadata has no key for it.
        ignoresMerges: preTokenizer == .llama3, addedTokens: addedTokens, bosID: gguf.bosID, eosID: gguf.eosID))
  }
}
