/// How names and titles are compared.
public enum SimilarityMode: String, Sendable, CaseIterable {
  /// The best of partial ratio, token sort ratio and token set ratio: "NSF" is part of much.
  case permissive
  /// Token sort ratio, raised to 0.90 for an acronym in parentheses and to 0.85 where all words of the shorter text
  /// stand in the longer one. The reference's default.
  case balanced
  /// Token sort ratio alone.
  case strict
}

/// Similarity of names and titles, 0 to 1, after normalisation.
public enum NameSimilarity {
  /// The similarity of two texts as the reference computes it (`similarity`, `similarity_strict`,
  /// `similarity_permissive`).
  ///
  ///     NameSimilarity.similarity("National Science Foundation (NSF)", "NSF")  // 0.9
  ///
  /// Not symmetric in `balanced` mode where both normalised texts have the same length: the first then counts as the
  /// shorter one.
  public static func similarity(_ first: String, _ second: String, mode: SimilarityMode = .balanced) -> Double {
    var budget = WorkBudget(WorkLimit(steps: .max))
    let value = try? score(
      PreparedName(first), PreparedName(second), mode: mode, threshold: 0, budget: &budget)
    return value ?? 0  // an unlimited budget cannot be exhausted
  }

  /// The parenthesised acronym's score, and the least `ratio` (0 to 100) at which the shorter text counts as it.
  static let acronymScore = 0.90
  static let acronymRatio = 90.0
  /// The score of full word containment, and the least ratio of the lengths for it.
  static let containmentScore = 0.85
  static let containmentFloor = 0.45

  /// The similarity where it reaches `threshold`; else any value below the threshold.
  ///
  /// Not inlined: inlined into the loop of `SimilarFunders` it crashes the optimiser of Swift 6.3.1.
  @inline(never)
  static func score(
    _ first: PreparedName, _ second: PreparedName, mode: SimilarityMode, threshold: Double, budget: inout WorkBudget
  ) throws(ScoringError) -> Double {
    switch mode {
    case .strict:
      return try tokenSort(first, second, threshold: threshold, budget: &budget)
    case .permissive:
      return try permissive(first, second, budget: &budget)
    case .balanced:
      if first.normalized.isEmpty || second.normalized.isEmpty { return 0 }
      let tokenSort = try tokenSort(first, second, threshold: threshold, budget: &budget)
      let isFirstShorter = first.normalized.count <= second.normalized.count
      let shorter = isFirstShorter ? first : second
      let longer = isFirstShorter ? second : first
      if acronymScore > tokenSort, try hasAcronym(longer, matching: shorter, budget: &budget) { return acronymScore }
      if containmentScore > tokenSort, try isContained(shorter, in: longer, budget: &budget) {
        return containmentScore
      }
      return tokenSort
    }
  }

  private static func tokenSort(
    _ first: PreparedName, _ second: PreparedName, threshold: Double, budget: inout WorkBudget
  ) throws(ScoringError) -> Double {
    try budget.spend(WorkLimit.stepsPerPair)
    // Sorting tokens keeps their letters, so lengths and letters bound the ratio. Collapsed whitespace keeps the
    // length, too: the normalised text's length is that of its sorted tokens.
    let total = first.normalized.count + second.normalized.count
    let lengths = abs(first.normalized.count - second.normalized.count)
    if FuzzyRatio.score(indel: lengths, total: total) / 100 < threshold { return 0 }
    let least = first.histogram.leastIndel(to: second.histogram)
    if FuzzyRatio.score(indel: least, total: total) / 100 < threshold { return 0 }
    if first.normalized == second.normalized { return 1 }
    try budget.spend(
      first.normalized.count, times: (second.normalized.count + 63) / 64)
    return FuzzyRatio.ratio(first.sortedTokens, second.sortedTokens) / 100
  }

  private static func hasAcronym(
    _ longer: PreparedName, matching shorter: PreparedName, budget: inout WorkBudget
  ) throws(ScoringError) -> Bool {
    // An acronym has at most 10 characters and upper-casing never shortens: at 13 the lengths part them.
    guard !longer.acronyms.isEmpty, shorter.normalized.count <= 12 || longer.acronyms.contains(where: { $0.count > 10 })
    else { return false }
    try budget.spend(longer.acronyms.count, times: WorkLimit.stepsPerPair)
    return longer.acronyms.contains { FuzzyRatio.ratio(shorter.uppercased, $0) >= acronymRatio }
  }

  private static func isContained(
    _ shorter: PreparedName, in longer: PreparedName, budget: inout WorkBudget
  ) throws(ScoringError) -> Bool {
    let lengths = Double(shorter.normalized.count) / Double(longer.normalized.count)
    guard lengths >= containmentFloor, longer.words.mayContain(shorter.words) else { return false }
    try budget.spend(longer.words.count + shorter.words.count, times: 50)
    return longer.words.contains(shorter.words)
  }

  private static func permissive(
    _ first: PreparedName, _ second: PreparedName, budget: inout WorkBudget
  ) throws(ScoringError) -> Double {
    let shorter = min(first.normalized.count, second.normalized.count)
    let longer = max(first.normalized.count, second.normalized.count)
    try budget.spend(WorkLimit.stepsPerPair)
    if first.normalized == second.normalized { return 1 }
    try budget.spend(longer, times: (shorter + 63) / 64, times: 2)
    let partial = try FuzzyRatio.partialRatio(first.normalized, second.normalized, budget: &budget)
    if partial == 100 { return 1 }
    let sorted = FuzzyRatio.ratio(first.sortedTokens, second.sortedTokens)
    let set = FuzzyRatio.tokenSetRatio(first.tokenSet, second.tokenSet)
    return max(partial, sorted, set) / 100
  }
}
