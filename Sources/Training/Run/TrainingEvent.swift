import Runs

/// What happens in a run, for those who watch it; what they throw ends the run.
public enum TrainingEvent: Sendable {
  /// The run goes on after this step instead of beginning anew.
  case resumed(step: Int)
  /// So much of the work of a step is done; for supervised fine-tuning, tokens.
  case stepping(done: Int, total: Int)
  /// A step is done.
  case stepped(TrainingStep)
  /// A measurement is at this row, counted from 1. `what` says what is measured, such as `dev loss: row`.
  case measuring(_ what: String, row: Int, total: Int)
  /// A measurement is done.
  case measured(TrainingMeasurement)
  /// A checkpoint is due. It is saved with these figures; there are none where nothing was measured at this step.
  case checkpointDue([(name: String, value: Double)])
  /// A checkpoint is being written.
  case saving(step: Int)
  /// What a person should know about the result.
  case warning(String)
}

/// What was measured after a step.
public struct TrainingMeasurement: Sendable {
  public let step: Int
  /// Figures by name, in the order in which they are recorded.
  public var metrics: [(name: String, value: Double)] = []
  /// What the model wrote.
  public var samples: [RunSample] = []

  public init(step: Int) { self.step = step }
}
