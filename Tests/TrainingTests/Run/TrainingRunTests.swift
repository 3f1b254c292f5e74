import Generation
import Foundation
import JSON
import ModelFiles
import Runs
import TestSupport
import Testing
import Torch
import Training

/// Runs of a trainer that is none of the program's own: what a run promises holds for any.
@Suite struct TrainingRunTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func description(_ change: (inout TrainingRun.Description) -> Void = { _ in }) -> TrainingRun.Description {
    var description = TrainingRun.Description(version: "7", settings: ["seed": 1], data: ["rows": 3])
    description.ranking = CheckpointRanking(figure: "dev/score")
    change(&description)
    return description
  }

  @discardableResult
  private func run(
    _ trainer: CountingTrainer, in name: String = "run", _ description: TrainingRun.Description? = nil,
    resuming: Bool = true, _ onEvent: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> SavedCheckpoint? {
    let run = try TrainingRun(
      trainer, in: RunFolder(folder.url(name), resuming: resuming), description ?? self.description())
    return try run.run(resuming: resuming, onEvent)
  }

  private func json(_ name: String) throws -> JSON { try JSON.parse(folder.read(name)) }

  /// What a run leaves, without the clock's figures.
  private func remains(of name: String) throws -> [String] {
    let lines = try folder.read("\(name)/metrics.jsonl").split(separator: "\n").map { line in
      let members = try JSON.parse(String(line)).object?.members ?? []
      return JSON.object(members.filter { !["time", "seconds"].contains($0.key) }.map { ($0.key, $0.value) }).text()
    }
    return try lines + [
      folder.read("\(name)/samples.jsonl"), folder.read("\(name)/adapter/adapter.json"),
      folder.read("\(name)/checkpoints/step-000006/state.json"), folder.read("\(name)/config.json"),
    ]
  }

  @Test func aRunLeavesItsFolder() throws {
    let best = try run(CountingTrainer())
    #expect(best?.step == 4 && best?.metrics == ["dev/score": 0.9])
    let names = contents(of: folder.url("run")).filter { !$0.hasPrefix("events.") }
    #expect(
      names == [
        "adapter", "checkpoints", "config.json", "data.json", "metrics.jsonl", "run.json", "run.lock", "samples.jsonl",
      ])
    let status = try #require(try RunStatus.read(folder.url("run")))
    #expect(status.kind == "count" && status.version == "7" && status.state == .finished)
    #expect(status.step == 6 && status.plannedSteps == 6 && status.tokens == 60)
    #expect(try json("run/config.json") == ["seed": 1] && json("run/data.json") == ["rows": 3])
    let records = try MetricRecord.records(of: folder.url("run"))
    #expect(records.compactMap { $0.values["train/sum"] } == [1, 3, 6, 10, 15, 21])
    #expect(records.compactMap { $0.values["dev/score"] } == [0.5, 0.9, 0.4])
    #expect(try RunSample.samples(of: folder.url("run")).map(\.generated) == ["3", "10", "21"])
    // Every third step, and what was measured; the last three stay, the best is among them.
    #expect(CheckpointStore.saved(in: folder.url("run")).map(\.step) == [3, 4, 6])
    #expect(contents(of: folder.url("run/adapter")) == ["adapter.json", "dtype"])
  }

  @Test func theBestCheckpointBecomesTheAdapterAndGetsTheCard() throws {
    let card = AdapterCard(
      version: "7", baseModel: .init(name: "abacus", kind: .sha256, identity: String(repeating: "ab", count: 32)),
      chunkTokens: 100, overlapTokens: 10, chatTemplate: "smollm2",
      promptHashes: [.funders: String(repeating: "cd", count: 32)])
    let wanted = description {
      $0.card = card
      $0.keptCheckpoints = 1
      $0.adapterDType = .bfloat16
    }
    try run(CountingTrainer(), wanted)
    #expect(CheckpointStore.saved(in: folder.url("run")).map(\.step) == [4, 6], "the best one stays")
    #expect(try json("run/adapter/adapter.json")["sum"]?.int == 10)
    #expect(try folder.read("run/adapter/dtype") == "bfloat16")
    var found = try #require(try AdapterCard(folder: folder.url("run/adapter")))
    #expect(found.devMetrics == ["step": 4, "dev/score": 0.9])
    found.devMetrics = [:]
    #expect(found == card)
  }

  enum Interruption: CaseIterable {
    case early, midway, inAMeasurement, beforeTheEnd

    func strikes(at event: TrainingEvent, after step: Int) -> Bool {
      switch (self, event) {
      case (.early, .stepping(1, _)): step == 0
      case (.midway, .stepping(2, _)): step == 3
      case (.inAMeasurement, .measuring): step == 4
      case (.beforeTheEnd, .stepping(1, _)): step == 5
      default: false
      }
    }

    var savedStep: Int {
      switch self {
      case .early: 0
      case .midway: 3
      case .inAMeasurement: 4
      case .beforeTheEnd: 5
      }
    }
  }

  /// Interrupted anywhere and resumed, a run ends as one that was not.
  @Test(arguments: Interruption.allCases)
  func resumingIsExact(_ interruption: Interruption) throws {
    try run(CountingTrainer(), in: "whole")
    let first = CountingTrainer()
    #expect(throws: CancellationError.self) {
      try run(first) { event in
        if interruption.strikes(at: event, after: first.progress.step) { throw CancellationError() }
      }
    }
    let stopped = try #require(try RunStatus.read(folder.url("run")))
    #expect(stopped.state == .stopped && stopped.step == interruption.savedStep)
    #expect(CheckpointStore.saved(in: folder.url("run")).last?.step == interruption.savedStep)
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/adapter")))

    var start: Int?
    let best = try run(CountingTrainer()) { event in if case .resumed(let step) = event { start = step } }
    #expect(start == interruption.savedStep && best?.step == 4)
    #expect(try remains(of: "run") == remains(of: "whole"))
    #expect(try RunStatus.read(folder.url("run"))?.started == stopped.started)
    // Once it is finished nothing is left to do but the adapter.
    #expect(try run(CountingTrainer())?.step == 4)
    #expect(try remains(of: "run") == remains(of: "whole"))
  }

  @Test func anotherRunIsNotResumed() throws {
    try run(CountingTrainer())
    let before = try folder.read("run/config.json")
    let other = description { $0.settings = ["seed": 2] }
    #expect(failure(TrainingError.self) { try run(CountingTrainer(seed: 2), other) }?.code == .state)
    #expect(try folder.read("run/config.json") == before, "what is refused changes nothing")
    #expect(failure(RunError.self) { try run(CountingTrainer(), resuming: false) }?.code == .isRun)
  }

  @Test func aRunThatIsNotWorthGoingOnEnds() throws {
    let trainer = CountingTrainer()
    trainer.lastHealthyStep = 2
    #expect(failure(TrainingError.self) { try run(trainer) }?.code == .diverged)
    let status = try #require(try RunStatus.read(folder.url("run")))
    #expect(status.state == .failed && status.step == 3 && status.note == "the sum is 6")
    #expect(try MetricRecord.records(of: folder.url("run")).map(\.step).max() == 3, "the step that ended it is told")
    #expect(CheckpointStore.saved(in: folder.url("run")).map(\.step) == [2], "nothing is saved of it")
  }

  @Test func theFigureToChooseByIsMeasured() throws {
    let wrong = description { $0.ranking = CheckpointRanking(figure: MetricName.devLoss) }
    let error = failure(TrainingError.self) { try run(CountingTrainer(), wrong) }
    #expect(error?.message == "found dev/loss to choose checkpoints by, expected one of dev/score")

    // A trainer that measures nothing: the last checkpoint, and nothing to warn of.
    let silent = CountingTrainer()
    silent.figures = []
    var warnings: [String] = []
    #expect(
      try run(silent, in: "silent", wrong) { if case .warning(let text) = $0 { warnings.append(text) } }?.step == 6)
    #expect(warnings == [])
    #expect(!FileManager.default.fileExists(atPath: folder.path("silent/samples.jsonl")))

    // One whose figures are never finite.
    let lost = CountingTrainer()
    lost.scores = [:]
    #expect(try run(lost, in: "lost") { if case .warning(let text) = $0 { warnings.append(text) } }?.step == 6)
    #expect(warnings == ["no checkpoint has a finite dev/score to choose by: the last one is taken"])
  }

  @Test func eventsComeInTheirOrder() throws {
    let trainer = CountingTrainer()
    var events: [String] = []
    try trainer.run { event in
      switch event {
      case .stepped(let step): events.append("step \(step.step)")
      case .measured(let measurement): events.append("measured \(measurement.step)")
      case .checkpointDue(let figures): events.append("checkpoint with \(figures.count)")
      default: break
      }
    }
    #expect(
      events == [
        "step 1", "step 2", "measured 2", "checkpoint with 1", "step 3", "checkpoint with 0", "step 4", "measured 4",
        "checkpoint with 1", "step 5", "step 6", "measured 6", "checkpoint with 1",
      ])
  }
}
