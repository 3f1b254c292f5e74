import Text

/// Shows a record to a person: each statement with its place, then a table of funders.
public struct TextRenderer: Sendable {
  /// Columns of the terminal; at least 60 are used.
  public var width: Int
  /// Whether ANSI colours are written.
  public var usesColour: Bool

  public init(width: Int = 100, usesColour: Bool = false) {
    self.width = max(width, 60)
    self.usesColour = usesColour
  }

  /// The lines of a record, the last one ended too.
  public func render(_ record: ExtractionRecord) -> String {
    var lines = [style(.bold, DisplayWidth.sanitised(record.id)) + "  " + summary(record)]
    for (index, statement) in record.statements.enumerated() {
      lines += ["", "Statement \(index + 1)  " + place(of: statement)]
      lines += DisplayWidth.wrapped(DisplayWidth.sanitised(statement.text), width: width - 2).map { "  " + $0 }
    }
    if !record.funders.isEmpty { lines += [""] + table(record.funders) }
    if !record.warnings.isEmpty {
      lines.append("")
      for warning in record.warnings {
        lines += DisplayWidth.wrapped("warning: " + DisplayWidth.sanitised(warning), width: width)
          .map { style(.yellow, $0) }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func summary(_ record: ExtractionRecord) -> String {
    func count(_ number: Int, _ noun: String) -> String { number == 1 ? "1 \(noun)" : "\(number) \(noun)s" }
    if record.statements.isEmpty { return "no funding statement found" }
    return count(record.statements.count, "statement") + ", " + count(record.funders.count, "funder")
  }

  private func place(of statement: FundingStatement) -> String {
    let colour: Style = [.exact: .green, .normalised: .yellow, .unverified: .red][statement.status] ?? .bold
    let status = style(colour, statement.status.rawValue)
    guard let span = statement.span else { return status + ", not found in the article" }
    return status + ", line \(span.line), bytes \(span.bytes.lowerBound)–\(span.bytes.upperBound)"
  }

  // MARK: Table

  private func table(_ funders: [Funder]) -> [String] {
    let header = ["Funder", "Award ids", "Scheme", "Title"]
    var rows: [[String]] = []
    for funder in funders {
      let name = funder.name ?? "(not named)"
      for (index, award) in (funder.awards.isEmpty ? [Award()] : funder.awards).enumerated() {
        let cells = [index == 0 ? [name] : [], award.awardIDs, award.fundingSchemes, award.awardTitles]
        rows.append(cells.map { $0.map(DisplayWidth.sanitised).joined(separator: ", ") })
      }
    }
    let shown = header.indices.filter { column in column == 0 || rows.contains { !$0[column].isEmpty } }
    let widths = columnWidths(shown.map { column in ([header] + rows).map { DisplayWidth.of($0[column]) }.max() ?? 0 })

    func lines(_ cells: [String]) -> [String] {
      let wrapped = zip(cells, widths).map { DisplayWidth.wrapped($0, width: $1) }
      return (0..<(wrapped.map(\.count).max() ?? 0)).map { line in
        let padded = zip(wrapped, widths).map { cell, width in
          DisplayWidth.padded(line < cell.count ? cell[line] : "", to: width)
        }
        let text = padded.joined(separator: "  ")
        return String(text.reversed().drop { $0 == " " }.reversed())
      }
    }
    return lines(shown.map { header[$0] }).map { style(.bold, $0) }
      + [widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")]
      + rows.flatMap { row in lines(shown.map { row[$0] }) }
  }

  /// Narrows the widest columns until the table fits.
  private func columnWidths(_ natural: [Int]) -> [Int] {
    let available = max(width - 2 * (natural.count - 1), natural.count)
    var (low, high) = (1, available)  // the greatest column width with which all fit
    while low < high {
      let middle = (low + high + 1) / 2
      if natural.reduce(0, { $0 + min($1, middle) }) <= available { low = middle } else { high = middle - 1 }
    }
    return natural.map { min($0, low) }
  }

  // MARK: Colour

  private enum Style: String {
    case bold = "1"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  private func style(_ style: Style, _ text: String) -> String {
    usesColour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}
