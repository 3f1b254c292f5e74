import Foundation
import Training

/// How far a training run is, in one line of text.
final class TrainingMeter {
  private let totalSteps: Int
  private let doneSteps: Int
  private let start: ContinuousClock.Instant
  private var last: SFTStepReport?
  private var smoothedRate: Double?

  init(totalSteps: Int, doneSteps: Int, now: ContinuousClock.Instant = .now) {
    self.totalSteps = totalSteps
    self.doneSteps = doneSteps
    start = now
  }

  func update(_ report: SFTStepReport) {
    last = report
    let rate = Double(report.tokens) / max(report.seconds, 1e-9)
    smoothedRate = smoothedRate.map { 0.8 * $0 + 0.2 * rate } ?? rate
  }

  /// For example `step 12/80 (epoch 0.30): loss 1.234, lr 8.5e-05, grad 0.81, 180 tok/s`.
  var summary: String {
    guard let last else { return "" }
    return String(
      format: "step %d/%d (epoch %.2f): loss %.4f, lr %.3g, grad %.3f, %.0f tok/s%@", last.step, totalSteps, last.epoch,
      last.loss, last.learningRate, last.gradientNorm, Double(last.tokens) / max(last.seconds, 1e-9),
      last.isSkipped ? ", SKIPPED: not finite" : "")
  }

  /// For example `step 13/80, loss 1.234, 180 tok/s, ETA 1:05:00`.
  func line(share: Double, now: ContinuousClock.Instant = .now) -> String {
    let done = Double(last?.step ?? doneSteps) + share
    var line = "step \(min(Int(done) + 1, totalSteps))/\(totalSteps)"
    if let last { line += String(format: ", loss %.3f", last.loss) }
    if let smoothedRate { line += String(format: ", %.0f tok/s", smoothedRate) }
    let elapsed = (now - start) / .seconds(1)
    let share = (done - Double(doneSteps)) / Double(max(totalSteps - doneSteps, 1))
    if share > 0, elapsed > 1 { line += ", ETA " + ProgressMeter.clock(elapsed * (1 - share) / share) }
    return line
  }
}
