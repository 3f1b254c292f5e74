import Funding

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
  static func label(_ text: String) -> String {
    let limit = 60
    let start = text.unicodeScalars.prefix(limit + 1)
    let label = DisplayWidth.sanitised(String(String.UnicodeScalarView(start.prefix(limit))))
    return start.count > limit ? label + "…" : label
  }

  /// `1 row`, `2 rows`.
  static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// Four decimals, as the reference prints.
  static func figure(_ value: Double) -> String { decimals(value, 4) }

  static func decimals(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded(.toNearestOrEven))
    if places == 0 { return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled)" }
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

enum Markdown {
  /// Text inside a table: no line breaks, no bars, nothing that steers a terminal.
  static func cell(_ text: String) -> String {
    String(
      scalars: text.scalarValues.flatMap { value -> Scalars in
        switch value {
        case 0x7C: [0x5C, 0x7C]
        case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: [0x20]
        case 0..<0x20, 0x7F...0x9F: [0xFFFD]
        default: [value]
        }
      })
  }
}
