import Text

/// Shows records to a person: each statement with its place, then a table of funders.
public struct TextFormat: RecordFormat {
  /// Columns of the terminal; at least 60 are used.
  public var width: Int
  /// Whether ANSI colours are written.
  public var usesColour: Bool
  /// Whether there is a line for each input without a result; superfluous where the messages go to the same terminal.
  public var namesFailures: Bool

  public init(width: Int = 100, usesColour: Bool = false, namesFailures: Bool = true) {
    self.width = max(width, 60)
    self.usesColour = usesColour
    self.namesFailures = namesFailures
  }

  public var separator: String { "\n" }

  public func failure(_ message: String, of id: String) -> String? {
    namesFailures ? DisplayWidth.printable("\(id)  error: \(message)") + "\n" : nil
  }

  /// The lines of a record, the last one ended too.
  public func record(_ record: ExtractionRecord) -> String {
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
    if record.statements.isEmpty { return "no funding statement found" }
    return TextTable.counted(record.statements.count, "statement") + ", "
      + TextTable.counted(record.funders.count, "funder")
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
    var table = TextTable(shown.map { header[$0] }, leftColumns: shown.count, width: width)
    for row in rows { table.add(shown.map { row[$0] }) }
    return table.lines { style(.bold, $0) }
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
