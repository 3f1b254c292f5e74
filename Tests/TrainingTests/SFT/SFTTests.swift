import Generation
import Foundation
import JSON
import Llama
import ModelFiles
import Runs
import TensorTestSupport
import TestSupport
import Testing
import Torch
import TrainingData

@testable import Training

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct SFTTests {
  let base: LlamaModel
  let examples: [TrainingExample]

  init() throws {
    base = try Golden.tinyLlama("untied")
    examples = try Golden.sftExamples(Golden.json("sft/expected.json"))
  }

  static func settings() -> SFTSettings {
    var settings = SFTSettings()
    settings.lora = LoRASettings(rank: 4, alpha: 8, dropout: 0.1)
    settings.learningRate = 1e-2
    settings.microBatch = 2
    settings.accumulation = 2
    settings.epochs = 3
    settings.evaluationInterval = 2
    settings.checkpointInterval = 3
    settings.seed = 9
    return settings
  }

  func trainer(
    _ settings: SFTSettings = settings(), rows: [TrainingExample]? = nil, devRows: [TrainingExample]? = nil,
    checkpointing: Bool = false
  ) throws -> SFTTrainer {
    let adapter = try LoRAAdapter(settings: settings.lora, model: base, seed: settings.seed)
    let model = try TrainableLlama(base: base, adapter: adapter, checkpointing: checkpointing)
    return try SFTTrainer(
      model: model, settings: settings, rows: rows ?? Array(examples[..<10]), devRows: devRows ?? Array(examples[10...])
    )
  }

  @Test func learns() throws {
    let trainer = try trainer()
    let before = try trainer.devLoss()
    var losses: [Double] = []
    var rates: [Double] = []
    var devLosses: [Int: Double] = [:]
    var checkpoints: [Int] = []
    try trainer.run { event in
      switch event {
      case .stepped(let step):
        losses.append(try #require(step[MetricName.loss]))
        rates.append(try #require(step[MetricName.learningRate]))
        #expect(step.step == losses.count)
        #expect(try #require(step[MetricName.gradientNorm]) > 0 && !step.isSkipped)
      case .measured(let measurement):
        #expect(measurement.step == trainer.progress.step && measurement.samples.isEmpty)
        devLosses[measurement.step] = measurement.metrics.first { $0.name == MetricName.devLoss }?.value
      case .checkpointDue(let metrics):
        checkpoints.append(trainer.progress.step)
        #expect(metrics.map(\.name) == (trainer.progress.step == 3 ? [] : [MetricName.devLoss]))
      default: break
      }
    }
    // 10 rows, 4 a step: 3 steps an epoch.
    #expect(losses.count == 9)
    #expect(checkpoints == [2, 3, 4, 6, 8, 9], "every third step, and what was measured")
    #expect(devLosses.keys.sorted() == [2, 4, 6, 8, 9])
    #expect(losses.last! < losses.first! - 1)
    #expect(devLosses[9]! < before - 0.5)
    #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 > $1 })
    #expect(trainer.progress.supervisedTokens == 3 * examples[..<10].reduce(0) { $0 + $1.supervisedCount })
  }

  @Test func theLiveModelHasTheAdaptersValues() throws {
    let trainer = try trainer()
    let live = try trainer.model.generatingModel()
    func logits(_ model: LlamaModel) throws -> Tensor {
      try withoutGradients { try model.logits(model.forward([(examples[0].tokens, model.makeCache(capacity: 300))])) }
    }
    // B is zero at first.
    #expect(try distance(logits(live), logits(base)) == 0)
    try trainer.run()
    let folder = try TemporaryFolder()
    try trainer.model.adapter.write(into: folder.url, baseModel: "tiny")
    let loaded = try Golden.tinyLlama(
      "untied", LoadOptions(adapters: [AdapterFolder(folder.url)], merge: .peft, dtype: .float32))
    #expect(try distance(logits(live), logits(base)) > 0.1)
    #expect(try distance(logits(live), logits(loaded)) < 1e-3)
  }

  /// Interrupted between micro-batches of any step and restored from its last checkpoint, a run ends with the same
  /// bytes.
  @Test(arguments: [1, 3, 4, 7])
  func resumingIsExact(_ interruptedIn: Int) throws {
    let whole = try trainer()
    try whole.run()

    let first = try trainer()
    let folder = try TemporaryFolder()
    #expect(throws: CancellationError.self) {
      try first.run { event in
        guard case .stepping(let done, let total) = event else { return }
        if first.progress.step == interruptedIn, done < total { throw CancellationError() }
      }
    }
    #expect(first.progress.step == interruptedIn)
    try first.writeState(into: folder.url)

    let second = try trainer()
    try second.restoreState(from: folder.url)
    #expect(second.progress == first.progress)
    try second.run()
    #expect(second.progress == whole.progress)
    #expect(try second.model.adapter.values.bytes() == whole.model.adapter.values.bytes())
    #expect(try second.optimizer.firstMoment.bytes() == whole.optimizer.firstMoment.bytes())
    #expect(try second.optimizer.secondMoment.bytes() == whole.optimizer.secondMoment.bytes())
  }

  @Test func statesOfOtherRunsAreRefused() throws {
    let folder = try TemporaryFolder()
    try trainer().writeState(into: folder.url)
    func message(
      _ change: (inout SFTSettings) -> Void, rows: [TrainingExample]? = nil, devRows: [TrainingExample]? = nil
    ) throws -> String {
      var settings = Self.settings()
      change(&settings)
      let error = #expect(throws: TrainingError.self) {
        try trainer(settings, rows: rows, devRows: devRows).restoreState(from: folder.url)
      }
      return error?.message ?? ""
    }
    #expect(try message { $0.learningRate = 1e-3 }.contains("learning_rate"))
    #expect(try message { $0.epochs = 4 }.contains("total_steps"))
    #expect(try message { $0.seed = 1 }.contains("seed"))
    #expect(try message({ _ in }, rows: Array(examples[1..<11])).contains("found rows_sha256"))
    #expect(try message({ _ in }, devRows: []).contains("other rows to measure on"))
    #expect(try message({ _ in }, devRows: Array(examples[10...].reversed())).contains("dev_rows_sha256"))

    let state = folder.url.appendingPathComponent("trainer.json")
    for text in ["", "{}", "[]", #"{"format":1,"kind":"sft"}"#, #"{"format":2}"#] {
      try Data(text.utf8).write(to: state)
      #expect(throws: TrainingError.self) { try trainer().restoreState(from: folder.url) }
    }
  }

  @Test func gradientsThatAreNotFiniteAreSkippedAndTooManyEndTheRun() throws {
    var settings = Self.settings()
    settings.maximumSkips = 3
    let trainer = try trainer(settings)
    let start = try trainer.model.adapter.values.bytes()
    var steps: [TrainingStep] = []
    let error = #expect(throws: TrainingError.self) {
      try trainer.run { event in
        if case .stepping = event { try trainer.model.adapter.gradients[5..<6].multiply(.nan) }
        if case .stepped(let step) = event { steps.append(step) }
      }
    }
    #expect(error?.code == .diverged)
    #expect(steps.count == 3)
    #expect(steps.allSatisfy { $0.isSkipped })
    #expect(try trainer.model.adapter.values.bytes() == start)
    #expect(trainer.progress.skippedSteps == 3 && trainer.optimizer.stepCount == 0)
    // Once they are finite again the run goes on.
    trainer.progress.skipsInARow = 0
    try trainer.run()
    #expect(trainer.progress.step == 9 && trainer.optimizer.stepCount == 6)
  }

  @Test func aRunThatDivergesStops() throws {
    let trainer = try trainer()
    let error = #expect(throws: TrainingError.self) {
      try trainer.run { event in
        // As if the loss had been a tenth of what it is now.
        guard case .stepped(let step) = event, step.step == 6 else { return }
        trainer.progress.firstLoss = step[MetricName.loss].map { $0 / 10 }
      }
    }
    #expect(error?.code == .diverged)
    #expect(error?.message.contains("learning rate") == true)
    #expect(trainer.progress.step == 6)
  }

  @Test func checkpointingEndsWithTheSameBytes() throws {
    let plain = try trainer()
    try plain.run()
    let checkpointed = try trainer(checkpointing: true)
    try checkpointed.run()
    #expect(try checkpointed.model.adapter.values.bytes() == plain.model.adapter.values.bytes())
  }

  @Test func wrongRowsAndSettingsAreRefused() throws {
    let silent = TrainingExample(id: "silent", task: nil, tokens: [1, 2], isSupervised: [true, false])
    #expect(throws: TrainingError.self) { try trainer(rows: [silent]) }
    #expect(throws: TrainingError.self) { try trainer(rows: []) }
    let changes: [(inout SFTSettings) -> Void] = [
      { $0.lora.rank = 0 }, { $0.lora.dropout = 1 }, { $0.lora.alpha = .nan }, { $0.learningRate = -.infinity },
      { $0.epochs = 0 }, { $0.microBatch = 0 }, { $0.gradientClip = -1 }, { $0.optimizer.beta2 = 1 },
    ]
    for change in changes {
      var settings = Self.settings()
      change(&settings)
      #expect(throws: TrainingError.self) { try trainer(settings) }
    }
    for tokens in [[1, 512], [1, -1], Array(repeating: 1, count: 2049)] {
      let row = TrainingExample(
        id: "wrong", task: nil, tokens: tokens, isSupervised: tokens.indices.map { $0 > 0 })
      let error = #expect(throws: TrainingError.self) { try trainer(rows: [examples[0], row]) }
      #expect(error?.message.contains("row wrong: found ") == true)
      let devError = #expect(throws: TrainingError.self) { try trainer(devRows: [row]) }
      #expect(devError?.message.contains("row wrong: found ") == true)
    }
  }
}

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct AdapterFileTests {
  @Test func foldersOfPEFTAreTakenOverAndWrittenAgain() throws {
    let base = try Golden.tinyLlama("untied")
    let original = try AdapterFolder(Golden.vectors.appendingPathComponent("peft/sft"))
    let adapter = try LoRAAdapter(settings: LoRASettings(rank: 8, alpha: 16, dropout: 0.05), model: base, seed: 0)
    try adapter.load(original)
    let folder = try TemporaryFolder()
    try adapter.write(into: folder.url, baseModel: "tiny_llama/untied")
    let written = try AdapterFolder(folder.url)
    #expect(written.modules.map(\.name) == original.modules.map(\.name))
    for (a, b) in zip(written.modules, original.modules) {
      #expect(try a.a.floats() == b.a.floats())
      #expect(try a.b.floats() == b.b.floats())
      #expect(a.scale == b.scale)
    }
    #expect(written.configuration.baseModel == "tiny_llama/untied")
    #expect(Set(written.weights.tensors.keys) == Set(original.weights.tensors.keys))

    let again = try LoRAAdapter(settings: LoRASettings(rank: 8, alpha: 16, dropout: 0), model: base, seed: 1)
    try again.load(written)
    #expect(try again.values.bytes() == adapter.values.bytes())
  }

  @Test func otherAdaptersAreRefused() throws {
    let base = try Golden.tinyLlama("untied")
    func adapter(_ rank: Int, _ alpha: Double) throws -> LoRAAdapter {
      try LoRAAdapter(settings: LoRASettings(rank: rank, alpha: alpha, dropout: 0), model: base, seed: 0)
    }
    let sft = try AdapterFolder(Golden.vectors.appendingPathComponent("peft/sft"))
    for (rank, alpha) in [(4, 8.0), (8, 8.0)] {
      let error = #expect(throws: TrainingError.self) { try adapter(rank, alpha).load(sft) }
      #expect(error?.code == .adapterScale)
    }
    for name in ["qv_only", "rank_alpha_pattern", "rslora"] {
      let other = try AdapterFolder(Golden.vectors.appendingPathComponent("peft/\(name)"))
      #expect(throws: TrainingError.self, "\(name)") { try adapter(8, 16).load(other) }
    }
  }

  @Test func freshFactorsAreThoseOfPEFT() throws {
    let base = try Golden.tinyLlama("untied")
    let adapter = try LoRAAdapter(settings: LoRASettings(rank: 16, alpha: 16, dropout: 0), model: base, seed: 7)
    for module in adapter.modules {
      let bound = 1 / Float(module.a.size(1)).squareRoot()
      let values = try module.a.floats()
      #expect(values.allSatisfy { abs($0) <= bound })
      // The variance of a uniform distribution is a third of its bound's square.
      let variance = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
      #expect(abs(variance / (bound * bound / 3) - 1) < 0.15, "\(module.name)")
      #expect(try module.b.magnitude().maximum().item() == 0)
    }
    let same = try LoRAAdapter(settings: LoRASettings(rank: 16, alpha: 16, dropout: 0), model: base, seed: 7)
    #expect(try same.values.bytes() == adapter.values.bytes())
    let other = try LoRAAdapter(settings: LoRASettings(rank: 16, alpha: 16, dropout: 0), model: base, seed: 8)
    #expect(try other.values.bytes() != adapter.values.bytes())
  }
}
