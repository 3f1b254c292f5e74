/// Maximum bipartite matching by Hopcroft and Karp (1973).
enum BipartiteMatching {
  /// As many pairs of a row and one of its `neighbours` as possible, each row and column at most once; in the order of
  /// the rows.
  ///
  /// - Complexity: O(edges · √rows).
  static func maximum(
    _ neighbours: [[Int]], columns: Int, budget: inout WorkBudget
  ) throws(ScoringError) -> [Assignment.Pair] {
    var search = Search(neighbours: neighbours, columns: columns)
    let edges = neighbours.reduce(0) { $0 + $1.count }
    if edges == 0 { return [] }
    while search.layer() {
      try budget.spend(edges + neighbours.count)
      for row in neighbours.indices where search.columnOfRow[row] == nil { search.augment(from: row) }
    }
    return search.columnOfRow.enumerated().compactMap { row, column in
      column.map { Assignment.Pair(row: row, column: $0) }
    }
  }

  private struct Search {
    let neighbours: [[Int]]
    var columnOfRow: [Int?]
    private var rowOfColumn: [Int?]
    private var distance: [Int]
    private var next: [Int]

    init(neighbours: [[Int]], columns: Int) {
      self.neighbours = neighbours
      columnOfRow = Array(repeating: nil, count: neighbours.count)
      rowOfColumn = Array(repeating: nil, count: columns)
      distance = Array(repeating: .max, count: neighbours.count)
      next = Array(repeating: 0, count: neighbours.count)
    }

    /// Breadth-first distances from the free rows along alternating paths; false if no free column is reached.
    mutating func layer() -> Bool {
      var queue: [Int] = []
      for row in neighbours.indices {
        next[row] = 0
        distance[row] = columnOfRow[row] == nil ? 0 : .max
        if columnOfRow[row] == nil { queue.append(row) }
      }
      var reachesFreeColumn = false
      var head = 0
      while head < queue.count {
        let row = queue[head]
        head += 1
        for column in neighbours[row] {
          guard let owner = rowOfColumn[column] else {
            reachesFreeColumn = true
            continue
          }
          if distance[owner] == .max {
            distance[owner] = distance[row] + 1
            queue.append(owner)
          }
        }
      }
      return reachesFreeColumn
    }

    /// Follows one shortest alternating path from a free row, if there is one left; without recursion, because paths
    /// can be as long as the list.
    mutating func augment(from start: Int) {
      var path = [start]
      while let row = path.last {
        guard next[row] < neighbours[row].count else {
          distance[row] = .max
          path.removeLast()
          if let previous = path.last { next[previous] += 1 }
          continue
        }
        let column = neighbours[row][next[row]]
        if let owner = rowOfColumn[column] {
          if distance[owner] == distance[row] &+ 1 {
            path.append(owner)
          } else {
            next[row] += 1
          }
          continue
        }
        // A free column: every row on the path takes the column it points to.
        for row in path {
          let column = neighbours[row][next[row]]
          columnOfRow[row] = column
          rowOfColumn[column] = row
        }
        return
      }
    }
  }
}
