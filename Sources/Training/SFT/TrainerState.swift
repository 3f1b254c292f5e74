import Foundation
import JSON
import Llama
import ModelFiles
import Torch

/// How far a run is: counters that the next steps, and the figures shown, depend on.
public struct TrainingProgress: Sendable, Equatable {
  /// Steps done, those skipped included. It decides the learning rate, the next rows and their dropout.
  public var step = 0
  /// The last step after which everything that was due was measured.
  public var settledStep = 0
  /// Steps left out because their loss or gradients were not finite.
  public var skippedSteps = 0
  public var skipsInARow = 0
  /// Of all rows so far.
  public var tokens = 0
  public var supervisedTokens = 0
  /// Mean loss of the first five steps, and the running mean (factor 0.9) of all since: what divergence is judged by.
  public var firstLoss: Double?
  public var smoothedLoss: Double?

  public init() {}

  mutating func add(loss: Double, isSkipped: Bool, tokens: Int, supervisedTokens: Int) {
    step += 1
    self.tokens += tokens
    self.supervisedTokens += supervisedTokens
    guard !isSkipped else {
      skippedSteps += 1
      skipsInARow += 1
      return
    }
    skipsInARow = 0
    let counted = step - skippedSteps
    if counted <= 5 { firstLoss = ((firstLoss ?? 0) * Double(counted - 1) + loss) / Double(counted) }
    smoothedLoss = smoothedLoss.map { 0.9 * $0 + 0.1 * loss } ?? loss
  }

  var json: JSON {
    .object([
      ("step", .number(step)), ("settled_step", .number(settledStep)), ("skipped_steps", .number(skippedSteps)),
      ("skips_in_a_row", .number(skipsInARow)),
      ("tokens", .number(tokens)), ("supervised_tokens", .number(supervisedTokens)),
      ("first_loss", firstLoss.map { .number($0) } ?? .null),
      ("smoothed_loss", smoothedLoss.map { .number($0) } ?? .null),
    ])
  }

  init?(_ json: JSON) {
    func count(_ key: String) -> Int? { json[key]?.int.flatMap { $0 >= 0 ? $0 : nil } }
    guard let step = count("step"), let settled = count("settled_step"), let skipped = count("skipped_steps"),
      let inARow = count("skips_in_a_row"),
      let tokens = count("tokens"), let supervised = count("supervised_tokens"), skipped <= step, settled <= step
    else { return nil }
    self.step = step
    settledStep = settled
    skippedSteps = skipped
    skipsInARow = inARow
    self.tokens = tokens
    supervisedTokens = supervised
    firstLoss = json["first_loss"]?.double
    smoothedLoss = json["smoothed_loss"]?.double
  }
}

extension SFTTrainer {
  private static let stateName = "trainer.json"
  private static let optimizerName = "optimizer.safetensors"

  /// Writes everything that the next step depends on into a folder that exists: the adapter as a PEFT folder has it,
  /// `optimizer.safetensors` with AdamW's moments, and `trainer.json` with the counters and what the run is.
  ///
  /// Random choices and the place in the data are functions of the seed and the step, and so need no state.
  public func writeState(into folder: URL, baseModel: String?) throws {
    try model.adapter.write(into: folder, baseModel: baseModel)
    let count = model.adapter.count
    let writer = try SafetensorsWriter(
      folder.appendingPathComponent(Self.optimizerName),
      tensors: ["exp_avg", "exp_avg_sq"].map { TensorDescription(name: $0, dtype: .float32, shape: [count]) })
    for moment in [optimizer.firstMoment, optimizer.secondMoment] {
      try moment.to(device: .cpu).withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
    let state = JSON.object([
      ("format", .number(1)), ("kind", .string("sft")), ("progress", progress.json),
      ("optimizer_steps", .number(optimizer.stepCount)), ("run", runIdentity),
    ])
    try Data(Array((state.text(pretty: true) + "\n").utf8)).write(to: folder.appendingPathComponent(Self.stateName))
  }

  /// Goes on from a folder that ``writeState(into:baseModel:)`` wrote.
  ///
  /// - Throws: `TrainingError.state` when the run that wrote it had other settings or rows: the result would be neither
  ///   run's.
  public func restoreState(from folder: URL) throws {
    let url = folder.appendingPathComponent(Self.stateName)
    func wrong(_ what: String) -> TrainingError { TrainingError(.state, "\(url.path): \(what)") }
    let json: JSON
    do {
      json = try JSON.parse([UInt8](Data(contentsOf: url)))
    } catch {
      throw wrong("cannot be read: \(error)")
    }
    guard json["format"]?.int == 1, json["kind"]?.string == "sft" else {
      throw wrong("found a state of another kind or version, expected one of supervised fine-tuning, format 1")
    }
    guard let progress = json["progress"].flatMap(TrainingProgress.init),
      let steps = json["optimizer_steps"]?.int, steps == progress.step - progress.skippedSteps
    else { throw wrong("the counters are missing or contradict one another") }
    if let difference = firstDifference(json["run"]) {
      throw wrong(
        "\(difference); a run goes on only with what it was started with (the number of epochs and steps included); "
          + "begin another run, from this adapter if you like")
    }
    guard progress.step <= totalSteps else {
      throw wrong("found step \(progress.step) of a run of \(totalSteps)")
    }
    try model.adapter.load(AdapterFolder(folder))
    let moments = try SafetensorsFile(folder.appendingPathComponent(Self.optimizerName))
    for (name, tensor) in [("exp_avg", optimizer.firstMoment), ("exp_avg_sq", optimizer.secondMoment)] {
      guard let stored = moments.tensors[name], stored.shape == [model.adapter.count],
        stored.encoding == .plain(.float32)
      else { throw wrong("\(Self.optimizerName) does not hold \(name) of \(model.adapter.count) float32 values") }
      try tensor.copy(from: Tensor(bytes: stored.bytes, shape: stored.shape, dtype: .float32))
    }
    optimizer.restore(stepCount: steps)
    self.progress = progress
  }

  /// What must be the same for two processes to be one run.
  private var runIdentity: JSON {
    let s = settings
    return .object([
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

  private func firstDifference(_ stored: JSON?) -> String? {
    for (key, value) in runIdentity.object?.members ?? [] {
      let found = stored?[key]
      // States of the first versions do not say.
      if found == nil, key.hasPrefix("dev_rows") { continue }
      if found?.text() != value.text() {
        if key.hasPrefix("dev_rows") {
          return "found other rows to measure on than the saved run has (\(key) \(value.text()), saved "
            + "\(found?.text() ?? "none"))"
        }
        return "found \(key) \(value.text()), the saved run has \(found?.text() ?? "none")"
      }
    }
    return nil
  }
}
