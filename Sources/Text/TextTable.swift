/// A table of text columns for a terminal: the first two columns to the left, figures to the right.
package struct TextTable {
  package var header: [String]
  private var rows: [[String]?] = []
  package var leftColumns = 2
  /// Columns of the terminal: cells are wrapped, the widest columns first, until the table fits. Nil: as wide as its
  /// cells.
  package var width: Int?

  package init(_ header: [String], leftColumns: Int = 2, width: Int? = nil) {
    self.header = header
    self.leftColumns = leftColumns
    self.width = width
  }

  package mutating func add(_ cells: [String]) { rows.append(cells) }
  package mutating func addSeparator() { rows.append(nil) }

  package func text() -> String { lines().joined(separator: "\n") }

  /// The lines of the table, without spaces at their ends.
  /// - Parameter headerStyle: what is made of each line of the header, such as a bold one.
  package func lines(headerStyle: (String) -> String = { $0 }) -> [String] {
    let columnWidths = columnWidths()
    func lines(_ cells: [String]) -> [String] {
      let wrapped = zip(cells, columnWidths).map { width == nil ? [$0] : DisplayWidth.wrapped($0, width: $1) }
      return (0..<(wrapped.map(\.count).max() ?? 0)).map { line in
        var text = ""
        for (column, cell) in wrapped.enumerated() {
          let part = line < cell.count ? cell[line] : ""
          let padded = DisplayWidth.padded(part, to: columnWidths[column], before: column >= leftColumns)
          text += (column > 0 ? "  " : "") + padded
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text
      }
    }
    let rule = columnWidths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return lines(header).map(headerStyle) + [rule] + rows.flatMap { $0.map(lines) ?? [""] }
  }

  private func columnWidths() -> [Int] {
    let lines = [header] + rows.compactMap { $0 }
    let natural = header.indices.map { column in
      lines.map { column < $0.count ? DisplayWidth.of($0[column]) : 0 }.max() ?? 0
    }
    guard let width else { return natural }
    let available = max(width - 2 * (natural.count - 1), natural.count)
    var (low, high) = (1, available)  // the greatest column width with which all fit
    while low < high {
      let middle = (low + high + 1) / 2
      if natural.reduce(0, { $0 + min($1, middle) }) <= available { low = middle } else { high = middle - 1 }
    }
    return natural.map { min($0, low) }
  }

  /// A name out of a file as it may stand in a table: on one line, not too long, and unable to steer the terminal.
  package static func label(_ text: String) -> String {
    let limit = 60
    let start = text.unicodeScalars.prefix(limit + 1)
    let label = DisplayWidth.sanitised(String(String.UnicodeScalarView(start.prefix(limit))))
    return start.count > limit ? label + "…" : label
  }

  /// `1 row`, `2 rows`.
  package static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// Four decimals, as the reference prints.
  package static func figure(_ value: Double) -> String { decimals(value, 4) }

  package static func decimals(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded(.toNearestOrEven))
    if places == 0 { return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled)" }
    let fraction = String(scaled % scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return "\(sign)\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
  }

  package static func count(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : decimals(value, 1)
  }
}
