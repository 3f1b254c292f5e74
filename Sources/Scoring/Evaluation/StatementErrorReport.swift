import Text

/// Every error of an evaluation of statements in forms that are read and sorted by hand.
public struct StatementErrorReport: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// A gold statement that no prediction is matched with one to one.
    case missing = "missing_statement"
    /// A prediction that no gold statement is matched with one to one.
    case extra = "extra_statement"
    /// A prediction that does not stand in the article, matched or not.
    case notVerbatim = "not_verbatim"
  }

  public struct Entry: Sendable, Equatable {
    public var document: String
    public var kind: Kind
    public var text: String
  }

  /// In the order of the documents.
  public let entries: [Entry]
  private let worst: [StatementEvaluation.Document]

  public init(_ evaluation: StatementEvaluation) {
    entries = evaluation.documents.flatMap { document in
      Self.unmatched(document).gold.map { Entry(document: document.label, kind: .missing, text: document.gold[$0]) }
        + Self.unmatched(document).predicted.map {
          Entry(document: document.label, kind: .extra, text: document.predicted[$0])
        }
        + document.predicted.indices.filter { !document.isVerbatim[$0] }.map {
          Entry(document: document.label, kind: .notVerbatim, text: document.predicted[$0])
        }
    }
    worst = evaluation.worstDocuments
  }

  /// How many errors there are of each kind.
  public var counts: [(kind: Kind, count: Int)] {
    Kind.allCases.map { kind in (kind, entries.count { $0.kind == kind }) }
  }

  private static func unmatched(_ document: StatementEvaluation.Document) -> (gold: [Int], predicted: [Int]) {
    let rows = Set(document.pairs.map(\.row))
    let columns = Set(document.pairs.map(\.column))
    return (
      document.gold.indices.filter { !rows.contains($0) }, document.predicted.indices.filter { !columns.contains($0) }
    )
  }

  /// The files of the report: a name and the contents of each.
  ///
  /// `errors.csv` has a line for each error, `by_type.csv` counts them, `documents.csv` lists the documents with the
  /// most errors first, `side_by_side.md` shows gold and prediction of those.
  public func files() -> [(name: String, contents: String)] {
    var errors = CSVText(["document", "type", "text"])
    for entry in entries { errors.add([entry.document, entry.kind.rawValue, entry.text]) }
    var types = CSVText(["type", "count"])
    for (kind, count) in counts { types.add([kind.rawValue, String(count)]) }
    var documents = CSVText(["document", "errors", "gold", "predicted", "matched", "f1"])
    for document in worst {
      documents.add([
        document.label, String(document.errorCount), String(document.gold.count), String(document.predicted.count),
        String(document.pairs.count), "\(document.honest.f1)",
      ])
    }
    return [
      ("errors.csv", errors.text), ("by_type.csv", types.text), ("documents.csv", documents.text),
      ("side_by_side.md", sideBySide()),
    ]
  }

  private func sideBySide() -> String {
    var lines = ["# Errors, worst documents first", ""]
    for document in worst {
      lines += [
        "## \(Markdown.cell(document.label))", "",
        "\(document.errorCount) error\(document.errorCount == 1 ? "" : "s"), \(document.pairs.count) matched", "",
        "| overlap | gold | predicted |", "| ---: | --- | --- |",
      ]
      for pair in document.pairs.sorted(by: { $0.row < $1.row }) {
        lines.append(
          line(TextTable.figure(pair.score), document.gold[pair.row], cell(document, predicted: pair.column)))
      }
      let (gold, predicted) = Self.unmatched(document)
      for index in gold { lines.append(line("✗", document.gold[index], "")) }
      for index in predicted { lines.append(line("✗", "", cell(document, predicted: index))) }
      lines.append("")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func line(_ mark: String, _ gold: String, _ predicted: String) -> String {
    "| \(mark) | \(Markdown.cell(gold)) | \(predicted) |"
  }

  private func cell(_ document: StatementEvaluation.Document, predicted index: Int) -> String {
    Markdown.cell(document.predicted[index]) + (document.isVerbatim[index] ? "" : " *(not verbatim)*")
  }
}
