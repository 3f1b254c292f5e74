/// Comma-separated values (RFC 4180, lines end with CR LF).
package struct CSVText {
  /// What a cell gets beside the quotes that the format asks for.
  package struct Style: Sendable, Equatable {
    /// Quotes cells that begin or end with a space, which some readers drop.
    package var quotesOuterSpaces: Bool
    /// Puts `'` before cells that spreadsheets would run as formulas (they begin with `=`, `+`, `-`, `@`).
    package var escapesFormulas: Bool

    package init(quotesOuterSpaces: Bool = false, escapesFormulas: Bool = false) {
      self.quotesOuterSpaces = quotesOuterSpaces
      self.escapesFormulas = escapesFormulas
    }
  }

  package private(set) var text = ""

  package init(_ header: [String]) { add(header) }

  package mutating func add(_ cells: [String]) { text += Self.line(cells) }

  /// A line of these cells, its end included.
  package static func line(_ cells: [String], style: Style = Style()) -> String {
    cells.map { cell($0, style) }.joined(separator: ",") + "\r\n"
  }

  private static func cell(_ text: String, _ style: Style) -> String {
    var text = text
    if style.escapesFormulas, let first = text.utf8.first, "=+-@\t\r".utf8.contains(first) { text = "'" + text }
    let hasOuterSpace = text.utf8.first == 0x20 || text.utf8.last == 0x20
    let needsQuotes =
      text.utf8.contains { ",\"\r\n".utf8.contains($0) } || (style.quotesOuterSpaces && hasOuterSpace)
    if !needsQuotes { return text }
    // By bytes: a combining mark makes one character with the quote before it.
    let quote = UInt8(ascii: "\"")
    let doubled = text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
    return String(decoding: [quote] + doubled + [quote], as: UTF8.self)
  }
}
