import Funding
import JSON
import Testing

@testable import Scoring

/// The worked examples of Guides/Scoring.md: whoever changes a number here changes it there.
@Suite struct RewardExamplesTests {
  private static let nsf = "National Science Foundation"
  private static func funder(_ name: String?, _ ids: String...) -> Funder {
    Funder(name: name, awards: ids.isEmpty ? [] : [Award(awardIDs: ids)])
  }

  private func reward(_ gold: [Funder], _ predicted: [Funder]) throws -> Reward {
    try Reward(gold: gold, predicted: predicted)
  }

  @Test func oneOfTwoFundersMissed() throws {
    let gold = [Self.funder(Self.nsf, "DMS-1855568"), Self.funder("Wellcome Trust", "WT086151")]
    let result = try reward(gold, [gold[0]])
    // P = 1, R = 1/2 at all three levels: F0.5 = 1.25 · 0.5 / (0.25 + 0.5) = 5/6.
    for term in [result.funder, result.awardID, result.flatAwardID] { #expect(abs(term.score - 5.0 / 6) < 1e-12) }
    #expect(abs(result.value - 0.8333) < 1e-4)
  }

  @Test func oneFunderMadeUp() throws {
    let gold = [Self.funder(Self.nsf, "DMS-1855568")]
    let result = try reward(gold, gold + [Self.funder("Wellcome Trust", "WT086151")])
    // P = 1/2, R = 1: F0.5 = 1.25 · 0.5 / (0.125 + 1) = 5/9. Making up costs more than missing.
    #expect(abs(result.value - 0.5556) < 1e-4)
  }

  @Test func nearMissOfAnID() throws {
    let result = try reward([Self.funder(Self.nsf, "DMS-1855568")], [Self.funder(Self.nsf, "DMS-185556")])
    // Half a match: P = R = 1/2, so F0.5 = 1/2 for both id terms.
    #expect(abs(result.value - (0.5 + 0.4 * 0.5 + 0.1 * 0.5)) < 1e-12)
  }

  @Test func rightIDUnderTheWrongFunder() throws {
    let result = try reward([Self.funder(Self.nsf, "1855568")], [Self.funder("Wellcome Trust", "1855568")])
    #expect(result.funder.score == 0 && result.awardID.score == 0 && result.flatAwardID.score == 1)
    #expect(abs(result.value - 0.1) < 1e-12)
  }

  @Test func knownHoles() throws {
    let none: [Funder] = []
    #expect(try reward(none, none).value == 1)
    // A made-up funder without an id, where there was none, keeps both id terms.
    #expect(abs(try reward(none, [Self.funder("Wellcome Trust")]).value - 0.5) < 1e-12)
    #expect(try reward(none, [Self.funder("Wellcome Trust", "WT086151")]).value == 0)
    // An acronym alone is another funder, though the id is right.
    #expect(abs(try reward([Self.funder(Self.nsf, "1855568")], [Self.funder("NSF", "1855568")]).value - 0.1) < 1e-12)
    #expect(try reward([Self.funder(Self.nsf + " (NSF)", "1855568")], [Self.funder("NSF", "1855568")]).value == 1)
    // Dots stay in ids.
    let dotted = try reward([Self.funder(Self.nsf, "12345678")], [Self.funder(Self.nsf, "12.345.678")])
    #expect(abs(dotted.value - 0.5) < 1e-12 && dotted.awardID.score == 0)
    // Nothing predicted: half the reward where gold has no ids; the environment pays nothing.
    let noIDs = [Self.funder(Self.nsf)]
    #expect(abs(try reward(noIDs, none).value - 0.5) < 1e-12)
    #expect(try Episode(gold: noIDs, predicted: none).reward == 0)
    // Schemes and titles have no weight.
    let titled = [Funder(name: Self.nsf, awards: [Award(awardTitles: ["Deep Seas"])])]
    #expect(try reward(titled, [Self.funder(Self.nsf)]).value == 1)
    // Similar names within a list are merged: two countries' foundations may become one funder.
    let merged = try SimilarFunders.merged([Self.funder("Science Fund of China"), Self.funder("Science Fund of Chile")])
    #expect(merged.count == 1)
  }

  @Test func theTableAddsUp() throws {
    let gold = [Self.funder(Self.nsf, "DMS-1855568")]
    #expect(
      try reward(gold, gold + [Self.funder("Wellcome Trust", "WT086151")]).table() == """
        term           weight   score  contribution  matched  pred  gold
        ─────────────  ──────  ──────  ────────────  ───────  ────  ────
        funder           0.50  0.5556        0.2778        1     2     1
        award_id         0.40  0.5556        0.2222        1     2     1
        flat_award_id    0.10  0.5556        0.0556        1     2     1
        scheme           0.00  0.3086        0.0000        0     0     0
        title            0.00  0.3086        0.0000        0     0     0
        reward                               0.5556

        """)
  }

  @Test func aFileOfPairsIsRewardedRowByRow() throws {
    let file = """
      {"id": "x", "gold": [{"funder_name": "NSF", "award_ids": "111111"}], "completion": "```json\\n[{\\"funder_name\\": \\"NSF\\", \\"awards\\": [{\\"award_ids\\": [\\"111111\\"]}]}]\\n```"}
      {"gold": [{"funder_name": "NSF"}], "pred": []}
      {"gold": [], "completion": "[{\\"award_ids\\": [1]}]"}
      {"pred": []}
      """
    let rows = try RewardFile.rewards(Array(file.utf8))
    #expect(rows.map(\.label) == ["x", "row 2", "row 3", "row 4"])
    #expect(try rows[0].episode.get().reward == 1 && rows[1].episode.get().reward == 0)
    #expect(throws: ScoringError.self) { try rows[2].episode.get() }
    #expect(throws: ScoringError.self) { try rows[3].episode.get() }
    #expect(try rows[0].episode.get().json["metrics"]?["format_valid"]?.double == 1)
  }

  @Test func theBenchmarkScoresItsCases() {
    let result = ScoringBenchmark.typical.run(seconds: 0)
    #expect(result.rewards == ScoringBenchmark.typical.cases.count && result.failures == 0)
    #expect(result.meanReward > 0 && result.meanReward < 1)
  }

  @Test func hostileOutputEndsInAnErrorOrAValue() throws {
    let gold = [Self.funder(Self.nsf, "1855568")]
    let long = String(repeating: "abcdefghij", count: 30_000)
    let other = String(repeating: "jihgfedcba", count: 30_000)
    #expect(try reward(gold, [Self.funder(long)]).value == 0)
    var options = RewardOptions.training
    options.comparison.workLimit = WorkLimit(steps: 10_000_000)
    #expect(throws: ScoringError.self) {
      try Reward(gold: gold, predicted: [Self.funder(long), Self.funder(other)], options: options)
    }
  }
}
