import Funding

/// Which two lists of names are compared, and at what similarity they match.
struct NameMatcher {
  var mode: SimilarityMode
  var threshold: Double
  var budget: WorkBudget

  /// The best one-to-one matching of gold and predicted names whose similarity reaches the threshold.
  mutating func match(
    gold: [PreparedName], predicted: [PreparedName]
  ) throws(ScoringError) -> [ScoredPair] {
    var candidates: [ScoredPair] = []
    let overview = try overview(gold, predicted)
    for (row, goldName) in gold.enumerated() {
      for column in predicted.indices where overview.mayReachThreshold(row, column) {
        let score = try score(goldName, predicted[column])
        if score >= threshold { candidates.append(ScoredPair(row: row, column: column, score: score)) }
      }
    }
    return try Assignment.best(
      candidates: candidates, rows: gold.count, columns: predicted.count, budget: &budget)
  }

  /// What tells the pairs of two lists apart at a glance, where there are so many pairs that it pays.
  mutating func overview(
    _ firsts: [PreparedName], _ seconds: [PreparedName]
  ) throws(ScoringError) -> NameOverview {
    let (pairs, overflow) = firsts.count.multipliedReportingOverflow(by: seconds.count)
    if mode == .permissive || !overflow && pairs <= 10_000 { return NameOverview(self, [], []) }
    try budget.spend(WorkLimit.stepsPerGlance, times: firsts.count, times: seconds.count)
    return NameOverview(self, firsts, seconds)
  }

  mutating func score(_ first: PreparedName, _ second: PreparedName) throws(ScoringError) -> Double {
    try NameSimilarity.score(first, second, mode: mode, threshold: threshold, budget: &budget)
  }
}

/// A funder whose name is prepared for comparison.
struct PreparedFunder {
  /// Nil where the funder has no name (or an empty one).
  var name: PreparedName?
  var awards: [Award]

  init(name: PreparedName?, awards: [Award]) {
    self.name = name
    self.awards = awards
  }

  /// Without empty values: the reference drops them when it reads a list.
  init(_ funder: Funder) {
    let funder = funder.withoutEmptyValues
    self.init(name: funder.name.map(PreparedName.init), awards: funder.awards)
  }

  var awardIDs: [String] { awards.flatMap(\.awardIDs) }
  var fundingSchemes: [String] { awards.flatMap(\.fundingSchemes) }
  var awardTitles: [String] { awards.flatMap(\.awardTitles) }
}
