import Files
import Foundation
import JSON
import Llama
import ModelFiles
import Runs
import Torch
import Training

/// A run of supervised fine-tuning in its folder: checkpoints, logs, progress.
final class SFTRun {
  private let folder: RunFolder
  private let trainer: SFTTrainer
  private let store: CheckpointStore
  /// The figure that checkpoints are chosen by.
  private let bestBy: String
  /// Of the values in the result; checkpoints are float32.
  private let adapterDType: DType
  private let modelName: String
  private let console: Console
  /// Nil: the model writes nothing on the way.
  private let generation: DevGeneration?
  private var status: RunStatus

  /// What a run is, for its folder and its adapter.
  struct Description {
    /// For `config.json`.
    var settings: JSON
    /// For `data.json`.
    var data: JSON
    /// Nil: the adapter gets no `patron.json`.
    var card: AdapterCard?
  }

  init(
    folder: RunFolder, trainer: SFTTrainer, generation: DevGeneration?, keptCheckpoints: Int, bestBy: String,
    adapterDType: DType, modelName: String, console: Console
  ) {
    self.folder = folder
    self.adapterDType = adapterDType
    self.generation = generation
    self.trainer = trainer
    store = CheckpointStore(
      folder, keepingLast: keptCheckpoints,
      ranking: CheckpointRanking(metric: bestBy, prefers: bestBy == MetricName.devLoss ? .lowest : .highest))
    self.bestBy = bestBy
    self.modelName = modelName
    self.console = console
    status = RunStatus(kind: "sft", version: Version.full, plannedSteps: trainer.totalSteps)
  }

  private func write(_ json: JSON, to url: URL) throws {
    try AtomicFile.write(Array((json.text(pretty: true) + "\n").utf8), to: url)
  }

  /// Trains to the end and writes the adapter.
  func run(_ description: Description, resuming: Bool) throws {
    var start: SavedCheckpoint?
    if resuming {
      let (latest, warnings) = try store.latest()
      for warning in warnings { console.warning(warning) }
      if let latest { try trainer.restoreState(from: latest.url) }
      start = latest
    }
    // Only now: a run that is not to be resumed with these settings keeps its own.
    if let before = try? RunStatus.read(folder.url) { status.started = before.started }
    try write(description.settings, to: folder.configuration)
    try write(description.data, to: folder.data)
    try store.discard(after: start?.step ?? -1)
    let log = try MetricLog(folder, resumingAt: start?.step)
    let samples = try generation.map { _ in try SampleLog(folder, resumingAt: start?.step) }
    try update(.running)
    if let start { console.note("going on after step \(start.step) of \(trainer.totalSteps)") }
    do {
      try trainer.run(hooks(log, samples))
      try writeAdapter(description.card)
      try update(.finished)
    } catch is CancellationError {
      try save(log, samples, metrics: [])
      try update(.stopped)
      console.clearStatus()
      console.warning(
        "interrupted; step \(trainer.progress.step) of \(trainer.totalSteps) is saved: go on with --resume")
      throw CancellationError()
    } catch {
      try? log.synchronize()
      try? update(.failed, note: ErrorMessage.text(of: error))
      throw error
    }
  }

  /// Whether another tenth of the steps is done.
  static func isMilestone(_ step: Int, of totalSteps: Int) -> Bool {
    step * 10 / totalSteps > (step - 1) * 10 / totalSteps
  }

  private func hooks(_ log: MetricLog, _ samples: SampleLog?) -> SFTHooks {
    let meter = TrainingMeter(totalSteps: trainer.totalSteps, doneSteps: trainer.progress.step)
    var hooks = SFTHooks()
    hooks.onMicroBatch = { [console] done, total in
      try Interruption.check()
      console.status(meter.line(share: Double(done) / Double(total)))
    }
    hooks.onStep = { [console] report in
      meter.update(report)
      if report.isSkipped {
        console.warning("step \(report.step): loss or gradients are not finite; nothing was changed")
      }
      try log.record(
        step: report.step,
        [
          (MetricName.loss, report.loss), (MetricName.learningRate, report.learningRate),
          (MetricName.gradientNorm, report.gradientNorm),
          (MetricName.tokensPerSecond, Double(report.tokens) / max(report.seconds, 1e-9)),
          (MetricName.tokens, Double(report.progress.tokens)), (MetricName.epoch, report.epoch),
          (MetricName.skippedSteps, Double(report.progress.skippedSteps)),
        ])
      if console.level == .verbose {
        console.note(meter.summary)
      } else if !console.terminal.isTerminal, SFTRun.isMilestone(report.step, of: report.totalSteps) {
        console.notice(meter.summary)
      }
    }
    hooks.onDevRow = { [console] done, total in
      try Interruption.check()
      console.status("dev loss: row \(done)/\(total)")
    }
    hooks.onEvaluation = { [console, generation] trainer, metrics in
      let step = trainer.progress.step
      var generated: [(name: String, value: Double)] = []
      if let generation {
        let (figures, written) = try generation.measure(step: step) { done, total in
          try Interruption.check()
          console.status("writing answers: dev row \(done + 1)/\(total)")
        }
        for sample in written { try samples?.record(sample) }
        generated = figures
      }
      if !(metrics + generated).isEmpty { try log.record(step: step, metrics + generated) }
      let figures = (metrics + generated).map { "\($0.name) \(String(format: "%.4f", $0.value))" }
      if !figures.isEmpty { console.note("step \(step)/\(trainer.totalSteps): \(figures.joined(separator: ", "))") }
      return generated
    }
    hooks.onCheckpoint = { [self] _, metrics in
      try save(log, samples, metrics: metrics)
      try update(.running)
    }
    return hooks
  }

  private func save(_ log: MetricLog, _ samples: SampleLog?, metrics: [(name: String, value: Double)]) throws {
    console.status("saving step \(trainer.progress.step)")
    try log.synchronize()
    try samples?.synchronize()
    try store.save(
      step: trainer.progress.step, metrics: Dictionary(metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    ) { [self] url in try trainer.writeState(into: url, baseModel: modelName) }
  }

  private func update(_ state: RunStatus.State, note: String? = nil) throws {
    status.state = state
    status.note = note
    status.step = trainer.progress.step
    status.tokens = trainer.progress.tokens
    try status.write(to: folder)
  }

  /// The result: the best checkpoint by the figure of `--best-by`, or the last where none has it.
  private func writeAdapter(_ card: AdapterCard?) throws {
    let (best, warnings) = try store.best()
    for warning in warnings { console.warning(warning) }
    guard let best else { return }
    let writer = try FolderWriter(folder.adapter, replacingExisting: true)
    if adapterDType == .float32 {
      for name in ["adapter_config.json", "adapter_model.safetensors"] {
        try writer.copy(best.url.appendingPathComponent(name))
      }
    } else {
      try trainer.model.adapter.load(AdapterFolder(best.url))
      try trainer.model.adapter.write(into: writer.temporary, baseModel: modelName, dtype: adapterDType)
    }
    if var card {
      card.devMetrics = .object(
        [("step", .number(best.step))] + best.metrics.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })
      try card.write(to: writer.temporary)
    }
    try writer.commit()
    let names = bestBy == MetricName.devLoss ? [bestBy] : [bestBy, MetricName.devLoss]
    let figures = names.compactMap { name in
      best.metrics[name].map { "\(name) \(String(format: "%.4f", $0))" }
    }
    if !trainer.devRows.isEmpty, best.metrics[bestBy]?.isFinite != true {
      console.warning("no checkpoint has a finite \(bestBy) to choose by: the last one is taken")
    }
    console.note(
      (["\(folder.adapter.path): the adapter of step \(best.step)"] + figures).joined(separator: ", "))
  }
}
