import Foundation
import Text
import Torch
import Training
import TrainingData

/// What `--dry-run` prints.
struct TrainingPlan {
  let trainer: SFTTrainer
  /// Measured, tokens per second.
  let speed: Double

  var text: String {
    let rows = trainer.rows
    let settings = trainer.settings
    let tokens = rows.reduce(0) { $0 + $1.tokens.count }
    let supervised = rows.reduce(0) { $0 + $1.supervisedCount }
    let passes = Double(trainer.totalSteps * settings.rowsPerStep) / Double(rows.count)
    // A dev row is read once each time, without a backward pass: about a third of the work.
    let devTokens = trainer.devRows.reduce(0) { $0 + $1.tokens.count }
    let interval = settings.evaluationInterval
    let evaluations = interval > 0 ? (trainer.totalSteps + interval - 1) / interval : 1
    let seconds =
      (Double(tokens) * min(passes, settings.epochs) + Double(devTokens * evaluations) / 3) / speed
    var lines = [
      ("rows", "\(NumberText.grouped(rows.count)), dev \(NumberText.grouped(trainer.devRows.count))"),
      (
        "tokens",
        "\(NumberText.grouped(tokens)), \(NumberText.grouped(supervised)) of them supervised; longest row \(longest(rows))"
      ),
      (
        "steps",
        "\(NumberText.grouped(trainer.totalSteps)) of \(settings.rowsPerStep) rows (\(settings.microBatch) × \(settings.accumulation))"
      ),
      (
        "adapter",
        "rank \(settings.lora.rank), \(NumberText.grouped(trainer.model.adapter.count)) values, \(NumberText.memory(4 * trainer.model.adapter.count)) on disk"
      ),
    ]
    let memory = trainer.memoryPlan
    lines.append(("memory", "about \(NumberText.memory(memory.byteCount)) at the largest micro-batch"))
    lines += memory.parts.map { ("  " + $0.name, NumberText.memory($0.byteCount)) }
    lines.append(("speed", String(format: "%.0f tok/s measured, %d threads", speed, Runtime.threadCount)))
    lines.append(("time", "about " + ProgressMeter.clock(seconds)))
    return lines.map { $0.padding(toLength: 24, withPad: " ", startingAt: 0) + $1 }.joined(separator: "\n")
  }

  private func longest(_ rows: [TrainingExample]) -> String { NumberText.grouped(rows.map(\.tokens.count).max() ?? 0) }
}
