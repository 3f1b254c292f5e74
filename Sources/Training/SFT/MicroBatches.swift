import TrainingData

/// Rows in the groups that go through the model together.
struct MicroBatches {
  private let rows: [TrainingExample]
  private let size: Int
  /// Of each.
  let tokens: [Int]

  init(_ rows: [TrainingExample], of size: Int) {
    self.rows = rows
    self.size = size
    tokens = stride(from: 0, to: rows.count, by: size).map { first in
      rows[first..<min(first + size, rows.count)].reduce(0) { $0 + $1.tokens.count }
    }
  }

  var count: Int { tokens.count }

  subscript(index: Int) -> ArraySlice<TrainingExample> {
    rows[index * size..<min((index + 1) * size, rows.count)]
  }

  /// Those that one of several processes computes, ascending.
  func share(of workers: any WorkerGroup) -> [Int] { WorkShare(tokens, over: workers.count).parts[workers.rank] }
}
