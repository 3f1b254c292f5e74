/// A tokenizer as a GGUF file's metadata describes it (`tokenizer.ggml.*`), as plain values.
public struct GGUFVocabulary: Sendable {
  /// `tokenizer.ggml.model`: `gpt2` is byte-level byte-pair encoding.
  public var model: String
  /// `tokenizer.ggml.pre`: the name of the pre-tokenizer's rule, `llama-bpe` or `smollm` for instance.
  public var preTokenizer: String?
  /// Token texts by id, in the byte-to-character alphabet of byte-level BPE. Compare by UTF-8, not with `==`.
  public var tokens: [String]
  /// Kind of each token; empty where the file has none.
  public var kinds: [Kind]
  /// Merges in order of rank, the two parts separated by a space.
  public var merges: [String]
  public var bosTokenID: Int?
  public var eosTokenID: Int?
  public var eotTokenID: Int?
  public var unknownTokenID: Int?
  public var paddingTokenID: Int?
  /// Whether a prompt begins with the first-token id; nil where the file does not say.
  public var addsBOS: Bool?
  /// The Jinja chat template, for `ChatTemplate`.
  public var chatTemplate: String?

  /// ggml's token types.
  public enum Kind: Int, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  public init(
    model: String, preTokenizer: String?, tokens: [String], kinds: [Kind], merges: [String], bosTokenID: Int? = nil,
    eosTokenID: Int? = nil, eotTokenID: Int? = nil, unknownTokenID: Int? = nil, paddingTokenID: Int? = nil,
    addsBOS: Bool? = nil, chatTemplate: String? = nil
  ) {
    self.model = model
    self.preTokenizer = preTokenizer
    self.tokens = tokens
    self.kinds = kinds
    self.merges = merges
    self.bosTokenID = bosTokenID
    self.eosTokenID = eosTokenID
    self.eotTokenID = eotTokenID
    self.unknownTokenID = unknownTokenID
    self.paddingTokenID = paddingTokenID
    self.addsBOS = addsBOS
    self.chatTemplate = chatTemplate
  }
}

extension Tokenizer {
  /// Makes a tokenizer from GGUF metadata. Control and user-defined tokens are the added ones; control tokens are
  /// special.
  ///
  /// - Throws: `TokenizerError`: `.malformedFile`, or `.unsupported` with the name of what is not implemented.
  public convenience init(gguf: GGUFVocabulary) throws {
    guard gguf.model == "gpt2" else {
      throw TokenizerError(
        .unsupported, "tokenizer.ggml.model \(gguf.model) is not implemented; gpt2 (byte-level BPE) is")
    }
    let preTokenizer: PreTokenizer
    switch gguf.preTokenizer {
    case "llama-bpe", "llama3", "llama-v3": preTokenizer = .llama3
    case "smollm": preTokenizer = .smollm
    case "gpt-2": preTokenizer = .gpt2
    default:
      throw TokenizerError(
        .unsupported,
        "tokenizer.ggml.pre \(gguf.preTokenizer ?? "") is not implemented; llama-bpe, smollm and gpt-2 are")
    }
    guard gguf.kinds.isEmpty || gguf.kinds.count == gguf.tokens.count else {
      throw TokenizerError(
        .malformedFile,
        "tokenizer.ggml.token_type has \(gguf.kinds.count) entries, tokenizer.ggml.tokens \(gguf.tokens.count)")
    }
    for (key, id) in [("bos", gguf.bosTokenID), ("eos", gguf.eosTokenID)] {
      if let id, !gguf.tokens.indices.contains(id) {
        throw TokenizerError(
          .malformedFile, "tokenizer.ggml.\(key)_token_id is \(id), but there are \(gguf.tokens.count) tokens")
      }
    }

    var builder = VocabularyBuilder()
    for (id, token) in gguf.tokens.enumerated() { try builder.setToken(id) { $0.append(contentsOf: token.utf8) } }
    builder.finishTokens()
    for merge in gguf.merges { try builder.addMerge { $0.append(contentsOf: merge.utf8) } }
    let addedTokens = zip(gguf.tokens, gguf.kinds).enumerated().compactMap { id, entry -> AddedToken? in
      let (content, kind) = entry
      guard kind == .control || kind == .userDefined, !content.isEmpty else { return nil }
      return AddedToken(id: id, content: content, isSpecial: kind == .control)
    }
    self.init(
      Parts(
        vocabulary: builder.vocabulary, merges: builder.mergeTable(), preTokenizer: preTokenizer,
        // As llama.cpp does for this rule; the metadata has no key for it.
        ignoresMerges: preTokenizer == .llama3, addedTokens: addedTokens, bosID: gguf.bosTokenID, eosID: gguf.eosTokenID
      ))
  }
}
