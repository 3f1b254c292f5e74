import Funding
import JSON
import TestSupport
import Testing
import Text

@testable import Scoring

@Suite struct MatchingTests {
  @Test(.needsGoldenVectors) func everyGoldenAssignment() throws {
    let rows = try Golden.rows("reward/hungarian.jsonl")
    var differences = Differences()
    for (index, row) in rows.enumerated() {
      let given = (row["scores"]?.array ?? []).map { $0.array?.compactMap(\.double) ?? [] }
      let threshold = row.number("threshold")
      let scores = given.flatMap { $0.map { $0 >= threshold ? $0 : 0 } }
      let columns = given.first?.count ?? 0
      let pairs = try Assignment.best(scores: scores, rows: given.count, columns: columns)
      differences.expectEqual(pairs.map(\.row), row["row_ind"]?.array?.compactMap(\.int) ?? [-1], "row \(index) rows")
      differences.expectEqual(
        pairs.map(\.column), row["col_ind"]?.array?.compactMap(\.int) ?? [-1], "row \(index) columns")
      let total = pairs.reduce(0) { $0 + scores[$1.row * columns + $1.column] }
      differences.expectEqual(total, row.number("total"), "row \(index) total")

      var candidates: [ScoredPair] = []
      for (place, score) in scores.enumerated() where score >= threshold {
        candidates.append(ScoredPair(row: place / columns, column: place % columns, score: score))
      }
      var budget = WorkBudget(.standard)
      let matched = try Assignment.best(
        candidates: candidates, rows: given.count, columns: columns, budget: &budget)
      let expected = (row["matched"]?.array ?? []).map { $0.array?.compactMap(\.double) ?? [] }
      differences.expectEqual(
        matched.map { [Double($0.row), Double($0.column), $0.score] }, expected, "row \(index) matched")
    }
    differences.expectNone(of: rows.count)
  }

  @Test func assignmentsInPartsReachTheSameTotal() throws {
    var generator = SplitMix64(state: 5)
    for _ in 0..<200 {
      let rows = Int(generator.next() % 7)
      let columns = Int(generator.next() % 7)
      var scores = [Double](repeating: 0, count: rows * columns)
      var candidates: [ScoredPair] = []
      for place in scores.indices where generator.next() % 3 == 0 {
        scores[place] = 0.5 + Double(generator.next() % 6) / 10
        candidates.append(ScoredPair(row: place / columns, column: place % columns, score: scores[place]))
      }
      var budget = WorkBudget(.standard)
      let whole = try Assignment.best(scores: scores, rows: rows, columns: columns)
      let inParts = try Assignment.bestInParts(
        candidates: candidates, rows: rows, columns: columns, budget: &budget)
      let total = whole.reduce(0) { $0 + scores[$1.row * columns + $1.column] }
      #expect(abs(inParts.reduce(0) { $0 + $1.score } - total) < 1e-9)
      #expect(Set(inParts.map(\.row)).count == inParts.count && Set(inParts.map(\.column)).count == inParts.count)
    }
  }

  @Test func aMatrixOfTheWrongSizeIsAnError() {
    #expect(throws: ScoringError.self) { try Assignment.best(scores: [1, 2, 3], rows: 2, columns: 2) }
    #expect(throws: ScoringError.self) { try Assignment.best(scores: [.nan], rows: 1, columns: 1) }
  }

  @Test(.needsGoldenVectors) func everyGoldenMerge() throws {
    let rows = try Golden.rows("reward/merge_funders.jsonl")
    var differences = Differences()
    for row in rows {
      let merged = try SimilarFunders.merged(Funder.list(row["funders"]), threshold: row.number("threshold"))
      differences.expectEqual(merged, Funder.list(row["merged"]), row.text("case"))
    }
    differences.expectNone(of: rows.count)
  }

  /// The reference drops empty strings when it reads a list; blank ones it keeps.
  @Test func emptyValuesAreDropped() throws {
    let funder = Funder(
      name: "X", awards: [Award(awardIDs: ["", " "], fundingSchemes: [""], awardTitles: ["", "T"])])
    let unnamed = Funder(name: "", awards: [Award(awardIDs: [""])])
    #expect(
      try SimilarFunders.merged([funder, unnamed]) == [
        Funder(name: "X", awards: [Award(awardIDs: [" "], awardTitles: ["T"])]), Funder(name: nil, awards: [Award()]),
      ])
    let comparison = try FunderComparison(gold: [funder], predicted: [unnamed])
    #expect(comparison.awardID.gold == 1 && comparison.awardID.predicted == 0)
    #expect(comparison.flatAwardID.gold == 1 && comparison.flatAwardID.predicted == 0)
    let episode = try Episode(gold: [funder], predicted: [unnamed])
    #expect(episode.goldIDCount == 1 && episode.predictedIDCount == 0)
  }

  @Test(.needsGoldenVectors) func everyGoldenAwardID() throws {
    let rows = try Golden.rows("reward/award_id.jsonl")
    var differences = Differences()
    for (index, row) in rows.enumerated() {
      let predicted = row.text("pred")
      let gold = row.text("gold")
      differences.expectEqual(AwardID.normalize(predicted), row.text("norm_pred"), "row \(index) norm_pred")
      differences.expectEqual(AwardID.normalize(gold), row.text("norm_gold"), "row \(index) norm_gold")
      differences.expectEqual(AwardID.matches(predicted, gold), row["match"]?.bool, "row \(index) match")
      differences.expectEqual(
        AwardID.matches(predicted, gold, mode: .exact), row["match_exact"]?.bool, "row \(index) match_exact")
      differences.expectEqual(AwardID.softScore(predicted, gold), row.number("soft"), "row \(index) soft")
      differences.expectEqual(
        AwardID.softScore(predicted, gold, mode: .exact), row.number("soft_exact_mode"), "row \(index) exact")
      differences.expectEqual(
        AwardID.softScore(predicted, gold, maximumDistance: 3, minimumLength: 4), row.number("soft_max3"),
        "row \(index) soft_max3")
      differences.expectEqual(
        Levenshtein.distance(AwardID.normalize(predicted), AwardID.normalize(gold)), row.integer("levenshtein_norm"),
        "row \(index) levenshtein")
    }
    differences.expectNone(of: rows.count)
  }

  /// Counting and bipartite matching against the assignment that the reference solves.
  @Test func awardIDsMatchAsTheAssignmentDoes() throws {
    var generator = SplitMix64(state: 6)
    for _ in 0..<400 {
      func ids() -> [String] {
        (0..<Int(generator.next() % 6)).map { _ in
          String((0..<(5 + Int(generator.next() % 3))).map { _ in generator.next() % 4 == 0 ? "B" : "A" })
        }
      }
      let gold = ids()
      let predicted = ids()
      var budget = WorkBudget(.standard)
      let pairs = try AwardID.match(gold: gold, predicted: predicted, mode: .normalized, soft: true, budget: &budget)
      let exact = gold.flatMap { g in predicted.map { AwardID.matches($0, g) ? 1.0 : 0 } }
      let exactPairs = try Assignment.best(scores: exact, rows: gold.count, columns: predicted.count)
        .filter { exact[$0.row * predicted.count + $0.column] == 1 }
      let leftGold = gold.indices.filter { row in !exactPairs.contains { $0.row == row } }
      let leftPredicted = predicted.indices.filter { column in !exactPairs.contains { $0.column == column } }
      let soft = leftGold.flatMap { g in leftPredicted.map { AwardID.softScore(predicted[$0], gold[g]) } }
      let softTotal = try Assignment.best(scores: soft, rows: leftGold.count, columns: leftPredicted.count)
        .reduce(0) { $0 + soft[$1.row * leftPredicted.count + $1.column] }
      #expect(pairs.reduce(0) { $0 + $1.score } == Double(exactPairs.count) + softTotal)
    }
  }

  /// Above 2²⁰ cells the list is solved in parts, with the same groups.
  @Test func longListsMergeAsShortOnes() throws {
    let few = ["Wellcome Trust", "The Wellcome Trust", "NSF", "Deutsche Forschungsgemeinschaft", "NSF"]
    let expected = try SimilarFunders.merged(few.map { Funder(name: $0) }).compactMap(\.name)
    let filling = (0..<1_100).map { String(UnicodeScalar(UInt8(97 + $0 % 26))) + String($0 * 7_919_393, radix: 3) }
    let distinct = filling.map { Funder(name: $0) }
    let merged = try SimilarFunders.merged(few.map { Funder(name: $0) } + distinct, threshold: 0.97)
    let strict = try SimilarFunders.merged(few.map { Funder(name: $0) }, threshold: 0.97).compactMap(\.name)
    #expect(Set(merged.compactMap(\.name)).isSuperset(of: strict) && !expected.isEmpty)
    #expect(merged.count { $0.name == "NSF" } == 1)
  }

  @Test func manyFundersMergeInBoundedTime() throws {
    let repeated = (0..<3_000).map { Funder(name: "National Fund \($0 % 3)", awards: [Award(awardIDs: ["\($0)"])]) }
    let merged = try SimilarFunders.merged(repeated)
    #expect(merged.count == 1 && merged[0].awards.count == 3_000)
    #expect(throws: ScoringError.self) {
      try SimilarFunders.merged(repeated, limit: WorkLimit(steps: 10))
    }
  }
}
