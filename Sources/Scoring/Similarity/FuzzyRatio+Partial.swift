import Text

extension FuzzyRatio {
  static func partialRatio(_ first: Scalars, _ second: Scalars) -> Double {
    var budget = WorkBudget(WorkLimit(steps: .max))
    return (try? partialRatio(first, second, budget: &budget)) ?? 0  // an unlimited budget cannot be exhausted
  }

  static func partialRatio(
    _ first: Scalars, _ second: Scalars, budget: inout WorkBudget
  ) throws(ScoringError) -> Double {
    let shorter = first.count <= second.count ? first : second
    let longer = first.count <= second.count ? second : first
    if shorter.isEmpty { return longer.isEmpty ? 100 : 0 }
    let score = try bestWindow(of: shorter, in: longer, budget: &budget)
    if score == 100 || shorter.count != longer.count { return score }
    return max(score, try bestWindow(of: longer, in: shorter, budget: &budget))
  }

  /// - Complexity: ⌈m/64⌉·m word steps for each window that is looked at. The common length of a window and of its
  ///   neighbour differ by at most one, so all windows that cannot beat the best one so far are jumped over.
  private static func bestWindow(
    of needle: Scalars, in text: Scalars, budget: inout WorkBudget
  ) throws(ScoringError) -> Double {
    let length = needle.count
    var best = 0
    var position = 0
    while position + length <= text.count {
      try budget.spend((length + 63) / 64, times: length)
      let common = needle.withRun { needle in
        text.withRun { LongestCommonSubsequence.length(needle, $0.dropFirst(position).prefix(length)) }
      }
      best = max(best, common)
      if best == length { return 100 }
      position += best - common + 1
    }
    var score = FuzzyRatio.score(indel: 2 * (length - best), total: 2 * length)

    // Windows that hang over an end of the text: shorter ones at its beginning and at its end.
    try budget.spend((length + 63) / 64, times: length, times: 2)
    let head = prefixLengths(needle, Scalars(text.prefix(length - 1)))
    let tail = prefixLengths(needle.reversed(), text.suffix(length - 1).reversed())
    for index in head.indices {
      let total = length + index + 1
      score = max(score, FuzzyRatio.score(indel: total - 2 * max(head[index], tail[index]), total: total))
    }
    return score
  }

  private static func prefixLengths(_ needle: Scalars, _ text: Scalars) -> [Int] {
    needle.withRun { needle in text.withRun { LongestCommonSubsequence.prefixLengths(needle, $0) } }
  }
}
