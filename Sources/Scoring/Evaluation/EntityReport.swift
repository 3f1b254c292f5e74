import JSON
import Text

/// The figures of an entity evaluation, ready to be shown.
public struct EntityReport: Sendable {
  public struct Row: Sendable {
    public var mode: SimilarityMode
    public var level: EvaluationLevel
    public var score: LevelScore
    /// The bootstrap interval of F1.
    public var interval: Bootstrap.Interval
  }

  public private(set) var rows: [Row] = []
  public let documentCount: Int
  public let truncatedCount: Int
  public let failures: [(label: String, error: ScoringError)]
  public let exactRecordRate: Double
  public let meanReward: Double
  public let options: ComparisonOptions
  public let bootstrap: Bootstrap
  public let key: EvaluationRow.Key
  public let warnings: [String]

  public init(
    _ evaluation: EntityEvaluation, join: DocumentJoin, bootstrap: Bootstrap = Bootstrap()
  ) throws(ScoringError) {
    for mode in [SimilarityMode.balanced, .permissive, .strict] {
      let total = evaluation.total(mode)
      for level in EvaluationLevel.allCases {
        let documents = evaluation.documents.map { $0.scores[mode]?[level] ?? LevelScore() }
        rows.append(
          Row(
            mode: mode, level: level, score: total[level],
            interval: try bootstrap.interval(of: .f1, documents: documents)))
      }
    }
    documentCount = evaluation.documents.count
    truncatedCount = evaluation.documents.count(where: \.isTruncated)
    failures = evaluation.failures
    exactRecordRate = evaluation.exactRecordRate
    meanReward = evaluation.meanReward
    options = evaluation.options
    self.bootstrap = bootstrap
    key = join.key
    warnings = join.warnings
  }

  /// A table for a terminal.
  public func table() -> String {
    var table = TextTable(["mode", "level", "P", "R", "F1", "95% of F1", "F0.5", "F1.5", "matched", "pred", "gold"])
    table.header[5] = "\(Int((bootstrap.confidence * 100).rounded()))% of F1"
    for (index, row) in rows.enumerated() {
      if index > 0 && rows[index - 1].mode != row.mode { table.addSeparator() }
      let score = row.score
      let figures = [score.precision, score.recall, score.f1].map(TextTable.figure)
      let interval = TextTable.figure(row.interval.lower) + "–" + TextTable.figure(row.interval.upper)
      table.add(
        [row.mode.rawValue, row.level.rawValue] + figures + [interval]
          + [score.f0_5, score.f1_5].map(TextTable.figure)
          + [TextTable.count(score.matched), String(score.predicted), String(score.gold)])
    }
    var lines = [table.text()]
    lines.append(
      "\(TextTable.counted(documentCount, "document")) (joined by \(key.rawValue)), \(truncatedCount) truncated; "
        + "exact records \(TextTable.figure(exactRecordRate)); mean reward \(TextTable.figure(meanReward))")
    lines += failures.map { "not scored: \(TextTable.label($0.label)): \($0.error.message)" }
    lines += warnings.map { "warning: " + $0 }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The same figures as JSON: `{"balanced": {"funder": {…}, …}, …}` with the reference's names.
  public var json: JSON {
    var members: [(String, JSON)] = [
      ("n_examples", .number(documentCount)), ("n_complete", .number(documentCount - truncatedCount)),
      ("n_truncated", .number(truncatedCount)),
      (
        "config",
        .object([
          ("funder_threshold", .number(options.funderThreshold)), ("threshold", .number(options.threshold)),
          ("id_match_mode", .string(options.awardIDMode.rawValue)),
        ])
      ),
      ("exact_record_rate", .number(exactRecordRate)), ("mean_reward", .number(meanReward)),
    ]
    for mode in [SimilarityMode.permissive, .balanced, .strict] {
      members.append(
        (
          mode.rawValue,
          .object(rows.filter { $0.mode == mode }.map { ($0.level.rawValue, Self.json($0)) })
        ))
    }
    members.append(
      (
        "not_scored",
        .array(failures.map { .object([("document", .string($0.label)), ("error", .string($0.error.message))]) })
      ))
    members.append(("joined_by", .string(key.rawValue)))
    members.append(("warnings", .array(warnings.map(JSON.string))))
    return .object(members)
  }

  private static func json(_ row: Row) -> JSON {
    .object(
      row.score.members + [
        ("f1_lower", .number(row.interval.lower)), ("f1_upper", .number(row.interval.upper)),
      ])
  }

  /// The same figures as CSV, a line for each mode and level.
  public func csv() -> String {
    var csv = CSVText([
      "mode", "level", "precision", "recall", "f1", "f1_lower", "f1_upper", "f0_5", "f1_5", "matched", "predicted",
      "gold",
    ])
    for row in rows {
      let score = row.score
      let figures = [
        score.precision, score.recall, score.f1, row.interval.lower, row.interval.upper, score.f0_5, score.f1_5,
        score.matched,
      ]
      csv.add(
        [row.mode.rawValue, row.level.rawValue] + figures.map { "\($0)" } + ["\(score.predicted)", "\(score.gold)"])
    }
    return csv.text
  }
}

extension LevelScore {
  /// Under the reference's names.
  var members: [(String, JSON)] {
    [
      ("gold_count", .number(gold)), ("pred_count", .number(predicted)),
      ("matched", matched == matched.rounded() ? .number(Int(matched)) : .number(matched)),
      ("precision", .number(precision)), ("recall", .number(recall)), ("f1", .number(f1)), ("f0_5", .number(f0_5)),
      ("f1_5", .number(f1_5)),
    ]
  }
}
