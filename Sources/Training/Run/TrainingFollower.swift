/// A run as the processes after the first take part in it: they compute their share, and read and write no file.
///
///     let follower = TrainingFollower(trainer)
///     try follower.run { event in … }
public final class TrainingFollower {
  private let trainer: any Trainer

  public init(_ trainer: any Trainer) { self.trainer = trainer }

  /// Trains to the end, from where rank 0 goes on.
  ///
  /// - Parameter onEvent: is told of everything that happens.
  /// - Throws: `CancellationError` after the step after which all processes stop.
  public func run(_ onEvent: (TrainingEvent) throws -> Void = { _ in }) throws {
    try trainer.shareState()
    do {
      try trainer.run { event in
        if case .checkpointDue = event { try waitForCheckpoint() }
        try onEvent(event)
      }
    } catch is CancellationError {
      try waitForCheckpoint()
      throw CancellationError()
    }
  }

  private func waitForCheckpoint() throws {
    try trainer.requireAgreement()
    try trainer.workers.note("step \(trainer.progress.step): rank 0 saves")
    try trainer.workers.barrier()
  }
}
