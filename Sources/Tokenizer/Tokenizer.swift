/// A byte-level byte-pair tokenizer (Llama 3, SmolLM2, GPT-2), made from a `tokenizer.json` or a GGUF file's metadata.
///
/// Ids never include a begin-of-text token that the text does not have.
public final class Tokenizer: Sendable {
  /// The id that begins a text, if the file names one.
  public let bosID: Int?
  /// The id that ends an answer, if the file names one. Generation configurations may name more.
  public let eosID: Int?
  public let preTokenizer: PreTokenizer
  /// One more than the highest id.
  public var vocabularySize: Int { vocabulary.count }

  let vocabulary: Vocabulary
  let addedTokens: AddedTokenMatcher
  /// Ids of special tokens, which decoding leaves out on request.
  let specialIDs: Set<Int>
  let merges: MergeTable
  let tokenOfByte: [UInt32?]
  /// Whether a word that has the bytes of this id is this token, so that merging can be skipped.
  let isWholeWord: [Bool]

  /// What the readers of the two file formats find.
  struct Parts {
    /// All tokens, indexed without those of `addedTokens` that lie outside the byte-pair vocabulary.
    var vocabulary: Vocabulary
    var merges: MergeTable
    var preTokenizer: PreTokenizer
    /// A word that is a token as a whole is taken as that token, whatever the merges would make of it.
    var ignoresMerges: Bool
    var addedTokens: [AddedToken]
    var bosID: Int?
    var eosID: Int?
  }

  init(_ parts: Parts) {
    vocabulary = parts.vocabulary
    merges = parts.merges
    preTokenizer = parts.preTokenizer
    addedTokens = AddedTokenMatcher(parts.addedTokens)
    specialIDs = Set(parts.addedTokens.lazy.filter(\.isSpecial).map(\.id))
    bosID = parts.bosID
    eosID = parts.eosID

    let vocabulary = parts.vocabulary
    let tokenOfByte = (UInt8.min...UInt8.max).map { byte in
      withUnsafeBytes(of: byte) { vocabulary.id(of: $0.assumingMemoryBound(to: UInt8.self)) }
    }
    self.tokenOfByte = tokenOfByte

    var isWholeWord = [Bool](repeating: parts.ignoresMerges, count: vocabulary.count)
    if !parts.ignoresMerges {
      // Merging decides, once and for all, which tokens a word can become as a whole.
      var merger = BytePairMerger(merges: parts.merges, tokenOfByte: tokenOfByte)
      for id in isWholeWord.indices {
        guard let bytes = vocabulary.bytes(of: id) else { continue }
        bytes.withUnsafeBufferPointer { merger.split($0) }
        isWholeWord[id] = merger.tokens.count == 1 && merger.tokens[0] == UInt32(id)
      }
    }
    for token in parts.addedTokens where isWholeWord.indices.contains(token.id) { isWholeWord[token.id] = false }
    self.isWholeWord = isWholeWord
  }

  /// The id of a special or added token by its exact content, such as `<|eot_id|>`.
  public func id(ofSpecialToken content: String) -> Int? { addedTokens.id(of: content) }

  /// Whether decoding leaves this id out when asked to skip special tokens.
  public func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }

  /// Whether this is an added token, special or not: no text that is encoded as plain becomes it.
  public func isAddedToken(_ id: Int) -> Bool { addedTokens.idSet.contains(id) }

  /// The bytes that a token stands for; a special token's are its content. Nil for an id without a token.
  public func tokenBytes(_ id: Int) -> ArraySlice<UInt8>? { vocabulary.bytes(of: id) }

  /// What makes other ids of some texts than another tokenizer does, as in `it has … than the other`; nil: nothing.
  package func difference(from other: Tokenizer) -> String? {
    let ids = (0..<max(vocabularySize, other.vocabularySize)).filter {
      tokenBytes($0) != other.tokenBytes($0) || isAddedToken($0) != other.isAddedToken($0)
    }
    if let id = ids.first {
      let text = (tokenBytes(id) ?? other.tokenBytes(id)).map { String(decoding: $0, as: UTF8.self) } ?? ""
      return "\(ids.count) other tokens, such as \"\(text)\" (id \(id)),"
    }
    if !merges.isSame(as: other.merges) { return "other merges" }
    return preTokenizer == other.preTokenizer ? nil : "another division into words"
  }
}
