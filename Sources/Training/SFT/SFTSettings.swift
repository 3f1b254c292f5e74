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
