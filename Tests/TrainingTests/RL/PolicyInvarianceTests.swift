import Foundation
import Llama
import ModelFiles
import TensorTestSupport
import TestSupport
import Testing
import Torch
import TrainingData

@testable import Training

/// Ways of computing one update that must not matter: rows of two groups, whose prompts begin alike and are equal
/// within a group, and of which some have the same response.
@Suite(.needsGoldenVectors)
struct PolicyInvarianceTests {
  let base: LlamaModel
  let rows: [PolicyRow]
  let counts: PolicyCounts

  init() throws {
    base = try Golden.tinyLlama("untied")
    func tokens(_ count: Int, _ seed: UInt64) -> [Int] { (0..<count).map { Int(mixed(seed, UInt64($0)) % 250) } }
    let shared = tokens(24, 1)
    rows = (0..<8).map { index in
      let group = index / 4
      // The second row of each group is the first one's equal.
      let response = tokens(3 + 2 * (index / 2), UInt64(10 + index / 2 * 2 + (index % 4 < 2 ? 0 : index % 2)))
      let advantage: Float = [0.9, -0.7, 1.3, -1.5][index % 4]
      return PolicyRow(
        id: "\(index)", prompt: shared + tokens(20 + 6 * group, UInt64(2 + group)), response: response,
        advantages: [advantage])
    }
    counts = PolicyRow.counts(of: rows)
  }

  func model(logitRows: Int = 256) throws -> TrainableLlama {
    let adapter = try LoRAAdapter(settings: LoRASettings(rank: 8, alpha: 16, dropout: 0), model: base, seed: 1)
    for module in adapter.modules {
      try module.b.copy(from: Tensor.randomNormal(module.b.shape, generator: Generator(seed: 3)) * 0.05)
    }
    let model = try TrainableLlama(base: base, adapter: adapter)
    model.logitRows = logitRows
    return model
  }

  /// Log-probabilities of a policy that the present one has left behind: ratios lie on both sides of both bounds.
  func old(_ rows: [PolicyRow], _ model: TrainableLlama, _ objective: PolicyObjective) throws -> [[Float]] {
    let now = try model.logProbabilities(PolicyBatch(rows, model: base), objective: objective)
    return zip(rows, now).map { row, values in
      values.enumerated().map { $1 + Float(mixed(UInt64(row.response[$0]), UInt64($0)) % 1000) / 500 - 1 }
    }
  }

  struct Update {
    var gradients: Tensor
    var modules: [Tensor]
    var sums = PolicySums()
  }

  func update(
    _ rows: [PolicyRow], by size: Int = 8, sharesPrefixes: Bool = true, logitRows: Int = 256,
    _ change: (inout PolicyObjective) -> Void = { _ in }
  ) throws -> Update {
    var objective = Self.objective
    change(&objective)
    let model = try model(logitRows: logitRows)
    var update = Update(
      gradients: model.adapter.gradients, modules: model.adapter.modules.flatMap { [$0.gradientA, $0.gradientB] })
    for first in stride(from: 0, to: rows.count, by: size) {
      let part = Array(rows[first..<min(first + size, rows.count)])
      update.sums += try add(part, to: model, sharesPrefixes: sharesPrefixes, objective)
    }
    return update
  }

  /// Objective with weights large enough to show.
  static let objective = {
    var objective = PolicyObjective()
    objective.klWeight = 0.3
    objective.entropyWeight = 0.2
    return objective
  }()

  /// Adds the gradients of some rows.
  func add(
    _ rows: [PolicyRow], to model: TrainableLlama, sharesPrefixes: Bool = true,
    _ objective: PolicyObjective = Self.objective
  ) throws -> PolicySums {
    let batch = try PolicyBatch(rows, model: base, sharesPrefixes: sharesPrefixes)
    return try model.accumulatePolicyGradients(
      batch, reference: model.logProbabilities(batch, isAdapted: false, objective: objective),
      old: old(rows, model, objective), objective: objective, counts: counts
    ).sums
  }

  func expectSame(
    _ found: Update, _ wanted: Update, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
  )
    throws
  {
    func relative(_ a: Tensor, _ b: Tensor) throws -> Double {
      let (a, b) = (try a.to(.float64), try b.to(.float64))
      return try (a - b).norm().item() / b.norm().item()
    }
    let whole = try relative(found.gradients, wanted.gradients)
    // Plain loops add one term after the other, and their sums lose more digits than those of 8 or 16 lanes.
    let limit = try ProcessorPaths.current().kernels == .plain ? 4e-6 : 1e-6
    #expect(whole <= limit, comment, sourceLocation: sourceLocation)
    for (a, b) in zip(found.modules, wanted.modules) {
      #expect(try relative(a, b) <= 1e-5, comment, sourceLocation: sourceLocation)
    }
    for (a, b) in zip(found.sums.vector, wanted.sums.vector) {
      #expect(abs(a - b) <= 1e-5 * max(1, abs(b)), comment, sourceLocation: sourceLocation)
    }
  }

  @Test func microBatches() throws {
    let whole = try update(rows)
    #expect(whole.sums.clippedLow > 0 && whole.sums.clippedHigh > 0)
    for size in [4, 2, 1] { try expectSame(update(rows, by: size), whole, "rows by \(size)") }
    for mean in PolicyObjective.EntropyMean.allCases {
      try expectSame(
        update(rows, by: 2) { $0.entropyMean = mean }, update(rows) { $0.entropyMean = mean }, "entropy over \(mean)")
    }
  }

  @Test func partsOfSoManyTokens() throws {
    let whole = try update(rows)
    for limit in [1, 60, 80, 150, 10_000] {
      let parts = rows.microBatches(tokens: limit)
      #expect(parts.joined().map(\.id).sorted() == rows.map(\.id))
      for part in parts where part.count > 1 {
        let prompts = Set(part.map(\.prompt)).reduce(0) { $0 + $1.count }
        #expect(prompts + part.reduce(0) { $0 + $1.response.count } <= limit)
      }
      #expect(limit > 1 || parts.count == rows.count)
      #expect(limit < 10_000 || parts == [rows])
      var update = Update(gradients: whole.gradients, modules: [])
      let model = try model()
      for part in parts { update.sums += try add(part, to: model) }
      update.gradients = model.adapter.gradients
      try expectSame(update, whole, "\(limit) tokens")
    }
  }

  @Test func blocksOfLogits() throws {
    try expectSame(update(rows, logitRows: 5), update(rows), "five rows of logits")
  }

  @Test func sharedPrefixes() throws {
    let shared = try PolicyBatch(rows, model: base)
    let apart = try PolicyBatch(rows, model: base, sharesPrefixes: false)
    #expect(apart.tokenCount == rows.reduce(0) { $0 + $1.prompt.count + $1.response.count - 1 })
    #expect(shared.tokenCount < apart.tokenCount / 2)
    try expectSame(update(rows), update(rows, sharesPrefixes: false), "shared prefixes")
    let model = try model()
    for isAdapted in [true, false] {
      let objective = PolicyObjective()
      let a = try model.logProbabilities(shared, isAdapted: isAdapted, objective: objective)
      let b = try model.logProbabilities(apart, isAdapted: isAdapted, objective: objective)
      for (a, b) in zip(a.joined(), b.joined()) { #expect(abs(a - b) < 1e-5) }
    }
  }

  @Test func equalRowsOnce() throws {
    let once = PolicyRow.equalOnce(rows)
    #expect(once.count == 6)
    #expect(PolicyRow.counts(of: once) == counts)
    #expect(once.map(\.advantages.count).sorted() == [1, 1, 1, 1, 2, 2])
    for clipping in PolicyObjective.Clipping.allCases {
      for mean in PolicyObjective.EntropyMean.allCases {
        let change: (inout PolicyObjective) -> Void = {
          $0.clipping = clipping
          $0.entropyMean = mean
        }
        try expectSame(update(once, change), update(rows, change), "\(clipping) \(mean)")
      }
    }
    // Nothing has been sampled twice: the same rows.
    #expect(PolicyRow.equalOnce(once) == once)
  }

  /// Where one update is made of a batch the ratios are 1, and need no pass.
  @Test func withoutOldPass() throws {
    let objective = PolicyObjective()
    let model = try model()
    let batch = try PolicyBatch(rows, model: base)
    let reference = try model.logProbabilities(batch, isAdapted: false, objective: objective)
    func gradients(_ old: [[Float]]?) throws -> [UInt8] {
      try model.adapter.clearGradients()
      let pass = try model.accumulatePolicyGradients(
        batch, reference: reference, old: old, objective: objective, counts: counts)
      #expect(abs(pass.sums.ratio - Double(counts.tokens)) == 0)
      return try model.adapter.gradients.bytes()
    }
    #expect(try gradients(model.logProbabilities(batch, objective: objective)) == gradients(nil))
  }

  /// A fresh adapter changes nothing: the divergence begins at 0.
  @Test func theReferenceIsTheModelWithoutItsAdapter() throws {
    let fresh = try TrainableLlama(
      base: base, adapter: LoRAAdapter(settings: LoRASettings(rank: 4, alpha: 8, dropout: 0), model: base, seed: 1))
    let batch = try PolicyBatch(rows, model: base)
    let objective = PolicyObjective()
    let reference = try fresh.logProbabilities(batch, isAdapted: false, objective: objective)
    #expect(try fresh.logProbabilities(batch, objective: objective) == reference)
    #expect(try model().logProbabilities(batch, isAdapted: false, objective: objective) == reference)
    #expect(try model().logProbabilities(batch, objective: objective) != reference)
    let pass = try fresh.accumulatePolicyGradients(batch, reference: reference, objective: objective, counts: counts)
    #expect(pass.sums.divergence == 0 && pass.sums.divergenceLoss == 0)
  }

  @Test func wrongRowsAreRefused() throws {
    let model = try model()
    let objective = PolicyObjective()
    for change in [{ $0.prompt = [] }, { $0.response = [] }, { $0.advantages = [] }] as [(inout PolicyRow) -> Void] {
      var row = rows[0]
      change(&row)
      #expect(throws: TrainingError.self) { try PolicyBatch([row], model: base) }
    }
    let batch = try PolicyBatch(rows, model: base)
    #expect(throws: TrainingError.self) {
      try model.accumulatePolicyGradients(batch, reference: nil, objective: objective, counts: counts)
    }
    #expect(throws: TrainingError.self) {
      try model.accumulatePolicyGradients(batch, reference: [[0]], objective: objective, counts: counts)
    }
    #expect(throws: TrainingError.self) {
      try model.accumulatePolicyGradients(
        batch, reference: model.logProbabilities(batch, isAdapted: false, objective: objective), objective: objective,
        counts: PolicyCounts(tokens: 0, rows: 0))
    }
    for change in [
      { $0.clipLow = 1 }, { $0.clipHigh = -1 }, { $0.temperature = 0 }, { $0.klWeight = .nan },
    ] as [(inout PolicyObjective) -> Void] {
      var objective = objective
      change(&objective)
      #expect(throws: TrainingError.self) { try objective.check() }
    }
  }

  /// The same of supervised fine-tuning: a loss's denominator is the whole step's.
  @Test func microBatchesOfSupervisedRows() throws {
    let examples = rows.map { row in
      TrainingExample(
        id: row.id, task: nil, tokens: row.prompt + row.response,
        isSupervised: row.prompt.map { _ in false } + row.response.map { _ in true })
    }
    func update(by size: Int) throws -> Update {
      let model = try model()
      for first in stride(from: 0, to: examples.count, by: size) {
        _ = try model.accumulateGradients(
          TokenBatch(Array(examples[first..<first + size]), model: base), scale: 1 / Double(counts.tokens),
          dropoutSeed: nil)
      }
      return Update(
        gradients: model.adapter.gradients, modules: model.adapter.modules.flatMap { [$0.gradientA, $0.gradientB] })
    }
    for size in [4, 2] { try expectSame(update(by: size), update(by: 8), "rows by \(size)") }
  }
}
