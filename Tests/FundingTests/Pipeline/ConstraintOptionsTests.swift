import Foundation
import Generation
import JSON
import TestSupport
import Testing

@testable import Funding

@Suite struct ConstraintOptionsTests {
  private static let article = "We thank.\n\nSupported by the Wellcome Trust (12)."

  private func script(_ request: CompletionRequest, _: Int) -> String {
    request.messages[0].content == Prompts.statementsSystem
      ? #"{"statements": ["Supported by the Wellcome Trust (12)."]}"#
      : #"[{"funder_name": "Wellcome Trust", "awards": [{"award_ids": ["12"], "funding_scheme": [], "award_title": []}]}]"#
  }

  private func extract(
    _ generator: FakeGenerator, _ change: (inout ExtractionOptions) -> Void = { _ in }
  ) async throws -> ExtractionRecord {
    var options = ExtractionOptions()
    change(&options)
    return try await Extractor(generator: generator, options: options, version: "1").extract(
      id: "x", contents: Array(Self.article.utf8))
  }

  @Test func requestsCarryTheConstraint() async throws {
    let generator = FakeGenerator(answer: script)
    _ = try await extract(generator) {
      $0.constraint.statementEdges = .lines
      $0.constraint.copiedValues = .ids
      $0.constraint.foldsLines = false
    }
    let constraints = generator.requests.map(\.constraint)
    #expect(
      constraints == [
        OutputConstraint(shape: OutputShapes.statements(.copied(.lines)), sources: [Self.article]),
        OutputConstraint(
          shape: OutputShapes.funders(ids: .copied(.awardIDs), values: .free),
          sources: ["Supported by the Wellcome Trust (12)."]),
      ])

    let json = FakeGenerator(answer: script)
    _ = try await extract(json) { $0.constraint.mode = .json }
    #expect(json.requests.allSatisfy { $0.constraint?.sources == [] })
    let free = FakeGenerator(answer: script)
    _ = try await extract(free) { $0.constraint.mode = .none }
    #expect(free.requests.allSatisfy { $0.constraint == nil })
  }

  /// The schema that a server can be given, whole.
  @Test func schemas() {
    #expect(
      OutputShapes.statements(.copied(.sentences)).jsonSchema.text()
        == #"{"type":"object","properties":{"statements":{"type":"array","items":{"type":"string","minLength":1,"#
        + #""x-copied":"sentences"},"maxItems":64}},"required":["statements"],"additionalProperties":false}"#)
    let funders = OutputShapes.funders(ids: .copied(.words), values: .free).jsonSchema
    #expect(funders["items"]?["required"] == ["funder_name", "awards"])
    #expect(funders["items"]?["properties"]?["funder_name"]?["anyOf"]?.array?[0] == ["type": "null"])
    #expect(
      funders["items"]?["properties"]?["awards"]?["items"]?["required"] == [
        "award_ids", "funding_scheme", "award_title",
      ])
  }

  @Test func recordsHaveConfidences() async throws {
    let record = try await extract(FakeGenerator(answer: script)) {
      $0.calibration = Calibration([.awardID: .init(slope: 1, intercept: 0, count: 0, correct: 0)])
    }
    let statement = try #require(record.statements.first?.confidence)
    #expect(statement.minimum > 0 && statement.minimum < statement.mean && statement.mean < 1)
    #expect(statement.calibrated == nil)
    let funder = try #require(record.confidences?.first)
    #expect(funder.name != nil)
    let id = try #require(funder.awards[0].awardIDs[0])
    #expect(abs((id.calibrated ?? 0) - id.mean) < 1e-12)
    let call = try #require(record.calls?.first)
    #expect((call.logProbability ?? 0) < 0 && call.constrainedLogProbability == 0 && !call.closedAtLimit)
    #expect(try ExtractionRecord(json: record.json) == record)
    let entries = record.provenance.filter { ["constrain", "verbatim", "statement_edges"].contains($0.key) }
    #expect(entries.map(\.value).first == "verbatim" && entries.count == 3)
  }

  /// What only the constraint wrote is no statement; the record says that it was there.
  @Test func statementsThatTheModelDidNotMean() async throws {
    let record = try await extract(FakeGenerator(answer: script)) { $0.constraint.leastStatementProbability = 0 }
    let mean = try #require(record.statements.first?.confidence?.mean)
    let above = try await extract(FakeGenerator(answer: script)) {
      $0.constraint.leastStatementProbability = mean.nextUp
    }
    #expect(above.statements.isEmpty && above.funders.isEmpty)
    #expect(above.warnings.count == 1 && above.warnings[0].hasSuffix(": Supported by the Wellcome Trust (12)."))
    #expect(above.calls?.first?.output.contains("Wellcome") == true)
    #expect(above.provenance.contains { $0.key == "least_statement_probability" })
    let at = try await extract(FakeGenerator(answer: script)) { $0.constraint.leastStatementProbability = mean }
    #expect(at.statements.count == 1 && at.warnings.isEmpty)
    // A warning is one short line.
    let long = FakeGenerator { _, _ in #"{"statements": ["a\n\#(String(repeating: "b", count: 200))"]}"# }
    let short = try await extract(long) { $0.constraint.leastStatementProbability = 1 }
    #expect(short.warnings.map { $0.hasSuffix(": a \(String(repeating: "b", count: 58))…") } == [true])
    // Nothing was forced where nothing was copied.
    let json = try await extract(FakeGenerator(answer: script)) {
      $0.constraint.mode = .json
      $0.constraint.leastStatementProbability = 1
    }
    #expect(json.statements.count == 1)
    for wrong in [-0.1, 1.1, .nan] {
      await #expect(throws: FundingError.self) {
        try await extract(FakeGenerator(answer: script)) { $0.constraint.leastStatementProbability = wrong }
      }
    }
  }

  /// What only the constraint wrote is no value; the record says that it was there.
  @Test func valuesThatTheModelDidNotMean() async throws {
    let all = try await extract(FakeGenerator(answer: script)) { $0.constraint.leastValueProbability = 0 }
    let funder = try #require(all.confidences?.first)
    let (name, id) = (try #require(funder.name??.mean), try #require(funder.awards[0].awardIDs[0]?.mean))
    #expect(all.funders.count == 1 && all.warnings.isEmpty)

    let withoutAny = try await extract(FakeGenerator(answer: script)) {
      $0.constraint.leastValueProbability = max(name, id).nextUp
    }
    #expect(withoutAny.funders.isEmpty && withoutAny.confidences == nil)
    let figures = [name, id].map { String(format: "%.1g", $0) }
    #expect(
      withoutAny.warnings == [
        "stage 2, part 0: left out the funder name Wellcome Trust that the model did not mean (probability \(figures[0]))",
        "stage 2, part 0: left out the award id 12 with its funder's name (probability \(figures[1]))",
      ])
    #expect(withoutAny.provenance.contains { $0.key == "least_value_probability" })
    // Free names are the model's own.
    let freeNames = try await extract(FakeGenerator(answer: script)) {
      $0.constraint.copiedValues = .ids
      $0.constraint.leastValueProbability = 1
    }
    #expect(freeNames.funders == [Funder(name: "Wellcome Trust")] && freeNames.warnings.count == 1)
    let json = try await extract(FakeGenerator(answer: script)) {
      $0.constraint.mode = .json
      $0.constraint.leastValueProbability = 1
    }
    #expect(json.funders == all.funders)
    for wrong in [-0.1, 1.1, .nan] {
      await #expect(throws: FundingError.self) {
        try await extract(FakeGenerator(answer: script)) { $0.constraint.leastValueProbability = wrong }
      }
    }
  }

  /// A model that runs in circles is stopped by the constraint; what it wrote twice counts once.
  @Test func repetitions() async throws {
    let repeated = FakeGenerator { request, _ in
      request.messages[0].content == Prompts.statementsSystem
        ? #"{"statements":["Supported by the Wellcome Trust (12).","Supported by the Wellcome Trust (12)."]}"#
        : #"[{"funder_name":"A","awards":[{"award_ids":["1","2","1"],"funding_scheme":[],"award_title":["T"]},"#
          + #"{"award_ids":["1","2"],"funding_scheme":[],"award_title":["T","T"]}]},"#
          + #"{"funder_name":"A","awards":[{"award_ids":["1","2"],"funding_scheme":[],"award_title":["T"]}]}]"#
    }
    let expected = Funder(name: "A", awards: [Award(awardIDs: ["1", "2"], awardTitles: ["T"])])
    let record = try await extract(repeated)
    #expect(record.statements.count == 1 && record.funders == [expected])
    #expect(record.confidences?.first?.awards.map(\.awardIDs.count) == [2])
    // Free output is left as it is.
    #expect(try await extract(repeated) { $0.constraint.mode = .none }.funders.count == 2)
  }

  /// What closing at the limit leaves empty is no funder, and the record says that something may be missing.
  @Test func outputsClosedAtTheirLimit() async throws {
    let generator = FakeGenerator(closesAtLimit: true) { request, _ in
      request.messages[0].content == Prompts.statementsSystem
        ? #"{"statements":["Supported by the Wellcome Trust (12).",""]}"#
        : #"[{"funder_name":"Wellcome Trust","awards":[]},{"funder_name":"","awards":[{"award_ids":[],"funding_scheme":[],"award_title":[]}]}]"#
    }
    let record = try await extract(generator)
    #expect(record.statements.count == 1)
    #expect(record.funders == [Funder(name: "Wellcome Trust")])
    #expect(record.confidences?.count == 1)
    #expect(record.calls?.allSatisfy(\.closedAtLimit) == true)
    #expect(record.warnings.contains { $0.contains("closed there") })
  }
}
