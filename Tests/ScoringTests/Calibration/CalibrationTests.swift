import Foundation
import Funding
import JSON
import Testing

@testable import Scoring

@Suite struct CalibrationTests {
  private func random(_ count: Int, _ seed: UInt64) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
  }

  /// Observations whose probability of being right is a known function of their confidence.
  private func observations(_ count: Int, slope: Double, intercept: Double) -> [CalibrationData.Observation] {
    zip(random(count, 1), random(count, 2)).enumerated().map { index, pair in
      let probability = 1 / (1 + exp(-(slope * Calibration.logOdds(pair.0) + intercept)))
      return CalibrationData.Observation(mean: pair.0, isCorrect: pair.1 < probability, document: index / 3)
    }
  }

  @Test func recoversTheParameters() throws {
    let scaling = try #require(PlattScaling.fit(observations(20_000, slope: 0.6, intercept: 1.2)))
    #expect(abs(scaling.slope - 0.6) < 0.05)
    #expect(abs(scaling.intercept - 1.2) < 0.05)
    #expect(scaling.count == 20_000)
  }

  /// scikit-learn's example in the note of Lin, Lin and Weng: all right or all wrong must not run away.
  @Test func separableValuesStayFinite() throws {
    let right = (0..<30).map { CalibrationData.Observation(mean: 0.9, isCorrect: true, document: $0) }
    let scaling = try #require(PlattScaling.fit(right))
    #expect(abs(scaling.probability(ofMean: 0.9) - 31.0 / 32) < 1e-3)
    let apart = (0..<40).map { index in
      CalibrationData.Observation(mean: index < 20 ? 0.1 : 0.9, isCorrect: index >= 20, document: index)
    }
    let steep = try #require(PlattScaling.fit(apart))
    #expect(steep.slope.isFinite && abs(steep.probability(ofMean: 0.9) - 21.0 / 22) < 1e-3)
    #expect(PlattScaling.fit(Array(right.prefix(PlattScaling.fewest - 1))) == nil)
  }

  private let gold = [
    Funder(name: "National Science Foundation", awards: [Award(awardIDs: ["1", "2"], fundingSchemes: ["CAREER"])]),
    Funder(name: nil, awards: [Award(awardTitles: ["A title"])]),
  ]

  private func record(_ funders: [Funder], mean: Double = 0.5) -> ExtractionRecord {
    let sure = Confidence(mean: mean, minimum: mean)
    var record = ExtractionRecord(id: "x", sha256: "", funders: funders)
    record.confidences = funders.map { $0.map { _, _ in sure } }
    record.statements = [
      FundingStatement(text: "We thank the NSF for grant 1.", status: .exact, confidence: sure),
      FundingStatement(text: "Something else altogether.", status: .exact, confidence: sure),
      FundingStatement(text: "Not known.", status: .exact),
    ]
    return record
  }

  @Test func judgesValues() throws {
    var data = CalibrationData()
    let predicted = [
      // The same funder twice, as merging has it: an id counts once.
      Funder(name: "National Science Foundation", awards: [Award(awardIDs: ["1", "9"])]),
      Funder(name: "National Science Foundation", awards: [Award(awardIDs: ["1", "2"], fundingSchemes: ["Other"])]),
      Funder(name: "Made-up Trust", awards: [Award(awardIDs: ["2"])]),
      Funder(name: nil, awards: [Award(awardTitles: ["A title"])]),
    ]
    try data.add(record(predicted), statements: ["We thank the NSF for grant 1."], funders: gold)
    func right(_ kind: ValueKind) -> [Bool] { (data.observations[kind] ?? []).map(\.isCorrect) }
    #expect(right(.statement) == [true, false])
    #expect(right(.funderName) == [true, true, false])
    #expect(right(.awardID) == [true, false, false, true, false])
    #expect(right(.fundingScheme) == [false])
    #expect(right(.awardTitle) == [true])
    #expect(data.unknownCount == 1 && data.documentCount == 1)

    // Confidences of other values say nothing of these.
    var other = record(predicted)
    other.confidences?[0].awards = []
    var partly = CalibrationData()
    try partly.add(other, statements: nil, funders: gold)
    #expect(partly.unknownCount == 3)

    var none = CalibrationData()
    try none.add(record(predicted), statements: nil, funders: nil)
    #expect(none.observations.isEmpty)
  }

  @Test func reportsErrorsAndTables() throws {
    var data = CalibrationData()
    for index in 0..<60 {
      let funders = index % 2 == 0 ? gold : [Funder(name: "Made-up Trust")]
      try data.add(record(funders, mean: index % 2 == 0 ? 0.8 : 0.3), statements: nil, funders: gold)
    }
    let report = CalibrationReport(data)
    let names = try #require(report.kinds.first { $0.kind == .funderName })
    #expect(names.count == 60 && names.correct == 30)
    // What was said as 0.8 is always right, what was said as 0.3 never: (0.2 + 0.3) / 2.
    #expect(abs(CalibrationReport.error(names.raw) - 0.25) < 1e-9)
    #expect(CalibrationReport.error(try #require(names.calibrated)) < 0.05)
    #expect(report.calibration.scalings[.funderName]?.slope ?? 0 > 0)
    #expect(report.text().contains("funder_name"))
    #expect(report.text().contains("0.8–0.9"))
    #expect(try Calibration(json: report.json["calibration"] ?? .null) == report.calibration)
    #expect(CalibrationReport.error([]) == 0)
  }
}
