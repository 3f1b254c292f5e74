/// The assignment problem: pair rows with columns, each at most once, so that the sum of the scores is largest.
public enum Assignment {
  /// A row and the column it is paired with.
  public struct Pair: Sendable, Hashable {
    public var row: Int
    public var column: Int

    public init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  /// The best assignment of a rectangular matrix (row by row), in the order of the rows; min(rows, columns) pairs.
  ///
  /// The shortest augmenting path algorithm of Crouse ("On implementing 2D rectangular assignment algorithms", 2016).
  /// Where several assignments are best it takes the same one as scipy's `linear_sum_assignment`: the orders of rows
  /// and columns below are scipy's.
  ///
  /// - Complexity: O(n³) at worst for an n × n matrix, O(n²) memory.
  public static func best(scores: [Double], rows: Int, columns: Int) throws(ScoringError) -> [Pair] {
    var budget = WorkBudget(WorkLimit(steps: .max))
    return try best(scores: scores, rows: rows, columns: columns, budget: &budget)
  }

  static func best(
    scores: [Double], rows: Int, columns: Int, budget: inout WorkBudget
  ) throws(ScoringError) -> [Pair] {
    let (cells, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard rows >= 0, columns >= 0, !overflow, scores.count == cells, scores.allSatisfy(\.isFinite) else {
      throw ScoringError(
        .invalidParameter, "found \(scores.count) scores, expected \(rows) × \(columns) finite numbers")
    }
    if rows == 0 || columns == 0 { return [] }
    // The algorithm wants at least as many columns as rows.
    let isTransposed = columns < rows
    var costs = [Double](repeating: 0, count: scores.count)
    for row in 0..<rows {
      for column in 0..<columns {
        costs[isTransposed ? column * rows + row : row * columns + column] = -scores[row * columns + column]
      }
    }
    var solver = Solver(rows: min(rows, columns), columns: max(rows, columns), costs: costs)
    try solver.solve(budget: &budget)
    let pairs = solver.columnOfRow.enumerated().map { row, column in
      isTransposed ? Pair(row: column, column: row) : Pair(row: row, column: column)
    }
    return pairs.sorted { $0.row < $1.row }
  }

  private struct Solver {
    let rows: Int
    let columns: Int
    let costs: [Double]
    var columnOfRow: [Int]
    private var rowOfColumn: [Int]
    private var rowPotential: [Double]
    private var columnPotential: [Double]

    // One search for an augmenting path.
    private var pathCost: [Double]
    private var previousRow: [Int]
    private var remaining: [Int]
    private var visitedRows: [Int] = []
    private var visitedColumns: [Int] = []

    init(rows: Int, columns: Int, costs: [Double]) {
      self.rows = rows
      self.columns = columns
      self.costs = costs
      columnOfRow = Array(repeating: -1, count: rows)
      rowOfColumn = Array(repeating: -1, count: columns)
      rowPotential = Array(repeating: 0, count: rows)
      columnPotential = Array(repeating: 0, count: columns)
      pathCost = Array(repeating: 0, count: columns)
      previousRow = Array(repeating: -1, count: columns)
      remaining = Array(repeating: 0, count: columns)
    }

    mutating func solve(budget: inout WorkBudget) throws(ScoringError) {
      for row in 0..<rows {
        let (sink, total) = try shortestAugmentingPath(from: row, budget: &budget)
        rowPotential[row] += total
        for visited in visitedRows where visited != row {
          rowPotential[visited] += total - pathCost[columnOfRow[visited]]
        }
        for visited in visitedColumns { columnPotential[visited] -= total - pathCost[visited] }
        augment(from: row, to: sink)
      }
    }

    /// Dijkstra over reduced costs from a free row to the nearest free column.
    private mutating func shortestAugmentingPath(
      from start: Int, budget: inout WorkBudget
    ) throws(ScoringError) -> (sink: Int, total: Double) {
      for column in 0..<columns {
        remaining[column] = columns - 1 - column
        pathCost[column] = .infinity
      }
      visitedRows.removeAll(keepingCapacity: true)
      visitedColumns.removeAll(keepingCapacity: true)
      var left = columns
      var total = 0.0
      var row = start
      while true {
        try budget.spend(left)
        visitedRows.append(row)
        let (index, lowest) = scan(row: row, total: total, left: left)
        total = lowest
        let column = remaining[index]
        visitedColumns.append(column)
        if rowOfColumn[column] == -1 { return (column, total) }
        row = rowOfColumn[column]
        left -= 1
        remaining[index] = remaining[left]
      }
    }

    /// Improves the paths to the remaining columns over `row`; returns the place of the nearest one. Of several the
    /// last free column, else the first.
    private mutating func scan(row: Int, total: Double, left: Int) -> (index: Int, lowest: Double) {
      var index = 0
      var lowest = Double.infinity
      let base = row * columns
      let potential = rowPotential[row]
      costs.withUnsafeBufferPointer { costs in
        remaining.withUnsafeBufferPointer { remaining in
          pathCost.withUnsafeMutableBufferPointer { pathCost in
            previousRow.withUnsafeMutableBufferPointer { previousRow in
              var place = 0
              while place < left {
                let column = remaining[place]
                let reduced = total + costs[base + column] - potential - columnPotential[column]
                if reduced < pathCost[column] {
                  pathCost[column] = reduced
                  previousRow[column] = row
                }
                let cost = pathCost[column]
                if cost < lowest || cost == lowest && rowOfColumn[column] == -1 {
                  lowest = cost
                  index = place
                }
                place += 1
              }
            }
          }
        }
      }
      return (index, lowest)
    }

    private mutating func augment(from start: Int, to sink: Int) {
      var column = sink
      while true {
        let row = previousRow[column]
        rowOfColumn[column] = row
        let next = columnOfRow[row]
        columnOfRow[row] = column
        if row == start { return }
        column = next
      }
    }
  }
}
