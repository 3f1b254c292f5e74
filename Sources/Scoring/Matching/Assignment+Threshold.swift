/// A pair of a row and a column whose score reaches the threshold.
public struct ScoredPair: Sendable, Hashable {
  public var row: Int
  public var column: Int
  public var score: Double

  public init(row: Int, column: Int, score: Double) {
    self.row = row
    self.column = column
    self.score = score
  }
}

extension Assignment {
  /// The largest matrix that is solved whole, as the reference does.
  static let largestWholeMatrix = 1 << 20

  /// The best assignment where only `candidates` (pairs that reach the threshold) score at all; those of its pairs
  /// that are candidates, in the order of the rows.
  ///
  /// A matrix of more than 2²⁰ cells is split into its connected parts first. The sum is the same; only where several
  /// assignments are best, another one than scipy's may be taken.
  static func best(
    candidates: [ScoredPair], rows: Int, columns: Int, budget: inout WorkBudget
  ) throws(ScoringError) -> [ScoredPair] {
    if candidates.isEmpty { return [] }
    if candidates.count == 1 { return candidates }
    let (cells, overflow) = rows.multipliedReportingOverflow(by: columns)
    if !overflow && cells <= largestWholeMatrix {
      return try solve(candidates, rows: rows, columns: columns, budget: &budget)
    }
    return try bestInParts(candidates: candidates, rows: rows, columns: columns, budget: &budget)
  }

  static func bestInParts(
    candidates: [ScoredPair], rows: Int, columns: Int, budget: inout WorkBudget
  ) throws(ScoringError) -> [ScoredPair] {
    var result: [ScoredPair] = []
    for part in connectedParts(candidates, rows: rows, columns: columns) {
      result += try solveCompacted(part, budget: &budget)
    }
    return result.sorted { $0.row < $1.row }
  }

  private static func solve(
    _ candidates: [ScoredPair], rows: Int, columns: Int, budget: inout WorkBudget
  ) throws(ScoringError) -> [ScoredPair] {
    var scores = [Double](repeating: 0, count: rows * columns)
    var isCandidate = [Bool](repeating: false, count: rows * columns)
    for candidate in candidates {
      scores[candidate.row * columns + candidate.column] = candidate.score
      isCandidate[candidate.row * columns + candidate.column] = true
    }
    let pairs = try best(scores: scores, rows: rows, columns: columns, budget: &budget)
    return pairs.compactMap { pair in
      let cell = pair.row * columns + pair.column
      return isCandidate[cell] ? ScoredPair(row: pair.row, column: pair.column, score: scores[cell]) : nil
    }
  }

  /// Solves a part in a matrix of only the rows and columns that occur in it.
  private static func solveCompacted(
    _ part: [ScoredPair], budget: inout WorkBudget
  ) throws(ScoringError) -> [ScoredPair] {
    let rows = Array(Set(part.map(\.row))).sorted()
    let columns = Array(Set(part.map(\.column))).sorted()
    // Sixteen bytes a cell; the budget bounds memory as well as time.
    try budget.spend(rows.count, times: columns.count, times: 16)
    let rowPlace = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
    let columnPlace = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
    let compacted = part.map {
      ScoredPair(row: rowPlace[$0.row] ?? 0, column: columnPlace[$0.column] ?? 0, score: $0.score)
    }
    return try solve(compacted, rows: rows.count, columns: columns.count, budget: &budget).map {
      ScoredPair(row: rows[$0.row], column: columns[$0.column], score: $0.score)
    }
  }

  private static func connectedParts(_ candidates: [ScoredPair], rows: Int, columns: Int) -> [[ScoredPair]] {
    var sets = DisjointSets(count: rows + columns)
    for candidate in candidates { sets.join(candidate.row, rows + candidate.column) }
    var parts: [Int: [ScoredPair]] = [:]
    for candidate in candidates { parts[sets.root(of: candidate.row), default: []].append(candidate) }
    return parts.values.sorted { $0[0].row < $1[0].row }
  }
}

/// Union-find with path halving.
private struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(of element: Int) -> Int {
    var element = element
    while parents[element] != element {
      parents[element] = parents[parents[element]]
      element = parents[element]
    }
    return element
  }

  mutating func join(_ first: Int, _ second: Int) {
    let a = root(of: first)
    let b = root(of: second)
    if a != b { parents[max(a, b)] = min(a, b) }
  }
}
