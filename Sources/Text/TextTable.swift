/// A table of text columns for a terminal: the first two columns to the left, figures to the right.
package struct TextTable {
  package var header: [String]
  private var rows: [[String]?] = []
  package var leftColumns = 2

  package init(_ header: [String], leftColumns: Int = 2) {
    self.header = header
    self.leftColumns = leftColumns
  }

  package mutating func add(_ cells: [String]) { rows.append(cells) }
  package mutating func addSeparator() { rows.append(nil) }

  package func text() -> String {
    let lines = [header] + rows.compactMap { $0 }
    let widths = header.indices.map { column in
      lines.map { column < $0.count ? DisplayWidth.of($0[column]) : 0 }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(cell)))
        text += (column > 0 ? "  " : "") + (column < leftColumns ? cell + padding : padding + cell)
      }
      while text.hasSuffix(" ") { text.removeLast() }
      return text
    }
    let rule = widths.map { String(repeating: "─", count: $0) }
    return ([line(header), line(rule)] + rows.map { $0.map(line) ?? "" }).joined(separator: "\n")
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
