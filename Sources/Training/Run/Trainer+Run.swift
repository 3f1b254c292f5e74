extension Trainer {
  /// Trains to the end, from wherever ``progress`` stands: steps, measurements and checkpoints in their order, without
  /// a folder. `onEvent` saves what is to be kept, as a ``TrainingRun`` does.
  ///
  ///     try trainer.run { event in
  ///       if case .stepped(let step) = event { print(step.metrics) }
  ///     }
  ///
  /// - Throws: what `onEvent` throws; what ``checkHealth()`` throws.
  public func run(_ onEvent: (TrainingEvent) throws -> Void = { _ in }) throws {
    while true {
      try settle(onEvent)
      if progress.step == totalSteps { return }
      let step = try takeStep(onEvent)
      try onEvent(.stepped(step))
      try checkHealth()
    }
  }

  /// Measures and saves what is due after the last step, unless that was done before: a run that was interrupted here
  /// does it when it goes on.
  private func settle(_ onEvent: (TrainingEvent) throws -> Void) throws {
    guard progress.settledStep < progress.step else { return }
    let isLast = progress.step == totalSteps
    func isDue(_ interval: Int) -> Bool { isLast || interval > 0 && progress.step % interval == 0 }
    var figures: [(name: String, value: Double)] = []
    if isDue(evaluationInterval) {
      let measurement = try measure(onEvent)
      try onEvent(.measured(measurement))
      figures = measurement.metrics
    }
    progress.settledStep = progress.step
    // What was measured is worth a checkpoint: only one that has figures can be the best.
    if isDue(checkpointInterval) || !figures.isEmpty { try onEvent(.checkpointDue(figures)) }
  }
}
