/// A name or title with what its comparisons need, each computed once and only when asked for.
final class PreparedName {
  let original: String
  let normalized: Scalars
  private(set) lazy var sortedTokens = FuzzyRatio.sortedTokens(normalized)
  private(set) lazy var histogram = ScalarHistogram(normalized)
  private(set) lazy var uppercased = PythonText.uppercased(normalized)
  private(set) lazy var acronyms = Self.parenthesisedAcronyms(normalized)
  private(set) lazy var words = WordSet(normalized)
  private(set) lazy var tokenSet = FuzzyRatio.TokenSet(normalized)

  init(_ original: String) {
    self.original = original
    normalized = TextNormalization.normalize(original.scalarValues)
  }

  /// The upper-case texts of at most 10 characters in parentheses, upper-cased in full: `Foo Bar (FB)` has `FB`.
  private static func parenthesisedAcronyms(_ text: Scalars) -> [Scalars] {
    guard text.contains(0x28) else { return [] }
    var acronyms: [Scalars] = []
    var index = 0
    while let open = text[index...].firstIndex(of: 0x28), let close = text[open...].firstIndex(of: 0x29) {
      index = close + 1
      // An opening parenthesis directly before the closing one begins nothing, but an earlier one may reach over it.
      if close == open + 1 {
        index = open + 1
        continue
      }
      let inside = PythonText.strip(text[(open + 1)..<close])
      if inside.count <= 10 && PythonText.isUppercase(inside) { acronyms.append(PythonText.uppercased(inside)) }
    }
    return acronyms
  }
}

/// The distinct lower-case words of a text, split at whitespace, slashes, hyphens and commas.
struct WordSet {
  private var words: Set<Scalars> = []
  /// A bit for each word's hash: a word set can only contain another whose bits it has all.
  private var signature: UInt64 = 0

  init(_ text: Scalars) {
    let parts = PythonText.split(text) {
      $0 == 0x20 || $0 == 0x2F || $0 == 0x2D || $0 == 0x2C || PythonText.isWhitespace($0)
    }
    for part in parts {
      let word = PythonText.lowercased(part)
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      for value in word { hash = (hash ^ UInt64(value)) &* 0x100_0000_01B3 }
      signature |= 1 &<< (hash >> 58)
      words.insert(word)
    }
  }

  /// Whether all words of `other`, of which there must be some, are here.
  func contains(_ other: WordSet) -> Bool {
    other.signature & ~signature == 0 && !other.words.isEmpty && other.words.isSubset(of: words)
  }
}

/// How often scalars of each of 32 classes occur in a text, at most 255.
///
/// Two texts differ by at least as many insertions and deletions as their histograms do: a cheap way to see that a pair
/// cannot be similar.
struct ScalarHistogram {
  private var counts = SIMD32<UInt8>(repeating: 0)

  init(_ text: Scalars) {
    var totals = [Int](repeating: 0, count: 32)
    for value in text { totals[Int(value & 31)] += 1 }
    for index in 0..<32 { counts[index] = UInt8(min(255, totals[index])) }
  }

  /// A lower bound of the number of insertions and deletions.
  func leastIndel(to other: ScalarHistogram) -> Int {
    let larger = pointwiseMax(counts, other.counts)
    let smaller = pointwiseMin(counts, other.counts)
    let difference = larger &- smaller
    let wide = SIMD32<UInt16>(truncatingIfNeeded: difference)
    return Int(wide.wrappedSum())
  }
}
