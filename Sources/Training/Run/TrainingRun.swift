import Files
import Foundation
import JSON
import ModelFiles
import Runs
import Torch

/// A trainer at work in a run's folder: settings, status, logs, checkpoints and, at the end, the adapter with its card.
///
///     let folder = try RunFolder(url, resuming: true)
///     let run = try TrainingRun(trainer, in: folder, description)
///     let best = try run.run(resuming: true) { event in … }
///
/// It works for every ``Trainer``. Of several processes the first has the run, the others follow it
/// (``TrainingFollower``). What a run is of (settings, data, card) reaches it as values.
public final class TrainingRun {
  /// What a run is, for its folder and its adapter.
  public struct Description: Sendable {
    /// Of the program, for `run.json`.
    public var version: String
    /// For `config.json`.
    public var settings: JSON
    /// For `data.json`.
    public var data: JSON
    /// For the adapter, which gets the best checkpoint's figures with it; nil: the adapter gets no `patron.json`.
    public var card: AdapterCard?
    /// How the checkpoint is chosen that becomes the adapter.
    public var ranking = CheckpointRanking(figure: MetricName.devLoss)
    /// Checkpoints that are kept, besides the best one.
    public var keptCheckpoints = CheckpointStore.defaultKeptCount
    /// Of the values in the resulting adapter; checkpoints are float32.
    public var adapterDType = DType.float32

    public init(version: String, settings: JSON, data: JSON) {
      self.version = version
      self.settings = settings
      self.data = data
    }
  }

  private let trainer: any Trainer
  private let folder: RunFolder
  private let description: Description
  private let store: CheckpointStore
  private var status: RunStatus

  /// - Throws: `TrainingError.setting` where the trainer measures, but not the figure that checkpoints are chosen by.
  public init(_ trainer: any Trainer, in folder: RunFolder, _ description: Description) throws {
    let figure = description.ranking.metric
    guard trainer.figures.isEmpty || trainer.figures.contains(figure) else {
      throw TrainingError(
        .setting,
        "found \(figure) to choose checkpoints by, expected one of \(trainer.figures.joined(separator: ", "))")
    }
    self.trainer = trainer
    self.folder = folder
    self.description = description
    store = CheckpointStore(folder, keepingLast: description.keptCheckpoints, ranking: description.ranking)
    status = RunStatus(kind: trainer.kind, version: description.version, plannedSteps: trainer.totalSteps)
  }

  /// Trains to the end and writes the adapter.
  ///
  /// - Parameters:
  ///   - resuming: whether to go on from the last checkpoint in the folder, where there is one.
  ///   - onEvent: is told of everything that happens, after it was recorded.
  /// - Returns: the checkpoint that became the adapter.
  /// - Throws: `CancellationError` where `onEvent` throws it; the last whole step is then saved, and the run can be
  ///   resumed.
  @discardableResult
  public func run(
    resuming: Bool, _ onEvent: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> SavedCheckpoint? {
    var start: SavedCheckpoint?
    if resuming {
      let (latest, warnings) = try store.latest()
      for warning in warnings { try onEvent(.warning(warning)) }
      if let latest { try trainer.restoreState(from: latest.url) }
      start = latest
    }
    try trainer.shareState()
    // Only now: a run that is not to be resumed with these settings keeps its own.
    if let before = try? RunStatus.read(folder.url) { status.started = before.started }
    try write(description.settings, to: folder.configuration)
    try write(description.data, to: folder.data)
    try store.discard(after: start?.step ?? -1)
    let logs = Logs(
      metrics: try MetricLog(folder, resumingAt: start?.step), samples: try SampleLog(folder, resumingAt: start?.step))
    try update(.running)
    if let start { try onEvent(.resumed(step: start.step)) }
    do {
      try trainer.run { event in
        try record(event, logs, onEvent)
        try onEvent(event)
      }
      let best = try writeAdapter(onEvent)
      try update(.finished)
      return best
    } catch is CancellationError {
      try save(logs, metrics: [], onEvent)
      try update(.stopped)
      throw CancellationError()
    } catch {
      try? logs.synchronize()
      try? update(.failed, note: ErrorMessage.text(of: error))
      throw error
    }
  }

  // MARK: Records

  private struct Logs {
    let metrics: MetricLog
    let samples: SampleLog

    func synchronize() throws {
      try metrics.synchronize()
      try samples.synchronize()
    }
  }

  private func record(_ event: TrainingEvent, _ logs: Logs, _ onEvent: (TrainingEvent) throws -> Void) throws {
    switch event {
    case .stepped(let step): try logs.metrics.record(step: step.step, step.metrics)
    case .measured(let measurement):
      for sample in measurement.samples { try logs.samples.record(sample) }
      if !measurement.metrics.isEmpty { try logs.metrics.record(step: measurement.step, measurement.metrics) }
    case .checkpointDue(let metrics):
      try save(logs, metrics: metrics, onEvent)
      try update(.running)
    default: break
    }
  }

  private func save(
    _ logs: Logs, metrics: [(name: String, value: Double)], _ onEvent: (TrainingEvent) throws -> Void
  ) throws {
    try trainer.requireAgreement()
    try onEvent(.saving(step: trainer.progress.step))
    // The lines of a step have to be on the disk before its checkpoint is: those are kept when the run resumes there.
    try logs.synchronize()
    try store.save(
      step: trainer.progress.step, metrics: Dictionary(metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    ) { url in try trainer.writeState(into: url) }
    try trainer.workers.barrier()
  }

  private func update(_ state: RunStatus.State, note: String? = nil) throws {
    status.state = state
    status.note = note
    status.step = trainer.progress.step
    status.tokens = trainer.progress.tokens
    try status.write(to: folder)
  }

  private func write(_ json: JSON, to url: URL) throws {
    try AtomicFile.write(Array((json.text(pretty: true) + "\n").utf8), to: url)
  }

  // MARK: Result

  /// The result: the best checkpoint, or the last where none has the figure that they are chosen by.
  private func writeAdapter(_ onEvent: (TrainingEvent) throws -> Void) throws -> SavedCheckpoint? {
    let (best, warnings) = try store.best()
    for warning in warnings { try onEvent(.warning(warning)) }
    guard let best else { return nil }
    let writer = try FolderWriter(folder.adapter, replacingExisting: true)
    try trainer.writeAdapter(ofState: best.url, with: writer, dtype: description.adapterDType)
    if var card = description.card {
      card.devMetrics = .object(
        [("step", .number(best.step))] + best.metrics.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })
      try card.write(to: writer.temporary)
    }
    try writer.commit()
    let figure = description.ranking.metric
    if !trainer.figures.isEmpty, best.metrics[figure]?.isFinite != true {
      try onEvent(.warning("no checkpoint has a finite \(figure) to choose by: the last one is taken"))
    }
    return best
  }
}
