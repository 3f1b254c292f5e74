import Foundation
import Runs
import Training

/// What a training run says on the console while it goes on, whatever it is that trains.
final class TrainingMessages {
  private let console: Console
  private let totalSteps: Int
  private var meter: TrainingMeter

  init(totalSteps: Int, console: Console) {
    self.console = console
    self.totalSteps = totalSteps
    meter = TrainingMeter(totalSteps: totalSteps, doneSteps: 0)
  }

  /// - Throws: `CancellationError` once a clean end was asked for.
  func tell(_ event: TrainingEvent) throws {
    switch event {
    case .resumed(let step):
      meter = TrainingMeter(totalSteps: totalSteps, doneSteps: step)
      console.note("going on after step \(step) of \(totalSteps)")
    case .stepping(let done, let total):
      try Interruption.check()
      console.status(meter.line(share: Double(done) / Double(total)))
    case .stepped(let step): tell(step)
    case .measuring(let what, let row, let total):
      try Interruption.check()
      console.status("\(what) \(row)/\(total)")
    case .measured(let measurement):
      let figures = measurement.metrics.map { Self.text($0.name, $0.value) }
      if !figures.isEmpty { console.note("step \(measurement.step)/\(totalSteps): \(figures.joined(separator: ", "))") }
    case .checkpointDue: break
    case .saving(let step): console.status("saving step \(step)")
    case .warning(let message): console.warning(message)
    }
  }

  private func tell(_ step: TrainingStep) {
    meter.update(step)
    if step.isSkipped { console.warning("step \(step.step): loss or gradients are not finite; nothing was changed") }
    if console.level == .verbose {
      console.note(meter.summary)
    } else if !console.terminal.isTerminal, Self.isMilestone(step.step, of: totalSteps) {
      console.notice(meter.summary)
    }
  }

  /// Whether another tenth of the steps is done.
  static func isMilestone(_ step: Int, of totalSteps: Int) -> Bool {
    step * 10 / totalSteps > (step - 1) * 10 / totalSteps
  }

  /// That Ctrl-C ended the run.
  func tellInterruption(after step: Int) {
    console.clearStatus()
    console.warning("interrupted; step \(step) of \(totalSteps) is saved: go on with --resume")
  }

  /// Which checkpoint became the adapter, with its figures, as far as it has them.
  func tellResult(_ checkpoint: SavedCheckpoint, _ figures: [String], folder: RunFolder) {
    let values = figures.compactMap { name in checkpoint.metrics[name].map { Self.text(name, $0) } }
    console.note(
      (["\(folder.adapter.path): the adapter of step \(checkpoint.step)"] + values).joined(separator: ", "))
  }

  private static func text(_ name: String, _ value: Double) -> String { "\(name) \(String(format: "%.4f", value))" }
}
