import Files
import Foundation
import Llama
import ModelFiles
import Torch
import TrainingData

/// Settings of supervised fine-tuning; the defaults are those of the published recipe.
public struct SFTSettings: Sendable, Hashable {
  public var lora = LoRASettings()
  public var learningRate = 1e-4
  public var schedule = LearningRateSchedule.Shape.linear
  /// Updates over which the learning rate rises from 0; the same as a share of all updates, rounded up, where it is 0.
  public var warmupSteps = 0
  public var warmupRatio = 0.0
  public var optimizer = AdamW.Settings()
  /// Largest norm of the gradients, which are scaled down to it; 0: as they are.
  public var gradientClip = 1.0
  /// Rows that go through the model together.
  public var microBatch = 2
  /// Micro-batches of an optimizer step.
  public var accumulation = 16
  /// Passes over the rows; parts of one are allowed.
  public var epochs = 2.0
  /// Ends the run earlier; nil: after `epochs`. The learning rate reaches its end there.
  public var maximumSteps: Int?
  /// Every epoch takes the rows in another order; else as they stand.
  public var shuffles = true
  /// Decides the adapter's first values, the order of the rows and what dropout leaves out.
  public var seed: UInt64 = 0
  /// Steps between measurements of the dev loss, each with a checkpoint; 0: at the end only.
  public var evaluationInterval = 50
  /// Steps between checkpoints, besides those that are measured; 0: at the end only.
  public var checkpointInterval = 50
  /// Steps in a row without finite gradients after which the run stops.
  public var maximumSkips = 10

  public init() {}

  /// Rows of an optimizer step.
  public var rowsPerStep: Int { microBatch * accumulation }

  /// - Throws: `TrainingError.setting` for a value outside its range.
  public func check() throws {
    try lora.check()
    try optimizer.check()
    for (name, value, least) in [
      ("micro-batch", microBatch, 1), ("accumulation", accumulation, 1), ("warm-up steps", warmupSteps, 0),
      ("maximum steps", maximumSteps ?? 1, 1), ("evaluation interval", evaluationInterval, 0),
      ("checkpoint interval", checkpointInterval, 0), ("maximum skips", maximumSkips, 1),
    ] {
      guard (least...1 << 30).contains(value) else {
        throw TrainingError(.setting, "found \(name) \(value), expected a number from \(least) to \(1 << 30)")
      }
    }
    guard (0...1).contains(warmupRatio), warmupRatio == 0 || warmupSteps == 0 else {
      throw TrainingError(
        .setting,
        "found a warm-up of \(warmupSteps) steps and of \(warmupRatio) of all, expected one of them, the latter "
          + "from 0 to 1")
    }
    guard learningRate.isFinite, learningRate >= 0 else {
      throw TrainingError(.setting, "found learning rate \(learningRate), expected 0 or more")
    }
    guard gradientClip.isFinite, gradientClip >= 0 else {
      throw TrainingError(.setting, "found gradient clip \(gradientClip), expected 0 (none) or more")
    }
    guard epochs.isFinite, epochs > 0, epochs <= 1e6 else {
      throw TrainingError(.setting, "found \(epochs) epochs, expected more than 0")
    }
  }
}

/// Supervised fine-tuning of a LoRA adapter.
///
///     let trainer = try SFTTrainer(model: model, settings: settings, rows: rows, devRows: devRows)
///     try trainer.run(hooks)
///
/// Everything that the next step depends on is in ``state``: on a CPU, a run that is interrupted and restored from it
/// ends with the same bytes as one that was not (same number of threads, same libtorch).
public final class SFTTrainer {
  public let model: TrainableLlama
  public let settings: SFTSettings
  public let optimizer: AdamW
  public let schedule: LearningRateSchedule
  let order: RowOrder
  /// To train on.
  public let rows: [TrainingExample]
  /// To measure the loss on.
  public let devRows: [TrainingExample]
  public internal(set) var progress = TrainingProgress()
  /// What tells this base model from others in saved states, such as its SHA-256.
  let modelIdentity: String
  /// SHA-256 over the rows' tokens and marks, in order, and the same of the dev rows.
  let rowsHash: String
  let devRowsHash: String

  /// - Parameters:
  ///   - modelIdentity: what tells the base model from others in saved states, such as its SHA-256.
  ///   - rows: to train on.
  ///   - devRows: to measure the loss on; may be empty.
  /// - Throws: `TrainingError.setting` for a setting out of range; `TrainingError.data` where there are no rows, or one
  ///   of them is longer than the model's context, has ids outside its vocabulary or no supervised token.
  public init(
    model: TrainableLlama, modelIdentity: String = "", settings: SFTSettings, rows: [TrainingExample],
    devRows: [TrainingExample] = []
  ) throws {
    try settings.check()
    guard !rows.isEmpty else { throw TrainingError(.data, "found no rows to train on") }
    // All of them now: the last row may be reached after hours.
    for row in rows + devRows { try row.check(against: model.base.configuration) }
    self.model = model
    self.settings = settings
    self.modelIdentity = modelIdentity
    self.rows = rows
    self.devRows = devRows
    rowsHash = hash(of: rows)
    devRowsHash = hash(of: devRows)
    order = RowOrder(
      rowCount: rows.count, rowsPerStep: settings.rowsPerStep, seed: settings.shuffles ? settings.seed : nil)
    let steps = min(order.stepCount(epochs: settings.epochs), settings.maximumSteps ?? .max)
    let warmup =
      settings.warmupSteps > 0
      ? settings.warmupSteps : LearningRateSchedule.warmupSteps(ratio: settings.warmupRatio, of: steps)
    schedule = LearningRateSchedule(
      shape: settings.schedule, base: settings.learningRate, warmupSteps: warmup, totalSteps: steps)
    optimizer = try AdamW(count: model.adapter.count, device: model.base.device, settings: settings.optimizer)
  }

  public var totalSteps: Int { schedule.totalSteps }

  /// Trains to the end, from wherever ``progress`` stands.
  ///
  /// - Throws: what a hook throws, between two micro-batches; ``progress``, the adapter and the optimizer then stand as
  ///   after the last whole step, and can be saved. `TrainingError.diverged` when the loss leaves all bounds.
  public func run(_ hooks: SFTHooks) throws {
    while true {
      try settle(hooks)
      if progress.step == totalSteps { return }
      let step = progress.step
      let start = ContinuousClock.now
      let batch = order.rows(ofStep: step).map { rows[$0] }
      let supervised = batch.reduce(0) { $0 + $1.supervisedCount }
      let tokens = batch.reduce(0) { $0 + $1.tokens.count }

      // Forward and backward: the loss is the sum over the supervised tokens of the whole step by their number.
      try model.adapter.clearGradients()
      var loss = 0.0
      var done = 0
      for first in stride(from: 0, to: batch.count, by: settings.microBatch) {
        let micro = batch[first..<min(first + settings.microBatch, batch.count)]
        let losses = try model.accumulateGradients(
          TokenBatch(Array(micro), model: model.base), scale: 1 / Double(supervised),
          dropoutSeed: dropoutSeed(step: step, micro: first))
        loss += losses.reduce(0) { $0 + Double($1) } / Double(supervised)
        done += micro.reduce(0) { $0 + $1.tokens.count }
        try hooks.onMicroBatch?(done, tokens)
      }

      // Clip, step.
      let norm = try clipNorm(of: model.adapter.gradients, to: settings.gradientClip)
      let rate = schedule.rate(atStep: step)
      let isSkipped = !(norm.isFinite && loss.isFinite)
      if !isSkipped {
        try optimizer.step(model.adapter.values, gradients: model.adapter.gradients, learningRate: rate)
        try model.adapter.valuesChanged()
      }
      progress.add(loss: loss, isSkipped: isSkipped, tokens: tokens, supervisedTokens: supervised)
      try hooks.onStep?(
        SFTStepReport(
          step: step + 1, totalSteps: totalSteps, epoch: order.epoch(afterStep: step), loss: loss,
          learningRate: rate, gradientNorm: norm, isSkipped: isSkipped, tokens: tokens, supervisedTokens: supervised,
          seconds: (ContinuousClock.now - start) / .seconds(1), progress: progress))
      try checkDivergence()
    }
  }

  /// Measures and saves what is due after the last step, unless that was done before: a run that was interrupted here
  /// does it when it goes on.
  private func settle(_ hooks: SFTHooks) throws {
    guard progress.settledStep < progress.step else { return }
    let isLast = progress.step == totalSteps
    func isDue(_ interval: Int) -> Bool { isLast || interval > 0 && progress.step % interval == 0 }
    let metrics = isDue(settings.evaluationInterval) ? try evaluate(hooks) : []
    progress.settledStep = progress.step
    // What was measured is worth a checkpoint: only one that has figures can be the best.
    if isDue(settings.checkpointInterval) || !metrics.isEmpty { try hooks.onCheckpoint?(self, metrics) }
  }

  /// The mean loss over the supervised tokens of the dev rows, without dropout, and whatever else the hook measures.
  private func evaluate(_ hooks: SFTHooks) throws -> [(name: String, value: Double)] {
    var metrics: [(name: String, value: Double)] = []
    if !devRows.isEmpty { metrics.append(("dev/loss", try devLoss(hooks.onDevRow))) }
    metrics += try hooks.onEvaluation?(self, metrics) ?? []
    return metrics
  }

  public func devLoss(_ onRow: ((_ done: Int, _ total: Int) throws -> Void)? = nil) throws -> Double {
    var sum = 0.0
    var count = 0
    for first in stride(from: 0, to: devRows.count, by: settings.microBatch) {
      let rows = devRows[first..<min(first + settings.microBatch, devRows.count)]
      let losses = try model.losses(TokenBatch(Array(rows), model: model.base))
      sum += losses.reduce(0) { $0 + Double($1) }
      count += losses.count
      try onRow?(rows.endIndex, devRows.count)
    }
    return sum / Double(count)
  }

  private func dropoutSeed(step: Int, micro: Int) -> UInt64? {
    guard settings.lora.dropout > 0 else { return nil }
    return mixed(mixed(settings.seed, UInt64(step)), UInt64(micro))
  }

  private func checkDivergence() throws {
    guard progress.skipsInARow < settings.maximumSkips else {
      throw TrainingError(
        .diverged,
        "stopped at step \(progress.step): the gradients of \(progress.skipsInARow) steps in a row were not finite; "
          + "begin another run in a new --output with a lower learning rate than \(settings.learningRate) or a float32 compute "
          + "type, \(Self.fromCheckpoint)")
    }
    if let first = progress.firstLoss, let smoothed = progress.smoothedLoss, smoothed > 2 * first + 1 {
      throw TrainingError(
        .diverged,
        String(format: "stopped at step %d: the loss rose from %.3f to %.3f; ", progress.step, first, smoothed)
          + "begin another run in a new --output with a lower learning rate than \(settings.learningRate), "
          + Self.fromCheckpoint)
    }
  }

  /// A run itself goes on only with the learning rate that it was started with.
  private static let fromCheckpoint =
    "from its beginning or with --init-adapter RUN/checkpoints/step-N from a checkpoint before"
}

private func hash(of rows: [TrainingExample]) -> String {
  var bytes: [UInt8] = []
  for row in rows {
    for (token, isSupervised) in zip(row.tokens, row.isSupervised) {
      withUnsafeBytes(of: (UInt32(truncatingIfNeeded: token) << 1 | (isSupervised ? 1 : 0)).littleEndian) {
        bytes.append(contentsOf: $0)
      }
    }
    bytes += [0xFF, 0xFF, 0xFF, 0xFF]
  }
  return FileHash.sha256(of: bytes)
}

/// What a run tells, and asks, on its way; what a hook throws ends the run.
public struct SFTHooks {
  /// After each micro-batch: tokens of the step that are done, and all of the step.
  public var onMicroBatch: ((_ done: Int, _ total: Int) throws -> Void)?
  public var onStep: ((SFTStepReport) throws -> Void)?
  /// While the dev loss is measured.
  public var onDevRow: ((_ done: Int, _ total: Int) throws -> Void)?
  /// After the dev loss was measured; may measure more, such as what the model writes.
  public var onEvaluation: ((SFTTrainer, [(name: String, value: Double)]) throws -> [(name: String, value: Double)])?
  /// When a checkpoint is due or something was measured, with what was measured at this step.
  public var onCheckpoint: ((SFTTrainer, [(name: String, value: Double)]) throws -> Void)?

  public init() {}
}

/// One optimizer step.
public struct SFTStepReport: Sendable {
  /// Counts from 1.
  public let step: Int
  public let totalSteps: Int
  /// Passes over the rows so far.
  public let epoch: Double
  /// Mean over the supervised tokens.
  public let loss: Double
  public let learningRate: Double
  /// Before clipping.
  public let gradientNorm: Double
  /// Loss or gradients were not finite: nothing was changed.
  public let isSkipped: Bool
  public let tokens: Int
  public let supervisedTokens: Int
  public let seconds: Double
  /// After this step.
  public let progress: TrainingProgress
}

/// Which rows each step trains on: every epoch all of them once, in an order that the seed and the epoch decide. The
/// last step of an epoch may have fewer.
struct RowOrder: Sendable {
  let rowCount: Int
  let rowsPerStep: Int
  /// nil: in the order in which they stand.
  let seed: UInt64?

  var stepsPerEpoch: Int { (rowCount + rowsPerStep - 1) / rowsPerStep }

  func stepCount(epochs: Double) -> Int { max(1, Int((Double(stepsPerEpoch) * epochs).rounded(.up))) }

  func rows(ofStep step: Int) -> ArraySlice<Int> {
    let first = step % stepsPerEpoch * rowsPerStep
    return order(epoch: step / stepsPerEpoch)[first..<min(first + rowsPerStep, rowCount)]
  }

  /// Passes over the rows when the step is done.
  func epoch(afterStep step: Int) -> Double {
    let inEpoch = min((step % stepsPerEpoch + 1) * rowsPerStep, rowCount)
    return Double(step / stepsPerEpoch) + Double(inEpoch) / Double(rowCount)
  }

  /// Fisher and Yates.
  func order(epoch: Int) -> [Int] {
    var rows = Array(0..<rowCount)
    guard let seed else { return rows }
    let epochSeed = mixed(seed ^ 0x5_3AFF_1E, UInt64(epoch))
    for index in rows.indices.dropFirst().reversed() {
      let draw = mixed(epochSeed, UInt64(index))
      rows.swapAt(index, Int(draw.multipliedFullWidth(by: UInt64(index + 1)).high))
    }
    return rows
  }
}
