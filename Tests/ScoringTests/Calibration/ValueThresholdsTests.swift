import Funding
import Testing

@testable import Scoring

@Suite struct ValueThresholdsTests {
  /// A funder that is right with confidence 0.8, and one that is made up with confidence 0.3.
  private func record(_ right: Double = 0.8, _ wrong: Double = 0.3) -> ExtractionRecord {
    let funders = [
      Funder(name: "Moss Fund", awards: [Award(awardIDs: ["12"])]),
      Funder(name: "Fen Trust", awards: [Award(awardIDs: ["34"])]),
    ]
    var record = ExtractionRecord(id: "x", sha256: "", funders: funders)
    record.confidences = zip(funders, [right, wrong]).map { funder, mean in
      funder.map { _, _ in Confidence(mean: mean, minimum: mean) }
    }
    return record
  }

  private let gold = [Funder(name: "Moss Fund", awards: [Award(awardIDs: ["12"])])]

  @Test func theBestThresholdLeavesOutWhatIsWrong() throws {
    var thresholds = ValueThresholds()
    #expect(thresholds.isEmpty && thresholds.best == 0)
    for _ in 0..<10 { try thresholds.add(record(), gold: gold) }
    let best = ValueThresholds.thresholds[thresholds.best]
    #expect(best > 0.3 && best <= 0.8 && best < 0.4, "the smallest of equals")
    #expect(thresholds.total(at: 0)[.funder] == LevelScore(gold: 10, predicted: 20, matched: 10))
    #expect(thresholds.total(at: thresholds.best)[.awardID] == LevelScore(gold: 10, predicted: 10, matched: 10))
    #expect(thresholds.total(at: ValueThresholds.thresholds.count - 1)[.funder].predicted == 0)
    let crossValidated = thresholds.crossValidated(folds: 5)
    #expect(crossValidated.chosen == Array(repeating: thresholds.best, count: 5))
    #expect(crossValidated.scores[.funder].f0_5 == 1)
  }

  /// A document is not judged by a threshold that it chose.
  @Test func crossValidationJudgesOthers() throws {
    var thresholds = ValueThresholds()
    // In the first part the wrong values are the sure ones.
    for index in 0..<10 { try thresholds.add(index % 5 == 0 ? record(0.3, 0.8) : record(), gold: gold) }
    let crossValidated = thresholds.crossValidated(folds: 5)
    #expect(crossValidated.scores[.funder].matched == 8)
  }

  @Test func valuesWithoutConfidenceStay() throws {
    var record = record()
    record.confidences = nil
    var thresholds = ValueThresholds()
    try thresholds.add(record, gold: gold)
    #expect(thresholds.total(at: ValueThresholds.thresholds.count - 1)[.funder].predicted == 2)
    #expect(thresholds.best == 0)
  }
}
