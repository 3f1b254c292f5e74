/// Tokens that may come next: a list, together with a set that many states share.
public struct TokenSet: Sendable {
  /// Tokens in no order; none is in `shared`.
  public var listed: [Int32]
  /// Most of a vocabulary, or nil.
  public var shared: DenseTokens?

  public init(listed: [Int32] = [], shared: DenseTokens? = nil) {
    self.listed = listed
    self.shared = shared
  }

  public var count: Int { listed.count + (shared?.count ?? 0) }

  public func contains(_ token: Int) -> Bool { shared?.contains(token) == true || listed.contains(Int32(token)) }

  /// All of them, in no order.
  public var tokens: [Int] { listed.map(Int.init) + (shared?.tokens ?? []) }
}

/// A large set of tokens as bits, and as the list of those that are not in it.
public final class DenseTokens: Sendable {
  /// Bit i of word i / 64.
  public let words: [UInt64]
  public let count: Int
  /// The other tokens of the vocabulary, ascending.
  public let missing: [Int32]

  init(_ tokens: some Sequence<Int32>, vocabularySize: Int) {
    var words = [UInt64](repeating: 0, count: (vocabularySize + 63) / 64)
    for token in tokens { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }
    self.words = words
    count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    missing = (0..<Int32(vocabularySize)).filter { words[Int($0) >> 6] >> UInt64($0 & 63) & 1 == 0 }
  }

  public func contains(_ token: Int) -> Bool {
    token >= 0 && token >> 6 < words.count && words[token >> 6] >> UInt64(token & 63) & 1 != 0
  }

  /// Ascending.
  public var tokens: [Int] { (0..<words.count * 64).filter(contains) }
}
