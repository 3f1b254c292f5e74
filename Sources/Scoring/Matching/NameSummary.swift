/// Summaries of two lists of names; empty ones let every pair pass.
final class NameOverview {
  private let firsts: [NameSummary]
  private let seconds: [NameSummary]
  private let threshold: Double
  private let mode: SimilarityMode

  init(_ matcher: NameMatcher, _ firsts: [PreparedName], _ seconds: [PreparedName]) {
    self.firsts = firsts.map(NameSummary.init)
    self.seconds = seconds.map(NameSummary.init)
    threshold = matcher.threshold
    mode = matcher.mode
  }

  /// False only for pairs that cannot reach the threshold.
  func mayReachThreshold(_ first: Int, _ second: Int) -> Bool {
    firsts.isEmpty || firsts[first].mayReach(threshold, with: seconds[second], mode: mode)
  }
}

/// What tells at a glance that two names cannot reach a threshold; for lists so long that looking closer at each pair
/// would take too long.
struct NameSummary {
  private var length: Int
  private var histogram: ScalarHistogram
  private var wordSignature: UInt64
  private var hasAcronyms: Bool

  init(_ name: PreparedName) {
    length = name.normalized.count
    histogram = name.histogram
    wordSignature = name.words.signature
    hasAcronyms = !name.acronyms.isEmpty
  }

  /// False only if the similarity (`balanced` or `strict`) is below `threshold`, in either order of the names.
  func mayReach(_ threshold: Double, with other: NameSummary, mode: SimilarityMode) -> Bool {
    let total = length + other.length
    if FuzzyRatio.score(indel: abs(length - other.length), total: total) / 100 >= threshold,
      FuzzyRatio.score(indel: histogram.leastIndel(to: other.histogram), total: total) / 100 >= threshold
    {
      return true
    }
    if mode == .strict { return false }
    if hasAcronyms || other.hasAcronyms { return true }
    let isShorter = length <= other.length
    let shorter = isShorter ? self : other
    let longer = isShorter ? other : self
    let missing = shorter.wordSignature & ~longer.wordSignature
    return Double(shorter.length) >= NameSimilarity.containmentFloor * Double(longer.length)
      && (missing == 0 || length == other.length && longer.wordSignature & ~shorter.wordSignature == 0)
  }
}
