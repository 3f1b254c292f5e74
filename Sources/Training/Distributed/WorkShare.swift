/// Which parts of a step each process computes: a function of the step alone, that all of them know without asking.
struct WorkShare {
  /// For each process the parts that are its own, ascending; together all of them, each once. May be empty.
  let parts: [[Int]]

  /// The longest first, each to the process that has least so far; of equals, the first.
  /// - Parameter sizes: of the parts, such as their tokens.
  init(_ sizes: [Int], over count: Int) {
    var parts = [[Int]](repeating: [], count: count)
    var loads = [Int](repeating: 0, count: count)
    for part in sizes.indices.sorted(by: { (-sizes[$0], $0) < (-sizes[$1], $1) }) {
      let least = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      parts[least].append(part)
      loads[least] += sizes[part]
    }
    self.parts = parts.map { $0.sorted() }
  }
}
