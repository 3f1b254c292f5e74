/// A table of text columns for a terminal: the first two columns to the left, figures to the right.
struct TextTable {
  var header: [String]
  private var rows: [[String]?] = []
  var leftColumns = 2

  init(_ header: [String], leftColumns: Int = 2) {
    self.header = header
    self.leftColumns = leftColumns
  }

  mutating func add(_ cells: [String]) { rows.append(cells) }
  mutating func addSeparator() { rows.append(nil) }

  func text() -> String {
    let lines = [header] + rows.compactMap { $0 }
    let widths = header.indices.map { column in
      lines.map { column < $0.count ? $0[column].unicodeScalars.count : 0 }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
        text += (column > 0 ? "  " : "") + (column < leftColumns ? cell + padding : padding + cell)
      }
      while text.hasSuffix(" ") { text.removeLast() }
      return text
    }
    let rule = widths.map { String(repeating: "─", count: $0) }
    return ([line(header), line(rule)] + rows.map { $0.map(line) ?? "" }).joined(separator: "\n")
  }

  /// Four decimals, as the reference prints.
  static func figure(_ value: Double) -> String { decimals(value, 4) }

  static func decimals(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded(.toNearestOrEven))
    let fraction = String(scaled % scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return "\(sign)\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
  }

  static func count(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : decimals(value, 1)
  }
}

/// Comma-separated values (RFC 4180).
struct CSVText {
  private(set) var text = ""

  init(_ header: [String]) { add(header) }

  mutating func add(_ cells: [String]) {
    text += cells.map(Self.quoted).joined(separator: ",") + "\r\n"
  }

  private static func quoted(_ cell: String) -> String {
    let needsQuotes = cell.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
    if !needsQuotes { return cell }
    var quoted = "\""
    for scalar in cell.unicodeScalars {
      if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
