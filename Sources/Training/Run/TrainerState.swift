import Files
import Foundation
import JSON
import ModelFiles
import Torch

/// The files of a saved state of a trainer: the adapter as a PEFT folder has it, `optimizer.safetensors` with AdamW's
/// moments, and `trainer.json` with the counters and what the run is.
///
/// Random choices and the place in the data are functions of the seed and the step, and so need no state.
struct TrainerState {
  private static let stateName = "trainer.json"
  private static let optimizerName = "optimizer.safetensors"

  /// The trainer's ``Trainer/kind``.
  let kind: String
  let adapter: LoRAAdapter
  let optimizer: AdamW
  /// What must be the same for two processes to be one run: settings, model and rows by name.
  let identity: [(name: String, value: JSON)]

  private var moments: [(name: String, tensor: Tensor)] {
    [("exp_avg", optimizer.firstMoment), ("exp_avg_sq", optimizer.secondMoment)]
  }

  /// - Parameter baseModel: what the adapter's configuration calls the base model.
  func write(_ progress: TrainingProgress, into folder: URL, baseModel: String?) throws {
    try adapter.write(into: folder, baseModel: baseModel)
    let writer = try SafetensorsWriter(
      folder.appendingPathComponent(Self.optimizerName),
      tensors: moments.map { TensorDescription(name: $0.name, dtype: .float32, shape: [adapter.count]) })
    for moment in moments {
      try moment.tensor.to(device: .cpu).withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
    let state = JSON.object([
      ("format", .number(1)), ("kind", .string(kind)), ("progress", progress.json),
      ("optimizer_steps", .number(optimizer.stepCount)), ("run", .object(identity.map { ($0.name, $0.value) })),
    ])
    try Data(Array((state.text(pretty: true) + "\n").utf8)).write(to: folder.appendingPathComponent(Self.stateName))
  }

  /// Takes over the adapter and the optimizer of a folder that ``write(_:into:baseModel:)`` wrote.
  ///
  /// - Returns: the counters.
  /// - Throws: `TrainingError.state` when the run that wrote it had other settings or rows: the result would be neither
  ///   run's.
  func restore(from folder: URL, totalSteps: Int) throws -> TrainingProgress {
    let url = folder.appendingPathComponent(Self.stateName)
    func wrong(_ what: String) -> TrainingError { TrainingError(.state, "\(url.path): \(what)") }
    let json: JSON
    do {
      json = try JSON.parse([UInt8](Data(contentsOf: url)))
    } catch {
      throw wrong("cannot be read: \(ErrorMessage.text(of: error))")
    }
    guard json["format"]?.int == 1, json["kind"]?.string == kind else {
      throw wrong("found a state of another kind or version, expected the kind \(kind) in format 1")
    }
    guard let progress = json["progress"].flatMap(TrainingProgress.init),
      let steps = json["optimizer_steps"]?.int, steps == progress.step - progress.skippedSteps
    else { throw wrong("the counters are missing or contradict one another") }
    if let difference = firstDifference(json["run"]) {
      throw wrong(
        "\(difference); a run goes on only with what it was started with (the number of epochs and steps included); "
          + "begin another run, from this adapter if you like")
    }
    guard progress.step <= totalSteps else {
      throw wrong("found step \(progress.step) of a run of \(totalSteps)")
    }
    try adapter.load(AdapterFolder(folder))
    let stored = try SafetensorsFile(folder.appendingPathComponent(Self.optimizerName))
    for moment in moments {
      guard let values = stored.tensors[moment.name], values.shape == [adapter.count],
        values.encoding == .plain(.float32)
      else { throw wrong("\(Self.optimizerName) does not hold \(moment.name) of \(adapter.count) float32 values") }
      try moment.tensor.copy(
        from: Tensor(bytes: values.bytes, shape: values.shape, dtype: .float32))
    }
    optimizer.restore(stepCount: steps)
    return progress
  }

  /// Makes rank 0's state that of all processes.
  ///
  /// - Returns: rank 0's counters.
  /// - Throws: `TrainingError.group` where this process has other settings or rows than rank 0.
  func share(_ progress: TrainingProgress, over workers: any WorkerGroup) throws -> TrainingProgress {
    try workers.note("sharing the state of step \(progress.step)")
    let own = JSON.object([("progress", progress.json), ("run", .object(identity.map { ($0.name, $0.value) }))])
    let first = try JSON.parse(workers.broadcast(own.utf8()))
    // All learn of it: those that agree would go on to wait.
    let difference = firstDifference(first["run"], "rank 0")
    let differing = try workers.max([difference == nil ? -1 : Double(workers.rank)])[0]
    guard differing < 0 else {
      throw TrainingError(
        .group,
        "\(difference ?? "rank \(Int(differing)) has other settings, model or rows than rank 0"); all processes have to "
          + "be started with the same command line and files")
    }
    guard let progress = first["progress"].flatMap(TrainingProgress.init) else {
      throw TrainingError(.group, "found no counters in what rank 0 sent")
    }
    for tensor in [adapter.values] + moments.map(\.tensor) { try workers.broadcast(tensor) }
    try adapter.valuesChanged()
    optimizer.restore(stepCount: progress.step - progress.skippedSteps)
    return progress
  }

  private func firstDifference(_ stored: JSON?, _ whose: String = "the saved run") -> String? {
    for (name, value) in identity {
      let found = stored?[name]
      // States of the first versions do not say.
      if found == nil, name.hasPrefix("dev_rows") { continue }
      if found?.text() != value.text() {
        if name.hasPrefix("dev_rows") {
          return "found other rows to measure on than \(whose) has (\(name) \(value.text()), saved "
            + "\(found?.text() ?? "none"))"
        }
        return "found \(name) \(value.text()), \(whose) has \(found?.text() ?? "none")"
      }
    }
    return nil
  }
}
