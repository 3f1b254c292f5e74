/// The tokenizer that a GGUF file carries, as plain values.
public struct GGUFVocabulary: Sendable {
  /// `tokenizer.ggml.model`: `gpt2` for byte-level BPE.
  public let model: String
  /// `tokenizer.ggml.pre`: the name of the pre-tokenizer's rule, `llama-bpe` or `smollm` for instance.
  public let preTokenizer: String?
  /// Token texts by id, in the byte-to-character alphabet of byte-level BPE. Compare by UTF-8, not with `==`.
  public let tokens: [String]
  /// Kind of each token; empty where the file has none.
  public let kinds: [Kind]
  /// Merges in order of rank, the two parts separated by a space.
  public let merges: [String]
  public let bosTokenID: Int?
  public let eosTokenID: Int?
  public let eotTokenID: Int?
  public let unknownTokenID: Int?
  public let paddingTokenID: Int?
  /// Whether a prompt begins with the first-token id; nil where the file does not say.
  public let addsBOS: Bool?
  /// The Jinja chat template.
  public let chatTemplate: String?

  /// ggml's token types.
  public enum Kind: Int, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }
}

extension GGUFFile {
  /// Reads the tokenizer; takes about 45 ms for 128,000 tokens and 280,000 merges.
  public func vocabulary() throws -> GGUFVocabulary {
    func fail(_ what: String) -> ModelFileError { ModelFileError(.malformed, "\(file.path): \(what)") }
    guard let model = metadata["tokenizer.ggml.model"]?.string,
      let tokens = try metadata["tokenizer.ggml.tokens"]?.array?.strings()
    else { throw fail("no tokenizer: \"tokenizer.ggml.model\" or \"tokenizer.ggml.tokens\" is missing") }
    guard !tokens.isEmpty else { throw fail("\"tokenizer.ggml.tokens\" is empty") }

    var kinds: [GGUFVocabulary.Kind] = []
    if let types = try metadata["tokenizer.ggml.token_type"]?.array?.integers() {
      guard types.count == tokens.count else {
        throw fail("\"tokenizer.ggml.token_type\" has \(types.count) entries for \(tokens.count) tokens")
      }
      kinds = try types.map {
        guard let kind = GGUFVocabulary.Kind(rawValue: $0) else {
          throw fail("\"tokenizer.ggml.token_type\" holds \($0), expected 1 to 6")
        }
        return kind
      }
    }
    func id(_ key: String) throws -> Int? { try integer("tokenizer.ggml.\(key)_token_id", in: 0...(tokens.count - 1)) }
    return GGUFVocabulary(
      model: model,
      preTokenizer: metadata["tokenizer.ggml.pre"]?.string,
      tokens: tokens,
      kinds: kinds,
      merges: try metadata["tokenizer.ggml.merges"]?.array?.strings() ?? [],
      bosTokenID: try id("bos"),
      eosTokenID: try id("eos"),
      eotTokenID: try id("eot"),
      unknownTokenID: try id("unknown"),
      paddingTokenID: try id("padding"),
      addsBOS: metadata["tokenizer.ggml.add_bos_token"]?.bool,
      chatTemplate: metadata["tokenizer.chat_template"]?.string
    )
  }
}
