import Testing

/// Rows that differ, so that one failure shows them all instead of thousands of issues.
package struct Differences {
  package init() {}

  package private(set) var comparisons = 0
  package private(set) var count = 0
  package private(set) var first: [String] = []

  package mutating func expectEqual(
    _ found: Double, _ expected: Double, within tolerance: Double = 1e-9, _ row: @autoclosure () -> String
  ) {
    comparisons += 1
    if !(abs(found - expected) <= tolerance) { add("\(row()): found \(found), expected \(expected)") }
  }

  package mutating func expectEqual<Value: Equatable>(
    _ found: Value, _ expected: Value, _ row: @autoclosure () -> String
  ) {
    comparisons += 1
    if found != expected { add("\(row()): found \(found), expected \(expected)") }
  }

  /// Strings are the same if their scalars are.
  package mutating func expectEqual(_ found: String, _ expected: String, _ row: @autoclosure () -> String) {
    comparisons += 1
    if !found.utf8.elementsEqual(expected.utf8) {
      add("\(row()): found \(found.debugDescription), expected \(expected.debugDescription)")
    }
  }

  package mutating func add(_ difference: String) {
    count += 1
    if first.count < 5 { first.append(difference) }
  }

  package func expectNone(of rows: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
      rows > 0 && comparisons >= rows, "\(comparisons) comparisons in \(rows) rows", sourceLocation: sourceLocation)
    #expect(
      count == 0, "\(count) differences in \(rows) rows:\n\(first.joined(separator: "\n"))",
      sourceLocation: sourceLocation)
  }
}
