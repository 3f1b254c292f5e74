import Files
import Foundation
import JSON
import Llama
import ModelFiles
import Runs
import Torch
import TrainingData

/// Supervised fine-tuning of a LoRA adapter.
///
///     let trainer = try SFTTrainer(model: model, settings: settings, rows: rows, devRows: devRows)
///     try trainer.run()
///
/// Everything that the next step depends on is in the saved state: on a CPU, a run that is interrupted and restored
/// from it ends with the same bytes as one that was not (same number of threads and of processes, same libtorch).
///
/// Several processes share the micro-batches of a step. Losses and gradients are sums over the whole step by its number
/// of supervised tokens, so that how they are shared changes nothing but the order in which the gradients are added up.
public final class SFTTrainer: Trainer {
  public let kind = "sft"
  public let model: TrainableLlama
  public let settings: SFTSettings
  public let optimizer: AdamW
  public let schedule: LearningRateSchedule
  let order: RowOrder
  /// To train on.
  public let rows: [TrainingExample]
  /// To measure the loss on.
  public let devRows: [TrainingExample]
  public var progress = TrainingProgress()
  /// What the model writes for dev rows at each measurement; nil: only the dev loss is measured.
  public var devGeneration: DevGeneration?
  /// The processes that train together.
  public let workers: any WorkerGroup
  /// Whether all processes have agreed to stop.
  private var isStopping = false
  private let baseModelName: String?
  /// What tells this base model from others in saved states, such as its SHA-256.
  private let modelIdentity: String
  /// SHA-256 over the rows' tokens and marks, in order, and the same of the dev rows.
  private let rowsHash: String
  private let devRowsHash: String

  /// - Parameters:
  ///   - baseModelName: what the adapter's configuration calls the base model.
  ///   - modelIdentity: what tells the base model from others in saved states, such as its SHA-256.
  ///   - rows: to train on.
  ///   - devRows: to measure the loss on; may be empty.
  ///   - workers: the processes that train together, each with the same arguments besides.
  /// - Throws: `TrainingError.setting` for a setting out of range; `TrainingError.data` where there are no rows, or one
  ///   of them is longer than the model's context, has ids outside its vocabulary or no supervised token.
  public init(
    model: TrainableLlama, baseModelName: String? = nil, modelIdentity: String = "", settings: SFTSettings,
    rows: [TrainingExample], devRows: [TrainingExample] = [], workers: any WorkerGroup = SoloWorker()
  ) throws {
    try settings.check()
    guard !rows.isEmpty else { throw TrainingError(.data, "found no rows to train on") }
    // All of them now: the last row may be reached after hours.
    for row in rows + devRows { try row.check(against: model.base.configuration) }
    self.model = model
    self.settings = settings
    self.baseModelName = baseModelName
    self.modelIdentity = modelIdentity
    self.rows = rows
    self.devRows = devRows
    self.workers = workers
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
  public var evaluationInterval: Int { settings.evaluationInterval }
  public var checkpointInterval: Int { settings.checkpointInterval }
  public var figures: [String] { (devRows.isEmpty ? [] : [MetricName.devLoss]) + (devGeneration?.figures ?? []) }

  // MARK: A step

  public func takeStep(_ report: (TrainingEvent) throws -> Void) throws -> TrainingStep {
    if isStopping { throw CancellationError() }
    let step = progress.step
    let start = ContinuousClock.now
    var vote = StopVote(workers)
    let batch = order.rows(ofStep: step).map { rows[$0] }
    let supervised = batch.reduce(0) { $0 + $1.supervisedCount }
    let tokens = batch.reduce(0) { $0 + $1.tokens.count }

    // Forward and backward: the loss is the sum over the supervised tokens of the whole step by their number.
    try model.adapter.clearGradients()
    let micros = MicroBatches(batch, of: settings.microBatch)
    let own = micros.share(of: workers)
    let total = own.reduce(0) { $0 + micros.tokens[$1] }
    var losses = [Double](repeating: 0, count: micros.count)
    var done = 0
    for index in own {
      try workers.note("step \(step + 1): forward and backward")
      let ofTokens = try model.accumulateGradients(
        TokenBatch(Array(micros[index]), model: model.base), scale: 1 / Double(supervised),
        dropoutSeed: dropoutSeed(step: step, micro: micros[index].startIndex))
      losses[index] = ofTokens.reduce(0) { $0 + Double($1) } / Double(supervised)
      done += micros.tokens[index]
      try vote.hear { try report(.stepping(done: done, total: total)) }
    }
    if own.isEmpty { try vote.hear { try report(.stepping(done: 1, total: 1)) } }

    // The sums over all processes, each loss at its own place, so that they are added up in the same order by any
    // number of processes.
    try workers.note("step \(step + 1): sum of the gradients")
    try workers.sum(model.adapter.gradients)
    let sums = try workers.sum(losses + [vote.value])
    let loss = sums.dropLast().reduce(0, +)
    isStopping = sums[micros.count] > 0

    // Clip, step.
    let norm = try clipNorm(of: model.adapter.gradients, to: settings.gradientClip)
    let rate = schedule.rate(atStep: step)
    let isSkipped = !(norm.isFinite && loss.isFinite)
    if !isSkipped {
      try optimizer.step(model.adapter.values, gradients: model.adapter.gradients, learningRate: rate)
      try model.adapter.valuesChanged()
    }
    progress.add(loss: loss, isSkipped: isSkipped, tokens: tokens, supervisedTokens: supervised)
    if progress.step % Self.agreementInterval == 0 { try requireAgreement() }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return TrainingStep(
      step: step + 1,
      metrics: [
        (MetricName.loss, loss), (MetricName.learningRate, rate), (MetricName.gradientNorm, norm),
        (MetricName.tokensPerSecond, Double(tokens) / max(seconds, 1e-9)),
        (MetricName.tokens, Double(progress.tokens)), (MetricName.epoch, order.epoch(afterStep: step)),
        (MetricName.skippedSteps, Double(progress.skippedSteps)),
      ], isSkipped: isSkipped)
  }

  /// Steps between comparisons of the processes' values, besides those at checkpoints.
  private static let agreementInterval = 50

  public var sharedValues: [Tensor] { [model.adapter.values] }

  private func dropoutSeed(step: Int, micro: Int) -> UInt64? {
    guard settings.lora.dropout > 0 else { return nil }
    return mixed(mixed(settings.seed, UInt64(step)), UInt64(micro))
  }

  /// - Throws: `TrainingError.diverged` when the loss or the gradients leave all bounds.
  public func checkHealth() throws {
    guard progress.skipsInARow < settings.maximumSkips else {
      throw TrainingError(
        .diverged,
        "stopped at step \(progress.step): the gradients of \(progress.skipsInARow) steps in a row were not finite; "
          + "begin another run in a new folder with a lower learning rate than \(settings.learningRate) or a float32 compute "
          + "type, \(Self.fromCheckpoint)")
    }
    if let first = progress.firstLoss, let smoothed = progress.smoothedLoss, smoothed > 2 * first + 1 {
      throw TrainingError(
        .diverged,
        String(format: "stopped at step %d: the loss rose from %.3f to %.3f; ", progress.step, first, smoothed)
          + "begin another run in a new folder with a lower learning rate than \(settings.learningRate), "
          + Self.fromCheckpoint)
    }
  }

  /// A run itself goes on only with the learning rate that it was started with.
  private static let fromCheckpoint =
    "from its beginning or from the adapter of a checkpoint before"

  // MARK: Dev rows

  /// The mean loss over the supervised tokens of the dev rows, without dropout, and the figures of what the model
  /// writes.
  public func measure(_ report: (TrainingEvent) throws -> Void) throws -> TrainingMeasurement {
    if isStopping { throw CancellationError() }
    var measurement = TrainingMeasurement(step: progress.step)
    if !devRows.isEmpty {
      let loss = try devLoss { try report(.measuring("dev loss: row", row: $0, total: $1)) }
      measurement.metrics.append((MetricName.devLoss, loss))
    }
    if let devGeneration {
      // Rank 0 alone: the answers are few, and depend on nothing but the values, which all processes have.
      var samples: [RunSample] = []
      measurement.metrics += try workers.figuresOfFirst {
        let written = try devGeneration.measure(step: progress.step) { done, total in
          try workers.note("step \(progress.step): answers to \(done) of \(total) dev rows")
          try report(.measuring("writing answers: dev row", row: done + 1, total: total))
        }
        samples = written.samples
        return written.metrics
      }
      measurement.samples = samples
    }
    return measurement
  }

  /// The mean loss over the supervised tokens of the dev rows; the processes share them.
  public func devLoss(_ onRow: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }) throws -> Double {
    let micros = MicroBatches(devRows, of: settings.microBatch)
    let own = micros.share(of: workers)
    let total = own.reduce(0) { $0 + micros[$1].count }
    var vote = StopVote(workers)
    var losses = [Double](repeating: 0, count: micros.count)
    var done = 0
    for index in own {
      try workers.note("step \(progress.step): dev loss")
      let ofTokens = try model.losses(TokenBatch(Array(micros[index]), model: model.base))
      losses[index] = ofTokens.reduce(0) { $0 + Double($1) }
      done += micros[index].count
      try vote.hear { try onRow(done, total) }
    }
    let sums = try workers.sum(losses + [vote.value])
    isStopping = isStopping || sums[micros.count] > 0
    if isStopping { throw CancellationError() }
    return sums.dropLast().reduce(0, +) / Double(devRows.reduce(0) { $0 + $1.supervisedCount })
  }

  // MARK: State

  public func writeState(into folder: URL) throws {
    try state.write(progress, into: folder, baseModel: baseModelName)
  }

  public func restoreState(from folder: URL) throws {
    progress = try state.restore(from: folder, totalSteps: totalSteps)
  }

  public func writeAdapter(ofState state: URL, with writer: FolderWriter, dtype: DType) throws {
    try model.adapter.write(ofState: state, with: writer, baseModel: baseModelName, dtype: dtype)
  }

  public func shareState() throws {
    guard workers.count > 1 else { return }
    progress = try state.share(progress, over: workers)
  }

  private var state: TrainerState {
    let s = settings
    return TrainerState(
      kind: kind, adapter: model.adapter, optimizer: optimizer,
      identity: [
        ("rank", .number(s.lora.rank)), ("alpha", .number(s.lora.alpha)), ("dropout", .number(s.lora.dropout)),
        ("learning_rate", .number(s.learningRate)), ("schedule", .string(s.schedule.rawValue)),
        ("warmup_steps", .number(schedule.warmupSteps)), ("beta1", .number(s.optimizer.beta1)),
        ("beta2", .number(s.optimizer.beta2)), ("epsilon", .number(s.optimizer.epsilon)),
        ("weight_decay", .number(s.optimizer.weightDecay)), ("gradient_clip", .number(s.gradientClip)),
        ("micro_batch", .number(s.microBatch)), ("accumulation", .number(s.accumulation)),
        ("total_steps", .number(totalSteps)), ("seed", .string(String(s.seed))), ("shuffles", .bool(s.shuffles)),
        ("dtype", .string(model.dtype.rawValue)), ("base_dtype", .string(model.base.dtype.rawValue)),
        ("model", .string(modelIdentity)), ("rows", .number(order.rowCount)), ("rows_sha256", .string(rowsHash)),
        // Figures of other dev rows cannot be compared, and the best checkpoint is chosen by them.
        ("dev_rows", .number(devRows.count)), ("dev_rows_sha256", .string(devRowsHash)),
      ])
  }
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
