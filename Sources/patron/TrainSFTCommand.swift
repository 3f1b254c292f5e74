import ArgumentParser
import Foundation
import JSON
import Llama
import ModelFiles
import Torch
import Training

/// `patron train sft`: supervised fine-tuning.
struct TrainSFTCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sft",
    abstract: "Fine-tunes an adapter on rows with answers.")

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var trainingOptions: SFTOptions

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("Rows as token ids: JSON lines with input_ids and labels (-100: not asked for).", valueName: "file"),
    completion: .file())
  var tokenized: [String]

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("The same for the dev loss.", valueName: "file"), completion: .file())
  var devTokenized: [String] = []

  @Option(name: .shortAndLong, help: ArgumentHelp("The run's folder.", valueName: "folder"), completion: .directory)
  var output: String

  @Flag(name: .long, help: "Go on from the last checkpoint in the run's folder, if there is one.")
  var resume = false

  @OptionGroup var consoleOptions: ConsoleOptions

  func run() async throws {
    let console = consoleOptions.console
    Interruption.watch()
    defer { console.clearStatus() }
    let base = try loadBase(console)
    let settings = trainingOptions.settings
    let rows = try tokenized.flatMap(TokenizedRows.read), devRows = try devTokenized.flatMap(TokenizedRows.read)
    let adapter = try LoRAAdapter(
      settings: settings.lora, model: base,
      computeDType: TrainableLlama.adapterComputeDType(for: base.dtype, on: base.device), seed: settings.seed)
    if let start = trainingOptions.initAdapter { try adapter.load(AdapterFolder(URL(fileURLWithPath: start))) }
    let model = try TrainableLlama(base: base, adapter: adapter, checkpointing: trainingOptions.checkpointing)
    let trainer = try SFTTrainer(model: model, settings: settings, rows: rows, devRows: devRows)
    let run = URL(fileURLWithPath: output)
    if resume, let latest = try Self.checkpoints(in: run).last {
      try trainer.restoreState(from: latest)
      console.note("going on after step \(trainer.progress.step)")
    }
    var hooks = SFTHooks()
    let meter = TrainingMeter(totalSteps: trainer.totalSteps, doneSteps: trainer.progress.step)
    hooks.onMicroBatch = { done, total in
      try Interruption.check()
      console.status(meter.line(share: Double(done) / Double(total)))
    }
    hooks.onStep = { report in
      meter.update(report)
      console.note(meter.summary)
    }
    hooks.onDevRow = { done, total in
      try Interruption.check()
      console.status("dev row \(done)/\(total)")
    }
    hooks.onCheckpoint = { trainer, metrics in
      for (name, value) in metrics { console.note("step \(trainer.progress.step): \(name) \(value)") }
      try Self.save(trainer, in: run, model: modelOptions.model)
    }
    do {
      try trainer.run(hooks)
    } catch is CancellationError {
      try Self.save(trainer, in: run, model: modelOptions.model)
      console.warning("interrupted after step \(trainer.progress.step), which is saved; go on with --resume")
      throw CancellationError()
    }
    let folder = try FolderWriter(run.appendingPathComponent("adapter"), replacingExisting: true)
    try adapter.write(into: folder.url(for: "x").deletingLastPathComponent(), baseModel: modelOptions.model)
    try folder.commit()
  }

  private func loadBase(_ console: Console) throws -> LlamaModel {
    try Runtime.checkVersion()
    if let threads = modelOptions.threads { try Runtime.setThreadCount(threads) }
    let (configuration, checkpoint) = try ModelLocation(ModelCatalog.url(of: modelOptions.model)).open()
    return try LlamaModel.load(
      checkpoint, configuration: configuration,
      options: LoadOptions(
        adapters: modelOptions.adapters(), merge: modelOptions.merge, dtype: modelOptions.dtype,
        device: modelOptions.device),
      onProgress: { share in console.status("loading \(modelOptions.model): \(Int(share * 100)) %") })
  }

  private static func save(_ trainer: SFTTrainer, in run: URL, model: String) throws {
    let name = "step-" + String(format: "%06d", trainer.progress.step)
    let folder = try FolderWriter(
      run.appendingPathComponent("checkpoints").appendingPathComponent(name), replacingExisting: true)
    try trainer.writeState(into: folder.url(for: "x").deletingLastPathComponent(), baseModel: model)
    try folder.commit()
  }

  private static func checkpoints(in run: URL) throws -> [URL] {
    let folder = run.appendingPathComponent("checkpoints")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix("step-") }.sorted().map { folder.appendingPathComponent($0) }
  }
}

/// Rows of token ids, as trainers of transformers take them.
enum TokenizedRows {
  static func read(_ path: String) throws -> [TrainingExample] {
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    return try bytes.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
      func wrong(_ what: String) -> TrainingError { TrainingError(.data, "\(path):\(index + 1): \(what)") }
      let json: JSON
      do { json = try JSON.parse(Array(line)) } catch { throw wrong("\(error)") }
      guard let ids = json["input_ids"]?.array?.compactMap(\.int), let labels = json["labels"]?.array?.compactMap(\.int),
        !ids.isEmpty, ids.count == labels.count
      else { throw wrong("expected input_ids and as many labels, lists of whole numbers") }
      return TrainingExample(
        id: json["id"]?.string ?? "\(index + 1)", task: .chat, tokens: ids, isSupervised: labels.map { $0 >= 0 })
    }
  }
}
