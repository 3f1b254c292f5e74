import JSON
import Text

/// The figures of a statement evaluation, ready to be shown.
public struct StatementReport: Sendable {
  public let evaluation: StatementEvaluation
  public let join: StatementJoin
  /// The interval of the honest F1.
  public let interval: Bootstrap.Interval

  public init(
    _ evaluation: StatementEvaluation, join: StatementJoin, bootstrap: Bootstrap = Bootstrap()
  ) throws(ScoringError) {
    self.evaluation = evaluation
    self.join = join
    interval = try bootstrap.interval(of: .f1, documents: evaluation.documents.map(\.honest))
  }

  /// Name, precision, recall, F1, F0.5, F1.5, and counts as text.
  private var rows: [(name: String, figures: [Double], counts: String)] {
    let published = evaluation.published
    func row(_ name: String, _ score: LevelScore) -> (name: String, figures: [Double], counts: String) {
      (
        name, [score.precision, score.recall, score.f1, score.f0_5, score.f1_5],
        "\(TextTable.count(score.matched))/\(score.predicted) pred, "
          + "\(TextTable.count(score.matched))/\(score.gold) gold"
      )
    }
    return [
      row("one to one", evaluation.honest), row("characters", evaluation.characters),
      (
        "published", [published.precision, published.recall, published.f1, published.f0_5, published.f1_5],
        "\(published.predictedMatched)/\(published.predicted) pred, \(published.goldMatched)/\(published.gold) gold"
      ),
    ]
  }

  public func table() -> String {
    var table = TextTable(["metric", "P", "R", "F1", "F0.5", "F1.5", "matched"], leftColumns: 1)
    for row in rows { table.add([row.name] + row.figures.map(TextTable.figure) + [row.counts]) }
    var lines = [
      table.text(),
      "threshold \(evaluation.threshold); one-to-one F1 \(TextTable.figure(interval.lower))–"
        + "\(TextTable.figure(interval.upper)); verbatim \(TextTable.figure(evaluation.verbatimRate)); "
        + "\(TextTable.counted(evaluation.documents.count, "document")) (joined by \(join.key.rawValue))",
      "published: a page that contains a statement matches it; read it beside the other lines only",
    ]
    lines += evaluation.failures.map { "not scored: \(TextTable.label($0.label)): \($0.error.message)" }
    lines += join.warnings.map { "warning: " + $0 }
    return lines.joined(separator: "\n") + "\n"
  }

  public var json: JSON {
    let published = evaluation.published
    return .object([
      ("threshold", .number(evaluation.threshold)),
      ("files_in_gold", .number(join.documents.count)),
      ("gold_files_with_statements", .number(join.goldWithStatements)),
      ("predicted_statements_in_file", .number(join.predictedInFile)),
      ("predicted_statements_used", .number(join.predictedInFile - join.predictedDiscarded)),
      ("predicted_statements_discarded", .number(join.predictedDiscarded)),
      (
        "metrics",
        .object([
          ("gold_statements", .number(published.gold)), ("predicted_statements", .number(published.predicted)),
          ("gold_statements_matched", .number(published.goldMatched)),
          ("predicted_statements_matched", .number(published.predictedMatched)),
          ("precision", .number(published.precision)), ("recall", .number(published.recall)),
          ("f1", .number(published.f1)), ("f0_5", .number(published.f0_5)), ("f1_5", .number(published.f1_5)),
        ])
      ),
      (
        "one_to_one",
        .object(
          evaluation.honest.members + [("f1_lower", .number(interval.lower)), ("f1_upper", .number(interval.upper))])
      ),
      ("characters", .object(evaluation.characters.members)),
      ("verbatim_rate", .number(evaluation.verbatimRate)),
      (
        "not_scored",
        .array(
          evaluation.failures.map {
            .object([("document", .string($0.label)), ("error", .string($0.error.message))])
          })
      ),
      ("joined_by", .string(join.key.rawValue)), ("warnings", .array(join.warnings.map(JSON.string))),
    ])
  }

  public func csv() -> String {
    var csv = CSVText(["metric", "precision", "recall", "f1", "f0_5", "f1_5", "matched"])
    for row in rows {
      csv.add([row.name.replacing(" ", with: "_")] + row.figures.map { "\($0)" } + [row.counts])
    }
    return csv.text
  }
}
