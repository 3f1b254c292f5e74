import Text

/// How award ids are compared.
public enum AwardIDMode: String, Sendable, CaseIterable {
  /// Without whitespace, hyphens and slashes, in upper case. Dots and all other characters count.
  case normalized
  /// Without whitespace at the ends, in upper case.
  case exact
}

/// Award ids: when two are the same, and when nearly.
public enum AwardID {
  /// The id in the form in which ids are compared.
  ///
  ///     AwardID.normalize(" ep/k029797-1 ")  // "EPK0297971"
  public static func normalize(_ id: String, mode: AwardIDMode = .normalized) -> String {
    String(scalars: normalized(id, mode: mode))
  }

  static func normalized(_ id: String, mode: AwardIDMode) -> Scalars {
    let upper = PythonText.uppercased(PythonText.strip(id.scalarValues[...]))
    if mode == .exact { return upper }
    return upper.filter { !(PythonText.isWhitespace($0) || $0 == 0x2D || $0 == 0x2F) }
  }

  /// Whether two ids are the same.
  public static func matches(_ predicted: String, _ gold: String, mode: AwardIDMode = .normalized) -> Bool {
    normalized(predicted, mode: mode) == normalized(gold, mode: mode)
  }

  /// The soft score of the reward: 1 for the same id; `partialScore` for one whose edit distance is small; else 0.
  ///
  /// - Parameters:
  ///   - maximumDistance: the largest edit distance that still scores. Above 1 the score falls with the distance d:
  ///     `partialScore · (1 − (d − 1)/maximumDistance)`.
  ///   - minimumLength: both ids must have so many characters, or a near miss scores nothing.
  public static func softScore(
    _ predicted: String, _ gold: String, mode: AwardIDMode = .normalized, partialScore: Double = 0.5,
    maximumDistance: Int = 1, minimumLength: Int = 6
  ) -> Double {
    let a = normalized(predicted, mode: mode)
    let b = normalized(gold, mode: mode)
    if a == b { return 1 }
    guard min(a.count, b.count) >= minimumLength,
      let distance = Levenshtein.distance(a, b, cutoff: maximumDistance)
    else { return 0 }
    if maximumDistance <= 1 { return partialScore }
    return partialScore * (1 - Double(distance - 1) / Double(maximumDistance))
  }

  /// The score of a near miss in the two-phase matching.
  static let nearMissScore = 0.5
  static let nearMissMinimumLength = 6

  /// Matches ids one to one: the same ids first, so that a near miss never displaces one; with `soft` then as many near
  /// misses (edit distance 1, at least 6 characters each, 0.5) as possible among the rest.
  ///
  /// The reference solves both phases as assignment problems. All their scores are equal, so the sum only depends on
  /// the number of pairs, and counting equal ids and a maximum bipartite matching give the same.
  static func match(
    gold: [String], predicted: [String], mode: AwardIDMode, soft: Bool, budget: inout WorkBudget
  ) throws(ScoringError) -> [ScoredPair] {
    if gold.isEmpty || predicted.isEmpty { return [] }
    let goldIDs = gold.map { normalized($0, mode: mode) }
    let predictedIDs = predicted.map { normalized($0, mode: mode) }

    let (equal, leftGold, leftPredicted) = equalPairs(goldIDs, predictedIDs)
    if !soft || leftGold.isEmpty || leftPredicted.isEmpty { return equal }
    let near = try nearMisses(
      leftGold.map { goldIDs[$0] }, leftPredicted.map { predictedIDs[$0] }, budget: &budget)
    var pairs = equal
    for pair in try BipartiteMatching.maximum(near, columns: leftPredicted.count, budget: &budget) {
      pairs.append(
        ScoredPair(row: leftGold[pair.row], column: leftPredicted[pair.column], score: nearMissScore))
    }
    return pairs
  }

  private static func equalPairs(
    _ gold: [Scalars], _ predicted: [Scalars]
  ) -> (pairs: [ScoredPair], leftGold: [Int], leftPredicted: [Int]) {
    var pairs: [ScoredPair] = []
    var leftGold: [Int] = []
    if gold.count * predicted.count <= 256 {
      // Few ids: searching is faster than hashing.
      var leftPredicted = Array(predicted.indices)
      for (index, id) in gold.enumerated() {
        if let place = leftPredicted.firstIndex(where: { predicted[$0] == id }) {
          pairs.append(ScoredPair(row: index, column: leftPredicted.remove(at: place), score: 1))
        } else {
          leftGold.append(index)
        }
      }
      return (pairs, leftGold, leftPredicted)
    }
    var unused: [Scalars: [Int]] = [:]
    for (index, id) in predicted.enumerated().reversed() { unused[id, default: []].append(index) }
    for (index, id) in gold.enumerated() {
      if let partner = unused[id]?.popLast() {
        pairs.append(ScoredPair(row: index, column: partner, score: 1))
      } else {
        leftGold.append(index)
      }
    }
    return (pairs, leftGold, unused.values.joined().sorted())
  }

  /// For each gold id the predicted ones at edit distance 1.
  private static func nearMisses(
    _ gold: [Scalars], _ predicted: [Scalars], budget: inout WorkBudget
  ) throws(ScoringError) -> [[Int]] {
    var near: [[Int]] = []
    for goldID in gold {
      var partners: [Int] = []
      try budget.spend(4, times: predicted.count)
      if goldID.count >= nearMissMinimumLength {
        for (index, predictedID) in predicted.enumerated() where predictedID.count >= nearMissMinimumLength {
          guard abs(goldID.count - predictedID.count) <= 1 else { continue }
          try budget.spend(goldID.count)
          if Levenshtein.distance(goldID, predictedID, cutoff: 1) == 1 { partners.append(index) }
        }
      }
      near.append(partners)
    }
    return near
  }
}
