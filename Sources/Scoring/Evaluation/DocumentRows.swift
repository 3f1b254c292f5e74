import JSON
import Text

/// Figures of single documents, for those who sort and plot them.
public struct DocumentRows: Sendable {
  /// A JSON object for each document, in the order of the evaluation; those that could not be scored last, with the
  /// reason.
  public let json: [JSON]
  /// The same with a line for each document, of funders in balanced mode.
  public let csv: String

  /// An object a line.
  public var jsonLines: String { json.map { $0.text() + "\n" }.joined() }

  public init(_ evaluation: EntityEvaluation) {
    let levels = EvaluationLevel.allCases
    var csv = CSVText(
      ["document", "truncated", "reward", "exact", "errors"]
        + levels.flatMap { level in ["gold", "pred", "matched", "f1"].map { "\(level.rawValue)_\($0)" } } + ["error"])
    json =
      evaluation.documents.map { document in
        csv.add(
          [
            document.label, "\(document.isTruncated)", "\(document.reward)", "\(document.isExact)",
            TextTable.count(document.errorCount),
          ]
            + levels.flatMap { level in
              let score = document.scores[.balanced]?[level] ?? LevelScore()
              return ["\(score.gold)", "\(score.predicted)", TextTable.count(score.matched), "\(score.f1)"]
            } + [""])
        return .object(
          [
            ("document", .string(document.label)), ("truncated", .bool(document.isTruncated)),
            ("reward", .number(document.reward)), ("exact", .bool(document.isExact)),
            ("errors", .number(document.errorCount)),
          ]
            + SimilarityMode.allCases.map { mode in
              let scores = document.scores[mode] ?? LevelScores()
              return (mode.rawValue, .object(levels.map { ($0.rawValue, .object(scores[$0].members)) }))
            })
      } + Self.failures(evaluation.failures, &csv, columns: 5 + 4 * levels.count)
    self.csv = csv.text
  }

  public init(_ evaluation: StatementEvaluation) {
    var csv = CSVText([
      "document", "gold", "predicted", "matched", "f1", "errors", "verbatim", "published_gold_matched",
      "published_pred_matched", "error",
    ])
    json =
      evaluation.documents.map { document in
        let matched = [document.goldBest, document.predictedBest].map { best in
          best.count { $0 >= evaluation.threshold }
        }
        csv.add([
          document.label, String(document.gold.count), String(document.predicted.count), String(document.pairs.count),
          "\(document.honest.f1)", String(document.errorCount), String(document.verbatimCount), String(matched[0]),
          String(matched[1]), "",
        ])
        return .object([
          ("document", .string(document.label)), ("errors", .number(document.errorCount)),
          ("one_to_one", .object(document.honest.members)), ("characters", .object(document.characters.members)),
          ("verbatim", .number(document.verbatimCount)),
          (
            "published",
            .object([
              ("gold_best", .array(document.goldBest.map(JSON.number))),
              ("predicted_best", .array(document.predictedBest.map(JSON.number))),
              ("gold_matched", .number(matched[0])), ("predicted_matched", .number(matched[1])),
            ])
          ),
        ])
      } + Self.failures(evaluation.failures, &csv, columns: 9)
    self.csv = csv.text
  }

  /// - Parameter columns: how many there are before the one for the error.
  private static func failures(
    _ failures: [(label: String, error: ScoringError)], _ csv: inout CSVText, columns: Int
  ) -> [JSON] {
    failures.map { failure in
      csv.add([failure.label] + Array(repeating: "", count: columns - 1) + [failure.error.message])
      return .object([("document", .string(failure.label)), ("error", .string(failure.error.message))])
    }
  }
}
