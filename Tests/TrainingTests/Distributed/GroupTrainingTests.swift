import Foundation
import Llama
import Synchronization
import TensorTestSupport
import TestSupport
import Testing
import Torch
import TrainingData

@testable import Training

/// Trainers that share their steps. They are threads of this process, joined as processes are.
// One after the other: each has several threads that each have threads of their own.
@Suite(.serialized, .enabled(if: Golden.isPresent, Golden.absence))
struct GroupTrainingTests {
  private let base: LlamaModel
  private let examples: [TrainingExample]

  init() throws {
    base = try Golden.tinyLlama("untied")
    examples = try Golden.sftExamples(Golden.json("sft/expected.json"))
  }

  private func settings(_ microBatch: Int, _ accumulation: Int) -> SFTSettings {
    var settings = SFTTests.settings()
    settings.lora.dropout = 0
    settings.gradientClip = 0
    (settings.microBatch, settings.accumulation) = (microBatch, accumulation)
    return settings
  }

  private func trainer(
    _ settings: SFTSettings, rows: [TrainingExample]? = nil, _ workers: any WorkerGroup = SoloWorker()
  ) throws -> SFTTrainer {
    let adapter = try LoRAAdapter(settings: settings.lora, model: base, seed: settings.seed)
    // B is zero in a new adapter, and then A has no gradient.
    try adapter.values.add(0.01)
    try adapter.valuesChanged()
    return try SFTTrainer(
      model: TrainableLlama(base: base, adapter: adapter), settings: settings, rows: rows ?? Array(examples[..<8]),
      devRows: Array(examples[8...]), workers: workers)
  }

  /// Runs `body` as each of several members.
  private func members<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (any WorkerGroup) throws -> Value
  ) throws -> [Value] {
    let port = try LocalPort.free()
    return try Members.run(count) { rank in
      let launch = LaunchEnvironment(
        launcher: .torchrun, rank: rank, count: count, localRank: rank, isLocal: true, host: "127.0.0.1", port: port,
        usesAgentStore: false, attempt: "test")
      let workers = try ProcessWorkers(launch, waitSeconds: 60) { Issue.record("lost: \($0)") }
      do {
        let value = try body(workers)
        try workers.leave()
        return value
      } catch {
        workers.fail(error)
        throw error
      }
    }.map { try $0.get() }
  }

  private struct Step: Sendable {
    var gradients: Tensor
    var loss: Double
    var devLoss: Double
  }

  private func step(_ trainer: SFTTrainer) throws -> Step {
    let devLoss = try trainer.devLoss()
    let step = try trainer.takeStep { _ in }
    return Step(gradients: trainer.model.adapter.gradients, loss: step.metrics[0].value, devLoss: devLoss)
  }

  private func relative(_ a: Tensor, _ b: Tensor) throws -> Double {
    let (a, b) = (try a.to(.float64), try b.to(.float64))
    let difference = try (a - b).values(Double.self).reduce(0) { $0 + $1 * $1 }.squareRoot()
    return difference / (try b.values(Double.self).reduce(0) { $0 + $1 * $1 }.squareRoot())
  }

  /// 2⁻²⁴ is a rounding of float32; sums of a few thousand products round a few times that.
  @Test func gradientsAreThoseOfTheStepHoweverItIsShared() throws {
    let expected = try step(trainer(settings(1, 8)))
    for (microBatch, accumulation) in [(2, 4), (4, 2)] {
      let found = try step(trainer(settings(microBatch, accumulation)))
      #expect(try relative(found.gradients, expected.gradients) <= 1e-6)
      #expect(abs(found.loss - expected.loss) <= 1e-6)
    }
    for count in [2, 4] {
      let found = try members(count) { try step(trainer(settings(1, 8), $0)) }
      for one in found {
        #expect(try relative(one.gradients, expected.gradients) <= 1e-6)
        #expect(try one.gradients.bytes() == found[0].gradients.bytes())
        // Losses are added up in one order.
        #expect(one.loss == expected.loss && one.devLoss == expected.devLoss)
      }
      let adapter = try trainer(settings(1, 8)).model.adapter
      var start = 0
      for module in adapter.modules {
        for tensor in [module.a, module.b] {
          let range = start..<start + tensor.count
          start = range.upperBound
          #expect(try relative(found[0].gradients[range], expected.gradients[range]) <= 1e-5, "\(module.name)")
        }
      }
      let again = try members(count) { try step(trainer(settings(1, 8), $0)) }
      #expect(try again[0].gradients.bytes() == found[0].gradients.bytes())
    }
  }

  /// Eight rows in two micro-batches for three processes.
  @Test func whoHasNoWorkTakesPart() throws {
    let whole = try trainer(settings(4, 2))
    try whole.run()
    let results = try members(3) { workers in
      let trainer = try trainer(settings(4, 2), workers)
      try TrainingFollower(trainer).run()
      return (trainer.model.adapter.values, trainer.progress)
    }
    for (values, progress) in results {
      #expect(progress.step == whole.progress.step && progress.tokens == whole.progress.tokens)
      #expect(try relative(values, whole.model.adapter.values) < 1e-3)
      #expect(try values.bytes() == results[0].0.bytes())
    }
  }

  @Test func aWishToStopStopsAllAfterTheSameStep() throws {
    let steps = try members(3) { workers in
      let trainer = try trainer(settings(1, 8), workers)
      let error = #expect(throws: CancellationError.self) {
        try TrainingFollower(trainer).run { event in
          guard case .stepping = event, workers.rank == 1, trainer.progress.step == 1 else { return }
          throw CancellationError()
        }
      }
      #expect(error != nil)
      return trainer.progress.step
    }
    #expect(steps == [2, 2, 2])
  }

  @Test func theStateOfTheFirstIsThatOfAll() throws {
    let results = try members(2) { workers in
      let trainer = try trainer(settings(1, 8), workers)
      if workers.isFirst {
        // As after a resumption: the others have no file of it.
        for _ in 0..<2 {
          trainer.progress.add(loss: 1, isSkipped: false, tokens: 3, supervisedTokens: 2)
        }
        trainer.optimizer.restore(stepCount: 2)
        try trainer.model.adapter.values.add(1)
        try trainer.optimizer.firstMoment.add(2)
      }
      try trainer.shareState()
      try trainer.requireAgreement()
      return (
        trainer.progress, trainer.optimizer.stepCount, try trainer.model.adapter.values.bytes(),
        try trainer.optimizer.firstMoment.bytes()
      )
    }
    #expect(results[0].0 == results[1].0 && results[1].0.step == 2 && results[1].1 == 2)
    #expect(results[0].2 == results[1].2 && results[0].3 == results[1].3)
  }

  @Test func othersRowsAndOtherValuesAreRefused() throws {
    let messages = try members(2) { workers in
      let other = try trainer(
        settings(1, 8), rows: Array(examples[workers.rank..<8 + workers.rank]), workers)
      let error = #expect(throws: TrainingError.self) { try other.shareState() }
      let trainer = try trainer(settings(1, 8), workers)
      if workers.rank == 1 { try trainer.model.adapter.values[7..<8].add(1e-3) }
      let difference = #expect(throws: TrainingError.self) { try trainer.requireAgreement() }
      #expect(difference?.message.hasPrefix("after step 0 rank 1 of 2 holds other values than rank 0") == true)
      return error?.message ?? ""
    }
    #expect(messages[0].hasPrefix("rank 1 has other settings, model or rows than rank 0"))
    #expect(messages[1].contains("found rows_sha256"), "\(messages[1])")
  }

  @Test func whatTheFirstDoesAloneReachesAll() throws {
    let results = try members(2) { workers in
      let figures = try workers.figuresOfFirst { [("a", 0.1), ("b", -.infinity)] }
      #expect(throws: CancellationError.self) { try workers.figuresOfFirst { throw CancellationError() } }
      return figures.map { "\($0.name) \($0.value)" }
    }
    #expect(results == [["a 0.1", "b -inf"], ["a 0.1", "b -inf"]])
  }

  /// One that fails says why before it goes.
  @Test func whoFailsIsNamedWithItsReason() throws {
    let port = try LocalPort.free()
    let results = Members.run(2) { rank in
      let launch = LaunchEnvironment(
        launcher: .torchrun, rank: rank, count: 2, localRank: rank, isLocal: true, host: "127.0.0.1", port: port,
        usesAgentStore: false, attempt: "test")
      let workers = try ProcessWorkers(launch, waitSeconds: 30) { _ in }
      do {
        try workers.note("step 3: sum of the gradients")
        try workers.barrier()
        if rank == 1 { throw TrainingError(.data, "row 7 is not there") }
        _ = try workers.sum([1])
      } catch {
        workers.fail(error)
        throw error
      }
    }
    let error = failure(TrainingError.self) { try results[0].get() }
    #expect(error?.code == .group)
    #expect(
      error?.message.hasPrefix("rank 1 of 2 has ended: row 7 is not there (") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("rank 0 was at \"step 3: sum of the gradients\"") == true)
  }
}
