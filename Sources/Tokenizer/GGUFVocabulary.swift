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

extension GGUFVocabulary {
  /// The pre-tokenizer's rule by its name.
  /// - Throws: `TokenizerError` of code `.unsupported` for another kind of tokenizer or an unknown rule.
  func rule() throws -> PreTokenizer {
    guard model == "gpt2" else {
      throw TokenizerError(
        .unsupported, "tokenizer.ggml.model \(model) is not implemented; gpt2 (byte-level BPE) is")
    }
    switch preTokenizer {
    case "llama-bpe", "llama3", "llama-v3": return .llama3
    case "smollm": return .smollm
    case "gpt-2": return .gpt2
    default:
      throw TokenizerError(
        .unsupported, "tokenizer.ggml.pre \(preTokenizer ?? "") is not implemented; llama-bpe, smollm and gpt-2 are")
    }
  }

  /// Control and user-defined tokens are the added ones; control tokens are special.
  var addedTokens: [AddedToken] {
    zip(tokens, kinds).enumerated().compactMap { id, entry in
      let (content, kind) = entry
      guard kind == .control || kind == .userDefined, !content.isEmpty else { return nil }
      return AddedToken(id: id, content: content, isSpecial: kind == .control)
    }
  }

  /// Whether a word that is a token as a whole is taken as that token: llama.cpp does it for this rule; the metadata
  /// has no key for it.
  static func ignoresMerges(_ rule: PreTokenizer) -> Bool { rule == .llama3 }

  /// Checks that the parts belong together.
  /// - Throws: `TokenizerError` of code `.malformedFile`.
  func check() throws {
    guard kinds.isEmpty || kinds.count == tokens.count else {
      throw TokenizerError(
        .malformedFile,
        "tokenizer.ggml.token_type has \(kinds.count) entries, tokenizer.ggml.tokens \(tokens.count)")
    }
    for (key, id) in [
      ("bos", bosTokenID), ("eos", eosTokenID), ("unknown", unknownTokenID), ("padding", paddingTokenID),
    ] {
      if let id, !tokens.indices.contains(id) {
        throw TokenizerError(
          .malformedFile, "tokenizer.ggml.\(key)_token_id is \(id), but there are \(tokens.count) tokens")
      }
    }
  }
}

extension Tokenizer {
  /// Makes a tokenizer from GGUF metadata.
  ///
  /// - Throws: `TokenizerError`: `.malformedFile`, or `.unsupported` with the name of what is not implemented.
  public convenience init(gguf: GGUFVocabulary) throws {
    let preTokenizer = try gguf.rule()
    try gguf.check()
    var builder = VocabularyBuilder()
    for (id, token) in gguf.tokens.enumerated() { try builder.setToken(id) { $0.append(contentsOf: token.utf8) } }
    builder.finishTokens()
    for merge in gguf.merges { try builder.addMerge { $0.append(contentsOf: merge.utf8) } }
    self.init(
      Parts(
        vocabulary: builder.vocabulary, merges: builder.mergeTable(), preTokenizer: preTokenizer,
        ignoresMerges: GGUFVocabulary.ignoresMerges(preTokenizer), addedTokens: gguf.addedTokens,
        bosID: gguf.bosTokenID, eosID: gguf.eosTokenID))
  }
}
