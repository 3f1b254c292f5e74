import Text

/// The string similarities of rapidfuzz 3 (`rapidfuzz.fuzz`), 0 to 100, on Unicode scalars and case-sensitive.
///
/// Each value is computed with rapidfuzz's order of floating-point operations, because thresholds such as 0.8 are
/// often hit exactly.
public enum FuzzyRatio {
  /// 100·(1 − indel/(m + n)), where indel counts insertions and deletions only; 100 for two empty strings.
  ///
  ///     FuzzyRatio.ratio("abcd", "abed")  // 75
  public static func ratio(_ first: String, _ second: String) -> Double {
    ratio(first.scalarValues, second.scalarValues)
  }

  /// The best `ratio` of the shorter string with any stretch of the longer one that is as long as it, or shorter and
  /// at either end.
  public static func partialRatio(_ first: String, _ second: String) -> Double {
    partialRatio(first.scalarValues, second.scalarValues)
  }

  /// `ratio` of the strings with their whitespace-separated tokens sorted.
  public static func tokenSortRatio(_ first: String, _ second: String) -> Double {
    ratio(sortedTokens(first.scalarValues), sortedTokens(second.scalarValues))
  }

  /// Compares the tokens that both have with those that only one has; 100 if one's tokens contain the other's.
  public static func tokenSetRatio(_ first: String, _ second: String) -> Double {
    tokenSetRatio(TokenSet(first.scalarValues), TokenSet(second.scalarValues))
  }

  static func ratio(_ first: Scalars, _ second: Scalars) -> Double {
    let total = first.count + second.count
    if total == 0 { return 100 }
    let common = LongestCommonSubsequence.length(first, second)
    return score(indel: total - 2 * common, total: total)
  }

  static func score(indel: Int, total: Int) -> Double {
    total == 0 ? 100 : (1.0 - Double(indel) / Double(total)) * 100
  }

  /// What the lengths alone allow `ratio` to be at most.
  static func bound(_ first: Scalars, _ second: Scalars) -> Double {
    score(indel: abs(first.count - second.count), total: first.count + second.count)
  }

  static func sortedTokens(_ text: Scalars) -> Scalars {
    join(tokens(text).sorted { $0.lexicographicallyPrecedes($1) })
  }

  /// The tokens between whitespace. rapidfuzz stores text without a scalar above U+00FF as bytes and then does not take
  /// U+0085 and U+00A0 for whitespace.
  private static func tokens(_ text: Scalars) -> [ArraySlice<UInt32>] {
    let isWide = text.contains { $0 > 0xFF }
    return PythonText.split(text) { PythonText.isWhitespace($0) && (isWide || $0 != 0x85 && $0 != 0xA0) }
  }

  private static func join(_ tokens: [ArraySlice<UInt32>]) -> Scalars {
    var joined = Scalars()
    joined.reserveCapacity(tokens.reduce(0) { $0 + $1.count + 1 })
    for token in tokens {
      if !joined.isEmpty { joined.append(0x20) }
      joined.append(contentsOf: token)
    }
    return joined
  }

  /// The distinct tokens of a text in the order of their scalars.
  struct TokenSet {
    var tokens: [ArraySlice<UInt32>] = []

    init(_ text: Scalars) {
      for token in FuzzyRatio.tokens(text).sorted(by: { $0.lexicographicallyPrecedes($1) }) where token != tokens.last {
        tokens.append(token)
      }
    }
  }

  static func tokenSetRatio(_ first: TokenSet, _ second: TokenSet) -> Double {
    if first.tokens.isEmpty || second.tokens.isEmpty { return 0 }
    var shared: [ArraySlice<UInt32>] = []
    var onlyFirst: [ArraySlice<UInt32>] = []
    var onlySecond: [ArraySlice<UInt32>] = []
    var i = 0
    var j = 0
    while i < first.tokens.count && j < second.tokens.count {
      let a = first.tokens[i]
      let b = second.tokens[j]
      if a == b {
        shared.append(a)
        i += 1
        j += 1
      } else if a.lexicographicallyPrecedes(b) {
        onlyFirst.append(a)
        i += 1
      } else {
        onlySecond.append(b)
        j += 1
      }
    }
    onlyFirst += first.tokens[i...]
    onlySecond += second.tokens[j...]
    if !shared.isEmpty && (onlyFirst.isEmpty || onlySecond.isEmpty) { return 100 }

    // The three strings compared are: shared, shared + only first, shared + only second.
    let firstRest = join(onlyFirst)
    let secondRest = join(onlySecond)
    let sharedLength = join(shared).count
    let space = sharedLength > 0 ? 1 : 0
    let firstLength = sharedLength + space + firstRest.count
    let secondLength = sharedLength + space + secondRest.count
    let indel =
      firstRest.count + secondRest.count - 2 * LongestCommonSubsequence.length(firstRest, secondRest)
    let both = percentage(distance: indel, of: firstLength + secondLength)
    if sharedLength == 0 { return both }
    let withFirst = percentage(distance: space + firstRest.count, of: sharedLength + firstLength)
    let withSecond = percentage(distance: space + secondRest.count, of: sharedLength + secondLength)
    return max(both, withFirst, withSecond)
  }

  /// rapidfuzz rounds differently here than in `ratio`.
  private static func percentage(distance: Int, of total: Int) -> Double {
    total == 0 ? 100 : 100.0 - 100.0 * Double(distance) / Double(total)
  }
}
