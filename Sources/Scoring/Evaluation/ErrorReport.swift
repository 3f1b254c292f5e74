import Funding
import Text

/// Every error of an evaluation of funders (balanced mode) in forms that are read and sorted by hand.
public struct ErrorReport: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case missingFunder = "missing_funder"
    case extraFunder = "extra_funder"
    case missingAwardID = "missing_award_id"
    case extraAwardID = "extra_award_id"
    case missingScheme = "missing_scheme"
    case extraScheme = "extra_scheme"
    case missingTitle = "missing_title"
    case extraTitle = "extra_title"
  }

  public struct Entry: Sendable, Equatable {
    public var document: String
    public var kind: Kind
    /// The gold funder's name, or the predicted one's where gold has none; nil for an unnamed funder.
    public var funder: String?
    public var text: String
  }

  /// In the order of the documents.
  public let entries: [Entry]
  private let worst: [EntityEvaluation.Document]

  public init(_ evaluation: EntityEvaluation) {
    entries = evaluation.documents.flatMap { document in
      document.comparison.pairs.flatMap { Self.entries(of: $0, document: document.label) }
    }
    worst = evaluation.worstDocuments
  }

  /// How many errors there are of each kind.
  public var counts: [(kind: Kind, count: Int)] {
    Kind.allCases.map { kind in (kind, entries.count { $0.kind == kind }) }
  }

  private static func entries(of pair: FunderComparison.FunderPair, document: String) -> [Entry] {
    let funder = pair.gold?.name ?? pair.predicted?.name
    func entry(_ kind: Kind, _ text: String) -> Entry {
      Entry(document: document, kind: kind, funder: funder, text: text)
    }
    var entries: [Entry] = []
    if pair.predicted == nil, let name = pair.gold?.name { entries.append(entry(.missingFunder, name)) }
    if pair.gold == nil, let name = pair.predicted?.name { entries.append(entry(.extraFunder, name)) }
    for (matches, missing, extra) in [
      (pair.awardIDs, Kind.missingAwardID, Kind.extraAwardID),
      (pair.fundingSchemes, .missingScheme, .extraScheme), (pair.awardTitles, .missingTitle, .extraTitle),
    ] {
      for match in matches where match.score == nil {
        if let text = match.gold { entries.append(entry(missing, text)) }
        if let text = match.predicted { entries.append(entry(extra, text)) }
      }
    }
    return entries
  }

  /// The files of the report: a name and the contents of each.
  ///
  /// `errors.csv` has a line for each error, `by_type.csv` counts them, `documents.csv` lists the documents with the
  /// most errors first, `side_by_side.md` shows gold and prediction of those.
  public func files() -> [(name: String, contents: String)] {
    var errors = CSVText(["document", "type", "funder", "text"])
    for entry in entries { errors.add([entry.document, entry.kind.rawValue, entry.funder ?? "", entry.text]) }
    var types = CSVText(["type", "count"])
    for (kind, count) in counts { types.add([kind.rawValue, String(count)]) }
    return [
      ("errors.csv", errors.text), ("by_type.csv", types.text), ("documents.csv", documentsCSV()),
      ("side_by_side.md", sideBySide()),
    ]
  }

  private func documentsCSV() -> String {
    var csv = CSVText(
      ["document", "errors", "reward"] + EvaluationLevel.published.map { $0.rawValue + "_f1" })
    for document in worst {
      let scores = document.scores[.balanced] ?? LevelScores()
      csv.add(
        [document.label, TextTable.count(document.errorCount), "\(document.reward)"]
          + EvaluationLevel.published.map { "\(scores[$0].f1)" })
    }
    return csv.text
  }

  private func sideBySide() -> String {
    var lines = ["# Errors, worst documents first", ""]
    for document in worst {
      lines += [
        "## \(Markdown.cell(document.label))", "",
        "reward \(TextTable.figure(document.reward)), \(TextTable.count(document.errorCount)) errors", "",
        "| | gold | predicted |", "| --- | --- | --- |",
      ]
      for pair in document.comparison.pairs {
        let mark = pair.isMatched ? "" : "✗"
        lines.append("| funder \(mark) | \(Self.name(pair.gold)) | \(Self.name(pair.predicted)) |")
        for (label, matches) in [
          ("id", pair.awardIDs), ("scheme", pair.fundingSchemes), ("title", pair.awardTitles),
        ] {
          for match in matches {
            let mark = match.score == nil ? "✗" : ""
            lines.append(
              "| \(label) \(mark) | \(Markdown.cell(match.gold ?? "")) | \(Markdown.cell(match.predicted ?? "")) |")
          }
        }
      }
      lines.append("")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func name(_ funder: Funder?) -> String {
    guard let funder else { return "" }
    return funder.name.map { "**\(Markdown.cell($0))**" } ?? "*(no name)*"
  }
}
