import Text

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

/// The lower-case words of a text, split at whitespace, slashes, hyphens and commas.
struct WordSet {
  private struct Word {
    var hash: UInt64
    var text: Scalars
  }

  private var words: [Word] = []
  /// A bit for each word's hash: a word set can only contain another whose bits it has all.
  private(set) var signature: UInt64 = 0

  init(_ text: Scalars) {
    let parts = PythonText.split(text) {
      $0 == 0x20 || $0 == 0x2F || $0 == 0x2D || $0 == 0x2C || PythonText.isWhitespace($0)
    }
    words.reserveCapacity(parts.count)
    for part in parts {
      let word = PythonText.lowercased(part)
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
      for value in word { hash = (hash ^ UInt64(value)) &* 0x100_0000_01B3 }
      signature |= 1 &<< (hash >> 58)
      words.append(Word(hash: hash, text: word))
    }
  }

  var count: Int { words.count }

  /// False only if `contains` is.
  func mayContain(_ other: WordSet) -> Bool { other.signature & ~signature == 0 && !other.words.isEmpty }

  /// Whether all words of `other`, of which there must be some, are here.
  ///
  /// Plain search: names have few words, and the set of a very long name is built only if a signature does not decide.
  func contains(_ other: WordSet) -> Bool {
    if !mayContain(other) { return false }
    if words.count > 32 {
      let all = Set(words.map(\.text))
      return other.words.allSatisfy { all.contains($0.text) }
    }
    return other.words.allSatisfy(contains)
  }

  private func contains(_ word: Word) -> Bool {
    for own in words where own.hash == word.hash && own.text == word.text { return true }
    return false
  }
}

/// How often scalars of each of 32 classes occur in a text, at most 127 times.
///
/// Two texts differ by at least as many insertions and deletions as their histograms do: a cheap way to see that a pair
/// cannot be similar. Eight counts to a word, so that they are subtracted together.
struct ScalarHistogram {
  private var words: (UInt64, UInt64, UInt64, UInt64)

  init(_ text: Scalars) {
    var counts = [UInt8](repeating: 0, count: 32)
    for value in text where counts[Int(value & 31)] < 127 { counts[Int(value & 31)] += 1 }
    func word(_ start: Int) -> UInt64 {
      counts[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) }
    }
    words = (word(0), word(8), word(16), word(24))
  }

  /// A lower bound of the number of insertions and deletions.
  func leastIndel(to other: ScalarHistogram) -> Int {
    let sum =
      Self.differences(words.0, other.words.0) + Self.differences(words.1, other.words.1)
      + Self.differences(words.2, other.words.2) + Self.differences(words.3, other.words.3)
    // Four 16-bit sums of at most 1,016 each.
    return Int((sum &* 0x0001_0001_0001_0001) >> 48)
  }

  /// The absolute differences of eight bytes (0 to 127 each), added up in four 16-bit lanes.
  private static func differences(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let high: UInt64 = 0x8080_8080_8080_8080
    let low: UInt64 = 0x00FF_00FF_00FF_00FF
    let difference = (a | high) &- b  // 128 + a − b in each byte, without borrowing from the next
    let isNegative = (~difference & high) >> 7
    let mask = isNegative &* 0x7F
    // −x is the complement plus one.
    let absolute = ((difference & ~high) ^ mask) &+ isNegative
    return (absolute & low) &+ ((absolute >> 8) & low)
  }
}
