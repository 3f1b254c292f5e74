import Text

/// Records as comma-separated values (RFC 4180, lines end with CR LF).
///
/// One row per funder and award id; a funder or an award without ids has one row. An article without funders has one
/// row per statement, or a single one, so that none is missing; an input without a result has none. Several schemes or
/// titles are joined by `; `. `start` and `end` are UTF-8 bytes in the file: the place of the award id or, without one,
/// of the funder's name; empty where it was not found.
public struct CSVFormat: RecordFormat {
  /// Puts `'` before cells that spreadsheets would run as formulas (they begin with `=`, `+`, `-`, `@`). Off by default
  /// because it changes values.
  public var escapesFormulas: Bool

  public init(escapesFormulas: Bool = false) { self.escapesFormulas = escapesFormulas }

  public static let columns = [
    "id", "sha256", "funder", "funder_name", "award", "award_id", "funding_scheme", "award_title", "statement",
    "status",
    "start", "end",
  ]

  public var header: String { line(Self.columns) }

  public func failure(_ message: String, of id: String) -> String? { nil }

  /// The lines of a record. `funder`, `award` and `statement` are indices from 0 in the record.
  public func record(_ record: ExtractionRecord) -> String {
    var text = ""
    for (funderIndex, funder) in record.funders.enumerated() {
      let evidence = record.evidence.flatMap { $0.indices.contains(funderIndex) ? $0[funderIndex] : nil }
      // Each value with its place; none where the evidence is of something else.
      let values = evidence.flatMap(funder.zip) ?? funder.map { value, _ in (value, nil) }
      let name = [record.id, record.sha256, String(funderIndex), funder.name ?? ""]
      let namePlace = place(values.name?.1, record)
      if funder.awards.isEmpty { text += line(name + ["", "", "", ""] + namePlace) }
      for (awardIndex, award) in funder.awards.enumerated() {
        let others = [award.fundingSchemes.joined(separator: "; "), award.awardTitles.joined(separator: "; ")]
        if award.awardIDs.isEmpty { text += line(name + [String(awardIndex), ""] + others + namePlace) }
        for (id, found) in values.awards[awardIndex].awardIDs {
          text += line(name + [String(awardIndex), id] + others + place(found, record))
        }
      }
    }
    if !text.isEmpty { return text }
    let article = [record.id, record.sha256, "", "", "", "", "", ""]
    if record.statements.isEmpty { return line(article + ["", "", "", ""]) }
    return record.statements.indices.map { line(article + place(of: $0, record.statements[$0].span, record)) }.joined()
  }

  private func place(_ place: ValuePlace?, _ record: ExtractionRecord) -> [String] {
    guard let place, record.statements.indices.contains(place.statement) else { return ["", "", "", ""] }
    return self.place(of: place.statement, place.span, record)
  }

  private func place(of statement: Int, _ span: TextSpan?, _ record: ExtractionRecord) -> [String] {
    [
      String(statement), record.statements[statement].status.rawValue,
      span.map { String($0.bytes.lowerBound) } ?? "", span.map { String($0.bytes.upperBound) } ?? "",
    ]
  }

  private func line(_ cells: [String]) -> String {
    CSVText.line(cells, style: CSVText.Style(quotesOuterSpaces: true, escapesFormulas: escapesFormulas))
  }
}
