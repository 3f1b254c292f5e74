import Foundation
import Generation
import JSON
import Testing

@testable import Funding

@Suite struct ConfidenceTests {
  /// A completion whose tokens have these bytes and log-probabilities.
  private func completion(_ tokens: [(text: String, logProbability: Float?)]) -> Completion {
    Completion(
      text: tokens.map(\.text).joined(),
      tokens: tokens.map { ChosenToken(id: 0, logProbability: $0.1, byteCount: $0.0.utf8.count) }
        + [ChosenToken(id: 1, logProbability: -9)],
      finishReason: .stop, promptTokens: [0])
  }

  @Test func tokensThatTouchAValueCount() throws {
    // The second token writes the end of the frame and the beginning of the value; the last one the end and what follows.
    let output = completion([
      (#"{"statements":"#, -8), (#"["We"#, -1), (" thank", -2), (" é", -0.5), (#".","B"]}"#, -4),
    ])
    let confidence = try #require(OutputConfidence(output, calibration: nil))
    let found = confidence.statements(["We thank é.", "B"])
    #expect(abs((found[0]?.mean ?? 0) - exp(-(1 + 2 + 0.5 + 4) / 4)) < 1e-6)
    #expect(abs((found[0]?.minimum ?? 0) - exp(-4)) < 1e-6)
    #expect(abs((found[1]?.mean ?? 0) - exp(-4)) < 1e-6)
    // Other statements than those that the reader made of it.
    #expect(confidence.statements(["We thank e\u{301}.", "B"]) == [nil, nil])
    #expect(confidence.statements(["B"]) == [nil])
  }

  @Test func fundersInTheFormOfThePrompt() throws {
    let text = #"[{"funder_name":null,"awards":[{"award_ids":["1","2"],"funding_scheme":["S"],"award_title":[]}]}]"#
    let output = completion(text.map { (String($0), $0 == "2" ? -2 : -0.25) })
    let confidence = try #require(OutputConfidence(output, calibration: nil))
    let funder = Funder(name: nil, awards: [Award(awardIDs: ["1", "2"], fundingSchemes: ["S"])])
    let found = confidence.funders([funder])
    #expect(found[0].name == nil)
    #expect(abs((found[0].awards[0].awardIDs[1]?.mean ?? 0) - exp(-2)) < 1e-6)
    #expect(abs((found[0].awards[0].fundingSchemes[0]?.minimum ?? 0) - exp(-0.25)) < 1e-6)
    // A funder that is not the output's.
    let other = Funder(name: nil, awards: [Award(awardIDs: ["1", "3"], fundingSchemes: ["S"])])
    #expect(confidence.funders([other])[0].awards[0].awardIDs == [nil, nil])
    #expect(confidence.funders([funder, funder]).allSatisfy { $0.awards[0].fundingSchemes == [nil] })
  }

  /// What no probability is told of has no confidence; other values of the output keep theirs.
  @Test func absentLogProbabilities() throws {
    let output = completion([(#"{"statements":"#, nil), (#"["A","#, nil), (#""B"]}"#, -0.5)])
    let found = try #require(OutputConfidence(output, calibration: nil)).statements(["A", "B"])
    #expect(found[0] == nil)
    #expect(abs((found[1]?.mean ?? 0) - exp(-0.5)) < 1e-6)
    let untold = completion([(#"{"statements":["A"]}"#, nil)])
    #expect(OutputConfidence(untold, calibration: nil)?.statements(["A"]) == [nil])
  }

  /// Confidences are of the model's own probabilities, at temperature 1.
  @Test func logProbabilitiesOfAnotherTemperature() {
    var output = completion([(#"{"statements":["A"]}"#, -0.5)])
    #expect(OutputConfidence(output, calibration: nil)?.statements(["A"]).first??.mean != nil)
    output.logProbabilityTemperature = 0.7
    #expect(OutputConfidence(output, calibration: nil) == nil)
  }

  @Test func outputsThatCannotBeMapped() {
    #expect(OutputConfidence(completion([("no JSON", -1)]), calibration: nil) == nil)
    #expect(OutputConfidence(completion([]), calibration: nil) == nil)
    var repaired = completion([("[]", -1)])
    repaired.tokens[0].byteCount = 3
    #expect(OutputConfidence(repaired, calibration: nil) == nil)
  }

  @Test func calibration() throws {
    let scaling = Calibration.Scaling(slope: 2, intercept: -1, count: 30, correct: 20)
    let calibration = Calibration([.awardID: scaling, .statement: scaling])
    #expect(try Calibration(json: JSON.parse(calibration.json.text())) == calibration)
    let confidence = Confidence(mean: 0.5, minimum: 0.1)
    #expect(abs((calibration.probability(of: confidence, .awardID) ?? 0) - 1 / (1 + exp(1))) < 1e-12)
    #expect(calibration.probability(of: confidence, .awardTitle) == nil)
    for mean in [0, 1e-30, 1] {
      let probability = calibration.probability(of: Confidence(mean: mean, minimum: 0), .awardID)
      #expect(probability.map { $0 > 0 && $0 < 1 } == true)
    }
    for text in ["[]", #"{"award_id": {}}"#, #"{"award_id": {"slope": 1e999, "intercept": 0}}"#] {
      let json = try JSON.parse(text)
      #expect(throws: FundingError.self) { try Calibration(json: json) }
    }
  }
}
