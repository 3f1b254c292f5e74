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
    // The second token writes the end of the frame and the beginning of the value; the last one the end and what
    // follows.
    let output = completion([
      (#"{"statements":"#, -8), (#"["We"#, -1), (" thank", -2), (" é", -0.5), (#".","B"]}"#, -4),
    ])
    let confidence = try #require(OutputConfidence(output, calibration: nil))
    let found = StatementReader.read(output.text).elements.map { confidence.confidence(of: $0, .statement) }
    #expect(abs((found[0]?.mean ?? 0) - exp(-(1 + 2 + 0.5 + 4) / 4)) < 1e-6)
    #expect(abs((found[0]?.minimum ?? 0) - exp(-4)) < 1e-6)
    #expect(abs((found[1]?.mean ?? 0) - exp(-4)) < 1e-6)
    #expect(confidence.confidence(of: OutputString("B"), .statement) == nil, "it stands nowhere")
  }

  @Test func funders() throws {
    let text = #"[{"funder_name":null,"awards":[{"award_ids":["1","2"],"funding_scheme":["S"],"award_title":[]}]}]"#
    let output = completion(text.map { (String($0), $0 == "2" ? -2 : -0.25) })
    let confidence = try #require(OutputConfidence(output, calibration: nil))
    let found = FunderReader.read(text).elements.map { $0.map { confidence.confidence(of: $0, $1) } }
    #expect(found.count == 1 && found[0].name == nil)
    #expect(abs((found[0].awards[0].awardIDs[1]?.mean ?? 0) - exp(-2)) < 1e-6)
    #expect(abs((found[0].awards[0].fundingSchemes[0]?.minimum ?? 0) - exp(-0.25)) < 1e-6)
  }

  /// What the readers understand has its tokens, whatever stands around it.
  @Test(arguments: ["Here:\n```json\n[\"A\", \"Bé\"]\n```", #"{"result": ["A", "Bé"]} é"#, #"é ["A", "Bé", "cut off"#])
  func otherForms(text: String) throws {
    let output = completion(text.map { (String($0), ["A", "B"].contains($0) ? -2 : -0.5) })
    let confidence = try #require(OutputConfidence(output, calibration: nil))
    let found = StatementReader.read(text).elements.map { confidence.confidence(of: $0, .statement) }
    #expect(found.map { $0.map { ($0.mean * 1e6).rounded() } } == [exp(-2), exp(-1.25)].map { ($0 * 1e6).rounded() })
  }

  /// What no probability is told of has no confidence; other values of the output keep theirs.
  @Test func absentLogProbabilities() throws {
    let output = completion([(#"{"statements":"#, nil), (#"["A","#, nil), (#""B"]}"#, -0.5)])
    let confidence = try #require(OutputConfidence(output, calibration: nil))
    let found = StatementReader.read(output.text).elements.map { confidence.confidence(of: $0, .statement) }
    #expect(found.count == 2 && found[0] == nil)
    #expect(abs((found[1]?.mean ?? 0) - exp(-0.5)) < 1e-6)
    let untold = completion([(#"{"statements":["A"]}"#, nil)])
    let value = try #require(StatementReader.read(untold.text).elements.first)
    #expect(try #require(OutputConfidence(untold, calibration: nil)).confidence(of: value, .statement) == nil)
  }

  /// Confidences are of the model's own probabilities, at temperature 1.
  @Test func logProbabilitiesOfAnotherTemperature() {
    var output = completion([(#"{"statements":["A"]}"#, -0.5)])
    #expect(OutputConfidence(output, calibration: nil) != nil)
    output.logProbabilityTemperature = 0.7
    #expect(OutputConfidence(output, calibration: nil) == nil)
  }

  @Test func outputsThatCannotBeMapped() {
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
