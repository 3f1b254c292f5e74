import Runs
import Foundation
import Funding
import Generation
import JSON
import TensorTestSupport
import TestSupport
import Testing
import Tokenizer
import TrainingData

@testable import Training

@Suite struct DevGenerationTests {
  private func row(_ id: String, _ task: Stage?, start: Int = 1) -> TrainingExample {
    TrainingExample(id: id, task: task, tokens: [1, 2, 3], isSupervised: (0..<3).map { $0 >= start })
  }

  @Test func aSampleTellsOfAllTasks() {
    let rows = (0..<5).map { row("p\($0)", .funders) } + (0..<2).map { row("e\($0)", .statements) } + [row("c", nil)]
    func ids(_ count: Int) -> [String] { DevGeneration.sample(of: rows, count: count).map(\.id) }
    #expect(ids(0) == [])
    #expect(ids(2) == ["e0", "p0"])
    #expect(ids(6) == ["e0", "p0", "c", "e1", "p1", "p2"])
    #expect(Set(ids(100)) == Set(rows.map(\.id)) && ids(100).count == rows.count)
  }

  @Test func figuresAreThoseOfTheTasks() {
    #expect(DevGeneration.figures(of: []) == [])
    #expect(
      DevGeneration.figures(of: [row("a", .funders)]) == ["dev/whole_answers", "dev/funder_f0.5", "dev/award_id_f0.5"])
    #expect(DevGeneration.figures(of: [row("a", nil, start: 0)]) == [], "nothing asks for this answer")
    let all = DevGeneration.figures(of: Stage?.tasks.map { row("a", $0) })
    #expect(Set(all) == Set(DevGeneration.figures))
  }
}

@Suite struct DevScoreTests {
  private let award = #"{"award_ids":["DMS-1855568","DMS-1855568"],"funding_scheme":[],"award_title":[]}"#

  private func metrics(_ fill: (inout DevScore) -> Void) -> [String: Double] {
    var score = DevScore()
    fill(&score)
    return Dictionary(uniqueKeysWithValues: score.metrics.map { ($0.name, $0.value) })
  }

  /// As in an extraction, what the end of a constrained output brings in costs nothing.
  @Test func answersAreCleanedAsInAnExtraction() {
    let gold =
      #"[{"funder_name":"X Fund","awards":[{"award_ids":["DMS-1855568"],"funding_scheme":[],"award_title":[]}]}]"#
    let written = #"[{"funder_name":"X Fund","awards":[\#(award)]},{"funder_name":null,"awards":[]}]"#
    let cleaned = metrics {
      $0.add(
        .funders, id: "a", expected: gold, written: written, isWhole: false, closedAtLimit: true, isConstrained: true)
    }
    #expect(cleaned == ["dev/whole_answers": 0, "dev/funder_f0.5": 1, "dev/award_id_f0.5": 1])
  }

  @Test func aStatementCountsOnce() {
    let statement = "This work was supported by the X Fund."
    let metrics = metrics {
      $0.add(
        .statements, id: "a", expected: #"{"statements":["\#(statement)"]}"#,
        written: #"{"statements":["\#(statement)","\#(statement)"]}"#, isWhole: true)
    }
    #expect(metrics == ["dev/whole_answers": 1, "dev/statement_f1": 1])
  }
}

@Suite struct DevConstraintTests {
  private func example(_ task: Stage?, _ sources: [String] = []) -> TrainingExample {
    TrainingExample(id: "a", task: task, tokens: [1, 2], isSupervised: [false, true], sources: sources)
  }

  @Test func constraintsAreThoseOfAnExtraction() {
    var options = ConstraintOptions()
    func made(_ example: TrainingExample) -> OutputConstraint? { DevGeneration.constraint(for: example, options) }
    #expect(made(example(.statements, ["By X."])) == options.statements(in: "By X."))
    #expect(made(example(.funders, ["By X.", "By Y."])) == options.funders(in: ["By X.", "By Y."]))
    #expect(made(example(nil, ["By X."])) == nil)
    options.mode = .json
    let shape = options.funders(in: [])
    #expect(made(example(.funders, ["By X."])) == shape)
    options.mode = .verbatim
    #expect(made(example(.funders)) == shape, "nothing to copy from")
    options.mode = .none
    #expect(made(example(.statements, ["By X."])) == nil)
  }
}

/// A model with random weights, which babbles.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct DevGenerationModelTests {
  private let tokenizer: Tokenizer

  init() throws { tokenizer = try ByteTokenizer.tokenizer.get() }

  private func row(_ id: String, _ task: Stage?, _ text: String, _ answer: String) -> TrainingExample {
    let (prompt, answer) = (tokenizer.encode(text), tokenizer.encode(answer))
    return TrainingExample(
      id: id, task: task, tokens: prompt + answer,
      isSupervised: prompt.map { _ in false } + answer.map { _ in true }, sources: [text])
  }

  @Test func answersAreHeldToTheirTextAndLimit() throws {
    let text = "This work was supported by the Moss Fund (grant M-1)."
    let rows = [
      row("p", .funders, text, "[]"), row("e", .statements, text, #"{"statements":[]}"#), row("c", nil, text, "Yes."),
      row("long", .funders, String(repeating: "x", count: 2_047), "[]"),
    ]
    let generation = try DevGeneration(
      model: Golden.tinyLlama("untied"), tokenizer: tokenizer, template: .smolLM2, rows: rows, maximumNewTokens: 70)
    var done: [Int] = []
    let (metrics, samples) = try generation.measure(step: 3) { count, total in
      done.append(count)
      #expect(total == 4)
    }
    #expect(!done.isEmpty && Set(metrics.map(\.name)) == Set(DevGeneration.figures(of: rows)))
    #expect(samples.map(\.id) == ["p", "e", "c", "long"] && samples.allSatisfy { $0.step == 3 })
    #expect(samples[0].expected == "[]")
    for name in FunderReader.read(samples[0].generated).elements.compactMap(\.text.name) {
      #expect(text.contains(name))
    }
    #expect(try JSON.parse(samples[0].generated).array != nil)
    #expect(try JSON.parse(samples[1].generated)["statements"] != nil)
    #expect(samples[3].generated == "", "no room for an answer")
  }
}
