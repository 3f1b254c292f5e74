import Foundation
import Funding
import JSON
import TestSupport
import Testing
import Text

@testable import Scoring

@Suite struct EntityEvaluationTests {
  private func golden() throws -> (join: DocumentJoin, goldRowCount: Int, results: JSON) {
    func rows(_ name: String, _ role: EvaluationFile.Role) throws -> [EvaluationRow] {
      let file = Golden.vectors.appendingPathComponent("eval/" + name)
      return try EvaluationFile([UInt8](Data(contentsOf: file))).rows(role: role)
    }
    let gold = try rows("entity_gold.jsonl", .gold)
    return (
      DocumentJoin(predictions: try rows("entity_predictions.jsonl", .predictions), gold: gold), gold.count,
      try Golden.json("eval/entity_results.json")
    )
  }

  @Test(.needsGoldenVectors) func everyGoldenFigure() throws {
    let (join, goldRowCount, expected) = try golden()
    #expect(join.key == .statement)
    #expect(join.joinedCount == 190 && join.documents.count == 191)
    var differences = Differences()
    for (name, run) in expected["runs"]?.object?.members ?? [] {
      let config = run["results"]?["config"]
      let options = ComparisonOptions(
        funderThreshold: config?["funder_threshold"]?.double ?? .nan, threshold: config?["threshold"]?.double ?? .nan,
        awardIDMode: AwardIDMode(rawValue: config?["id_match_mode"]?.string ?? "") ?? .normalized)
      let evaluation = try EntityEvaluation(join, options: options)
      #expect(evaluation.failures.isEmpty)
      let report = try EntityReport(evaluation, join: join, bootstrap: Bootstrap(resamples: 20))
      for (key, value) in run["results"]?.object?.members ?? [] where key != "source" && key != "config" {
        guard let levels = value.object else {
          differences.expectEqual(report.json[key]?.int, value.int, "\(name) \(key)")
          continue
        }
        for (level, figures) in levels.members {
          for (figure, number) in figures.object?.members ?? [] {
            let found = report.json[key]?[level]?[figure]?.double ?? .nan
            differences.expectEqual(found, number.double ?? .nan, "\(name) \(key) \(level) \(figure)")
          }
        }
      }
      if let printed = run["stdout"]?.string {
        let found = output(evaluation, join, goldCount: goldRowCount).components(separatedBy: "\n")
        let expected = printed.components(separatedBy: "\n")
        for (found, expected) in zip(found, expected) { differences.expectEqual(found, expected, name) }
        differences.expectEqual(found.count, expected.count, "lines")
      }
    }
    differences.expectNone(of: 3)
  }

  /// What the reference prints, byte for byte, from our figures.
  private func output(_ evaluation: EntityEvaluation, _ join: DocumentJoin, goldCount: Int) -> String {
    func block(_ title: String, _ total: LevelScores) -> String {
      let lines = EvaluationLevel.published.map { level in
        let score = total[level]
        let figures = [
          ("P", score.precision), ("R", score.recall), ("F1", score.f1), ("F0.5", score.f0_5), ("F1.5", score.f1_5),
        ].map { "\($0.0)=\(TextTable.figure($0.1))" }.joined(separator: "  ")
        let name = level.rawValue + String(repeating: " ", count: 15 - level.rawValue.count)
        let matched = TextTable.count(score.matched)
        return "    \(name)  \(figures)  (\(matched)/\(score.predicted) pred, \(matched)/\(score.gold) gold)\n"
      }
      return "  \(title):\n" + lines.joined() + "\n"
    }
    let count = evaluation.documents.count
    let truncated = evaluation.documents.count(where: \.isTruncated)
    let rule = String(repeating: "=", count: 70) + "\n"
    func change(_ level: EvaluationLevel, _ from: SimilarityMode, _ to: SimilarityMode) -> String {
      let difference = evaluation.total(to)[level].f1 - evaluation.total(from)[level].f1
      return (difference < 0 ? "" : "+") + TextTable.figure(difference)
    }
    func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: width - text.count) + text }
    let deltas = EvaluationLevel.published.map { level in
      "  " + level.rawValue + String(repeating: " ", count: 15 - level.rawValue.count)
        + padded(change(level, .permissive, .balanced), 16) + padded(change(level, .balanced, .strict), 16)
        + padded(change(level, .permissive, .strict), 16) + "\n"
    }
    return "Loaded \(count) predictions from entity_predictions.jsonl\n"
      + "Loading ground truth from local file entity_gold.jsonl ...\n"
      + "Indexed \(goldCount - join.duplicateGold.count) unique gold statements\n"
      + "Matched \(join.joinedCount)/\(count) predictions to ground truth by funding_statement\n\n"
      + "=== OVERALL ===\n" + block("All", evaluation.total(.balanced))
      + "=== COMPLETE THINKING (\(count - truncated) examples) ===\n"
      + block("Complete", evaluation.total(.balanced, truncated: false))
      + "=== TRUNCATED THINKING (\(truncated) examples) ===\n"
      + block("Truncated", evaluation.total(.balanced, truncated: true))
      + rule + "=== DIAGNOSTIC: PERMISSIVE vs BALANCED vs STRICT ===\n" + rule + "\n"
      + "--- PERMISSIVE (partial_ratio + token_set, no damping) ---\n"
      + block("Permissive", evaluation.total(.permissive))
      + "--- BALANCED (length-damped + acronym detection) [default] ---\n"
      + block("Balanced", evaluation.total(.balanced))
      + "--- STRICT (token_sort_ratio only) ---\n" + block("Strict", evaluation.total(.strict))
      + "--- DELTAS ---\n  level              perm→bal dF1  bal→strict dF1  perm→strict dF1\n" + deltas.joined() + "\n"
  }

  @Test(.needsGoldenVectors) func everyGoldenDocument() throws {
    let (join, _, expected) = try golden()
    let evaluation = try EntityEvaluation(join)
    let lines = expected["per_line_counts_default_balanced[gold,pred,matched]"]?.array ?? []
    var differences = Differences()
    for (index, (document, line)) in zip(evaluation.documents, lines).enumerated() {
      for level in EvaluationLevel.published {
        let score = document.scores[.balanced]?[level] ?? LevelScore()
        differences.expectEqual(
          [Double(score.gold), Double(score.predicted), score.matched],
          line[level.rawValue]?.array?.compactMap(\.double) ?? [], "line \(index) \(level)")
      }
    }
    #expect(lines.count == evaluation.documents.count)
    differences.expectNone(of: lines.count)
  }

  private func evaluate(_ predictions: String, _ gold: String, key: EvaluationRow.Key? = nil) throws -> (
    EntityEvaluation, DocumentJoin
  ) {
    let join = DocumentJoin(
      predictions: try EvaluationFile(Array(predictions.utf8)).rows(role: .predictions),
      gold: try EvaluationFile(Array(gold.utf8)).rows(role: .gold), key: key)
    return (try EntityEvaluation(join), join)
  }

  private static let gold = """
    {"id": "a", "funders": [{"funder_name": "Wellcome Trust", "awards": [{"award_ids": ["1", "2"], "funding_scheme": ["Fellowship"]}]}]}
    {"id": "b", "funders": [{"funder_name": "NSF", "awards": [{"award_ids": ["111111"], "award_title": ["Deep Seas"]}, {"award_ids": ["222222"]}]}]}
    {"id": "c", "funders": []}
    """

  @Test func aFlatFileAnArrayAndARecordAreRead() throws {
    let flat = """
      [{"id": "a", "funders": [{"funder_name": "Wellcome Trust", "award_ids": ["1", "2"], "funding_scheme": "Fellowship"}]},
       {"id": "b", "sha256": "…", "statements": [{"text": "By NSF."}], "funders": []}]
      """
    let (evaluation, join) = try evaluate(flat, Self.gold)
    #expect(join.key == .id)
    #expect(evaluation.total(.balanced)[.funder] == LevelScore(gold: 2, predicted: 1, matched: 1))
    #expect(evaluation.total(.balanced)[.award] == LevelScore(gold: 4, predicted: 2, matched: 2))
    #expect(evaluation.exactRecordRate == 0.5)
    #expect(join.goldWithoutPrediction.map(\.label) == ["c"])
    #expect(join.warnings == ["1 gold row without a prediction, in no figure: c"])
  }

  /// A title under the other id costs nothing at the published levels.
  @Test func theAwardLevelSeesWhatTheListsDoNot() throws {
    let swapped = """
      {"id": "b", "funders": [{"funder_name": "NSF", "awards": [{"award_ids": ["111111"]}, {"award_ids": ["222222"], "award_title": ["Deep Seas"]}]}]}
      """
    let (evaluation, _) = try evaluate(swapped, Self.gold)
    let total = evaluation.total(.balanced)
    #expect(total[.awardID].f1 == 1 && total[.awardTitle].f1 == 1)
    #expect(total[.award] == LevelScore(gold: 2, predicted: 2, matched: 0))
    #expect(evaluation.exactRecordRate == 0)
  }

  @Test func aRowThatCannotBeReadIsReportedAndNotCounted() throws {
    let (evaluation, join) = try evaluate(#"{"id": "a", "funders": [{"award_ids": [7]}]}"#, Self.gold)
    #expect(evaluation.documents.isEmpty && evaluation.failures.map(\.label) == ["a"])
    #expect(try EntityReport(evaluation, join: join).table().contains("not scored: a: row 1"))
    #expect(throws: ScoringError.self) { try EvaluationFile(Array("{}\nnonsense".utf8)) }
  }

  @Test func joinsByDOIAndSaysWhatIsMadeUp() throws {
    let predictions = """
      {"doi": "10.1/A ", "predicted_funders": [{"funder_name": "NSF"}]}
      {"doi": "10.1/z", "predicted_funders": [{"funder_name": "DFG"}]}
      """
    let gold = """
      {"doi": "10.1/a", "funders": [{"funder_name": "NSF"}]}
      {"doi": "10.1/a", "funders": []}
      """
    let (evaluation, join) = try evaluate(predictions, gold)
    #expect(join.key == .doi && join.predictionsWithoutGold.count == 1 && join.duplicateGold.count == 1)
    #expect(evaluation.total(.strict)[.funder] == LevelScore(gold: 1, predicted: 2, matched: 1))
  }

  @Test func theErrorReportNamesEachError() throws {
    let predictions = """
      {"id": "a", "funders": [{"funder_name": "Wellcome Trust", "awards": [{"award_ids": ["1", "3"], "award_title": ["T|x"]}]}]}
      {"id": "b", "funders": [{"funder_name": "Alfred, \\"P\\" Sloan"}]}
      """
    let (evaluation, _) = try evaluate(predictions, Self.gold)
    let report = ErrorReport(evaluation)
    #expect(
      report.entries.map(\.kind) == [
        .missingAwardID, .extraAwardID, .missingScheme, .extraTitle, .missingFunder, .missingAwardID, .missingAwardID,
        .missingTitle, .extraFunder,
      ])
    let files = Dictionary(uniqueKeysWithValues: report.files().map { ($0.name, $0.contents) })
    #expect(files["errors.csv"]?.contains("a,missing_award_id,Wellcome Trust,2\r\n") == true)
    #expect(files["errors.csv"]?.contains("b,extra_funder,\"Alfred, \"\"P\"\" Sloan\",") == true)
    #expect(files["documents.csv"]?.split(separator: "\r\n")[1].hasPrefix("b,5,") == true)
    #expect(files["side_by_side.md"]?.contains("| title ✗ |  | T\\|x |") == true)
  }

  @Test func aComparisonListsWhatChanged() throws {
    let (first, _) = try evaluate(#"{"id": "a", "funders": [{"funder_name": "NSF"}]}"#, Self.gold)
    let (second, _) = try evaluate(Self.gold, Self.gold)
    let comparison = try EvaluationComparison(first, second)
    #expect(comparison.commonCount == 1 && comparison.onlySecond == ["b", "c"])
    #expect(comparison.changes.map(\.document) == ["a"] && comparison.changes[0].second == 1)
    #expect(comparison.rows[0].difference.difference == 1)
    #expect(comparison.table().contains("only in the second file"))
  }
}

@Suite struct StatementEvaluationTests {
  @Test(.needsGoldenVectors) func everyGoldenFigure() throws {
    func file(_ name: String) throws -> EvaluationFile {
      try EvaluationFile([UInt8](Data(contentsOf: Golden.vectors.appendingPathComponent("eval/" + name))))
    }
    let expected = try Golden.json("eval/statement_results.json")
    let join = try StatementJoin(predictions: file("statement_predictions.json"), gold: file("statement_gold.json"))
    var differences = Differences()
    let best = try StatementEvaluation(join.documents)
    for (key, value) in expected["by_threshold"]?.object?.members ?? [] {
      let evaluation = try StatementEvaluation(join.documents, threshold: value.number("threshold"))
      let report = try StatementReport(evaluation, join: join, bootstrap: Bootstrap(resamples: 2)).json
      for (name, number) in value.object?.members ?? [] where name != "metrics" {
        differences.expectEqual(report.number(name), number.double ?? .nan, "\(key) \(name)")
      }
      for (name, number) in value["metrics"]?.object?.members ?? [] {
        differences.expectEqual(
          report["metrics"]?.number(name) ?? .nan, number.double ?? .nan, "\(key) metrics \(name)")
      }
    }
    #expect(best.documents.count == expected["best_scores"]?.array?.count)
    for (document, row) in zip(best.documents, expected["best_scores"]?.array ?? []) {
      differences.expectEqual(document.label, row.text("canonical"), "canonical")
      for (found, key) in [(document.goldBest, "gold_best"), (document.predictedBest, "pred_best")] {
        let scores = row[key]?.array?.compactMap(\.double) ?? []
        differences.expectEqual(found.count, scores.count, "\(document.label) \(key)")
        for (a, b) in zip(found, scores) { differences.expectEqual(a, b, "\(document.label) \(key)") }
      }
    }
    for (name, canonical) in expected["canonical_filenames"]?.object?.members ?? [] {
      differences.expectEqual(StatementJoin.canonicalFilename(name), canonical.string ?? "", name)
    }
    differences.expectNone(of: best.documents.count)
  }

  @Test func aWholePageMatchesOnlyInThePublishedMetric() throws {
    let statement = "This work was supported by the Wellcome Trust under grant WT086151."
    let page = String(repeating: "Words about the matter. ", count: 30) + statement
    let evaluation = try StatementEvaluation([
      StatementDocument(label: "a", gold: [statement], predicted: [page], article: page + " End.")
    ])
    #expect(evaluation.published.f1 == 1)
    #expect(evaluation.honest.f1 == 0 && evaluation.characters.precision == 0)
    #expect(evaluation.verbatimRate == 1)
  }

  @Test func onePredictionMatchesOneStatement() throws {
    let statement = "Funded by the NSF."
    let evaluation = try StatementEvaluation([
      StatementDocument(label: "a", gold: [statement, statement], predicted: [statement, "Funded  by the NSF!"])
    ])
    #expect(evaluation.honest == LevelScore(gold: 2, predicted: 2, matched: 2))
    #expect(evaluation.verbatimRate == 0.5)
    let single = try StatementEvaluation([
      StatementDocument(label: "a", gold: [statement, statement], predicted: [statement])
    ])
    #expect(single.published.recall == 1 && single.honest.recall == 0.5)
  }
}

@Suite struct BootstrapTests {
  @Test func sameSeedSameInterval() throws {
    let documents = (0..<40).map { LevelScore(gold: 3, predicted: 3, matched: Double($0 % 4)) }
    let bootstrap = Bootstrap(resamples: 500, seed: 3)
    let interval = try bootstrap.interval(of: .f1, documents: documents)
    #expect(interval == (try bootstrap.interval(of: .f1, documents: documents)))
    #expect(interval.lower < 0.5 && interval.upper > 0.5 && interval.lower > 0.3 && interval.upper < 0.7)
    #expect(interval != (try Bootstrap(resamples: 500, seed: 4).interval(of: .f1, documents: documents)))
  }

  @Test func oneDocumentHasNoSpread() throws {
    let interval = try Bootstrap().interval(of: .recall, documents: [LevelScore(gold: 4, predicted: 2, matched: 1)])
    #expect(interval == Bootstrap.Interval(lower: 0.25, upper: 0.25))
    #expect(try Bootstrap().interval(of: .f1, documents: []) == Bootstrap.Interval(lower: 0, upper: 0))
  }

  @Test func pairedDifferences() throws {
    let worse = (0..<50).map { LevelScore(gold: 2, predicted: 2, matched: $0 % 2 == 0 ? 1 : 2) }
    let better = (0..<50).map { _ in LevelScore(gold: 2, predicted: 2, matched: 2) }
    let difference = try Bootstrap().difference(of: .f1, from: worse, to: better)
    #expect(abs(difference.difference - 0.25) < 1e-12 && difference.pValue < 0.01 && difference.interval.lower > 0)
    #expect(try Bootstrap().difference(of: .f1, from: worse, to: worse).pValue == 1)
    #expect(throws: ScoringError.self) { try Bootstrap().difference(of: .f1, from: worse, to: []) }
    #expect(throws: ScoringError.self) { try Bootstrap(resamples: 0).interval(of: .f1, documents: worse) }
  }
}
