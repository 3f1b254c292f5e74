import Foundation
import Runs
import Training

/// How far a training run is, in one line of text.
final class TrainingMeter {
  private let totalSteps: Int
  private let doneSteps: Int
  private let start: ContinuousClock.Instant
  private var last: TrainingStep?
  private var smoothedRate: Double?

  init(totalSteps: Int, doneSteps: Int, now: ContinuousClock.Instant = .now) {
    self.totalSteps = totalSteps
    self.doneSteps = doneSteps
    start = now
  }

  func update(_ step: TrainingStep) {
    last = step
    guard let rate = step[MetricName.tokensPerSecond] else { return }
    smoothedRate = smoothedRate.map { 0.8 * $0 + 0.2 * rate } ?? rate
  }

  /// For example `step 12/80 (epoch 0.30): loss 1.234, lr 8.5e-05, grad 0.81, 180 tok/s`; figures that the trainer does
  /// not give are left out.
  var summary: String {
    guard let last else { return "" }
    let epoch = last[MetricName.epoch].map { String(format: " (epoch %.2f)", $0) } ?? ""
    let formats = [
      (MetricName.loss, "loss %.4f"), (MetricName.learningRate, "lr %.3g"), (MetricName.gradientNorm, "grad %.3f"),
      (MetricName.tokensPerSecond, "%.0f tok/s"),
    ]
    var figures = formats.compactMap { name, format in last[name].map { String(format: format, $0) } }
    if last.isSkipped { figures.append("SKIPPED: not finite") }
    return "step \(last.step)/\(totalSteps)\(epoch): \(figures.joined(separator: ", "))"
  }

  /// For example `step 13/80, loss 1.234, 180 tok/s, ETA 1:05:00`.
  func line(share: Double, now: ContinuousClock.Instant = .now) -> String {
    let done = Double(last?.step ?? doneSteps) + share
    var line = "step \(min(Int(done) + 1, totalSteps))/\(totalSteps)"
    if let loss = last?[MetricName.loss] { line += String(format: ", loss %.3f", loss) }
    if let smoothedRate { line += String(format: ", %.0f tok/s", smoothedRate) }
    let elapsed = (now - start) / .seconds(1)
    let share = (done - Double(doneSteps)) / Double(max(totalSteps - doneSteps, 1))
    if share > 0, elapsed > 1 { line += ", ETA " + ProgressMeter.clock(elapsed * (1 - share) / share) }
    return line
  }
}
