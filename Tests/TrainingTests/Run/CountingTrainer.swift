import Files
import Foundation
import JSON
import Runs
import Torch
import Training

/// A trainer that counts: what ``Trainer`` asks of a second trainer, with the public names only. Its adapter is a
/// number.
final class CountingTrainer: Trainer {
  let kind = "count"
  let totalSteps = 6
  let evaluationInterval = 2
  let checkpointInterval = 3
  var figures = ["dev/score"]
  var progress = TrainingProgress()
  /// What is measured after a step.
  var scores: [Int: Double] = [2: 0.5, 4: 0.9, 6: 0.4]
  /// The step that is not worth going on after.
  var lastHealthyStep = Int.max
  let seed: Int
  /// What steps change: seed · (1 + 2 + … + step).
  private(set) var sum = 0

  init(seed: Int = 1) { self.seed = seed }

  func takeStep(_ report: (TrainingEvent) throws -> Void) throws -> TrainingStep {
    let step = progress.step + 1
    try report(.stepping(done: 1, total: 2))
    try report(.stepping(done: 2, total: 2))
    progress.step = step
    progress.tokens += 10
    sum += seed * step
    return TrainingStep(
      step: step, metrics: [("train/sum", Double(sum)), (MetricName.tokens, Double(progress.tokens))])
  }

  func checkHealth() throws {
    if progress.step > lastHealthyStep { throw TrainingError(.diverged, "the sum is \(sum)") }
  }

  func measure(_ report: (TrainingEvent) throws -> Void) throws -> TrainingMeasurement {
    try report(.measuring("score: row", row: 1, total: 1))
    var measurement = TrainingMeasurement(step: progress.step)
    guard !figures.isEmpty else { return measurement }
    measurement.metrics = [("dev/score", scores[progress.step] ?? .nan)]
    measurement.samples = [
      RunSample(
        step: progress.step, id: "a", task: "count", promptExcerpt: "1 + …", expected: "?", generated: "\(sum)")
    ]
    return measurement
  }

  func writeState(into folder: URL) throws {
    let state: JSON = [
      "seed": .number(seed), "step": .number(progress.step), "settled": .number(progress.settledStep),
      "tokens": .number(progress.tokens), "sum": .number(sum),
    ]
    try Data(state.utf8()).write(to: folder.appendingPathComponent("state.json"))
  }

  func restoreState(from folder: URL) throws {
    let state = try JSON.parse(Data(contentsOf: folder.appendingPathComponent("state.json")))
    guard state["seed"]?.int == seed else { throw TrainingError(.state, "found another seed") }
    progress.step = state["step"]?.int ?? 0
    progress.settledStep = state["settled"]?.int ?? 0
    progress.tokens = state["tokens"]?.int ?? 0
    sum = state["sum"]?.int ?? 0
  }

  func writeAdapter(ofState state: URL, with writer: FolderWriter, dtype: DType) throws {
    let state = try JSON.parse(Data(contentsOf: state.appendingPathComponent("state.json")))
    try writer.write(JSON.object([("sum", state["sum"] ?? .null)]).utf8(), to: "adapter.json")
    try writer.write(Array(dtype.rawValue.utf8), to: "dtype")
  }
}
