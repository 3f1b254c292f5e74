import ArgumentParser
import Foundation
import Funding
import Generation
import JSON
import Llama
import ModelFiles
import PatronKit
import Runs
import Tokenizer
import Torch
import Training
import TrainingData

/// `patron train sft`: supervised fine-tuning.
struct TrainSFTCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sft",
    abstract: "Fine-tunes an adapter on rows with answers.",
    discussion: """
      The defaults are those of the published recipe. A --config file can set every other flag, one a line.

      The run's folder gets config.json (these settings), data.json (which rows were used, and why others were not), \
      metrics.jsonl and TensorBoard events, checkpoints/ and, at the end, adapter/: a PEFT folder that patron, peft \
      and vLLM load. Ctrl-C saves the run and ends it. With --resume and the same settings, a run goes on after Ctrl-C \
      or a crash. On a CPU it ends with the same bytes as a run without a break.

      Started by torchrun or srun, the processes share the work of each step (Guides/SeveralDevices.md):
      torchrun --no-python --nproc-per-node 8 patron train sft --device cuda …

      `patron train report` makes a page of a run. `patron data inspect` shows the rows as the model sees them.
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions

  @OptionGroup(title: "Rows") var rowOptions: TrainingRowOptions
  @OptionGroup(title: "Making examples of rows") var dataOptions: DataOptions

  @OptionGroup(title: "Recipe") var recipeOptions: SFTOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The run's folder; --dry-run needs none.", valueName: "folder"),
    completion: .directory)
  var output: String?

  @Flag(name: .long, help: "Go on from the last checkpoint in the run's folder; without one, begin.")
  var resume = false

  @Option(
    name: .long, help: ArgumentHelp("How many of the last checkpoints to keep, besides the best one.", valueName: "n"))
  var keep = CheckpointStore.defaultKeptCount

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      The figure that picks the checkpoint for the adapter: dev/loss or, with --dev-written, dev/funder_f0.5 or \
      dev/award_id_f0.5 (parse), dev/statement_f1 (extract), dev/exact_answers (chats) or dev/whole_answers. Without \
      dev rows, the last checkpoint is it.
      """, valueName: "figure"))
  var bestBy = MetricName.devLoss

  @Flag(name: .long, help: "Show the plan and stop: rows, steps, memory, and the time by a short measurement.")
  var dryRun = false

  @Option(
    name: .long, help: ArgumentHelp("Take settings from this file, YAML or JSON.", valueName: "file"),
    completion: .file())
  var config: String?

  @OptionGroup(title: "Several processes") var processOptions: ProcessOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func validate() throws {
    guard dryRun || output != nil else {
      throw ValidationError("name the run's folder with --output, or use --dry-run")
    }
    let figures = [MetricName.devLoss] + DevGeneration.figures
    guard figures.contains(bestBy) else {
      throw ValidationError("found --best-by \(bestBy), expected one of \(figures.joined(separator: ", "))")
    }
    guard bestBy == MetricName.devLoss || rowOptions.devWritten > 0 else {
      throw ValidationError("--best-by \(bestBy) needs answers to dev rows: give --dev-written")
    }
    guard modelOptions.weights.format == .auto || modelOptions.weights.format == .plain else {
      throw ValidationError(
        "found --weights \(modelOptions.weights.rawValue), expected bfloat16 or float32: small weights are for "
          + "reading, not for training")
    }
    guard keep >= 1 else { throw ValidationError("found --keep \(keep), expected 1 or more") }
  }

  func run() async throws {
    let launch = try LaunchEnvironment.read(ProcessInfo.processInfo.environment)
    guard let launch, launch.rank > 0 else { return try TrainingFlags.named { try train(launch) } }
    // Rank 0 speaks for all; the others say only what went wrong with them.
    if dryRun { return }
    do {
      try TrainingFlags.named { try train(launch) }
    } catch {
      let code = ExitStatus.code(for: error)
      // All processes see a loss that left its bounds; one tells of it.
      if code == ExitStatus.failed, !(error is ExitCode), (error as? TrainingError)?.code != .diverged {
        Console.standard.error(ProcessOptions.prefix(launch.rank) + ModelAdvice.text(of: error))
      }
      throw code
    }
  }

  private func train(_ launch: LaunchEnvironment?) throws {
    let console = (launch?.rank ?? 0) == 0 ? consoleOptions.console : Console(level: .quiet)
    Interruption.watch()
    defer { console.clearStatus() }
    // The large blocks of one micro-batch serve the next: a tenth of the time on a CPU.
    Runtime.keepAllFreedMemory()
    try Runtime.checkVersion()
    if let threads = modelOptions.threads { try Runtime.setThreadCount(threads) }
    let device = try launch.map { try ProcessWorkers.device(modelOptions.device, $0) } ?? modelOptions.device
    // First of all: whatever goes wrong with one process is then told to the others.
    guard let workers = try dryRun ? nil : processOptions.join(launch, on: device) else {
      return try train(SoloWorker(), on: device, console)
    }
    if workers.isFirst {
      console.notice("\(workers.count) processes, started by \(launch?.launcher.rawValue ?? "")")
    }
    do {
      try train(workers, on: device, console)
      try workers.leave()
    } catch {
      workers.fail(error)
      throw error
    }
  }

  private func train(_ workers: any WorkerGroup, on device: Device, _ console: Console) throws {
    let settings = recipeOptions.settings()
    let location = try ModelLocation(ModelCatalog.url(of: modelOptions.model))
    let identity = try location.identity()
    // A run that cannot be is refused before hours of reading.
    let cards = try adapterCards(identity)
    // An adapter that the new one starts from has seen its own template.
    let chat = try modelOptions.selection(further: recipeOptions.initAdapter.map { [$0] } ?? []).chat()
    let folder = dryRun || !workers.isFirst ? nil : try RunFolder(URL(fileURLWithPath: output ?? ""), resuming: resume)
    let rows = try rowOptions.rows(of: location, chat, dataOptions, console)
    if let warning = rows.warning { console.warning(warning) }
    try cards.checkPrompts(of: Set(rows.stages))
    try rows.check(figure: bestBy, devWritten: rowOptions.devWritten)
    let trainer = try makeTrainer(location, identity, settings, rows, workers, on: device, console)
    if dryRun { return print(try plan(trainer, console)) }
    guard let folder else { return try follow(trainer, chat) }
    console.notice("\(rows.summary); \(trainer.totalSteps) steps of \(settings.rowsPerStep) rows")
    trainer.devGeneration = try generation(trainer, chat)

    var description = TrainingRun.Description(
      version: Version.full, settings: .object(SettingsFile.values(of: self)), data: rows.json)
    description.card = try AdapterCard(
      trainedOn: rows, model: modelOptions, identity, data: dataOptions, recipe: recipeOptions)
    description.ranking = CheckpointRanking(figure: bestBy)
    description.keptCheckpoints = keep
    description.adapterDType = recipeOptions.adapterDtype
    let run = try TrainingRun(trainer, in: folder, description)
    let messages = TrainingMessages(totalSteps: trainer.totalSteps, console: console)
    do {
      guard let best = try run.run(resuming: resume, messages.tell) else { return }
      let figures = bestBy == MetricName.devLoss ? [bestBy] : [bestBy, MetricName.devLoss]
      messages.tellResult(best, figures, folder: folder)
    } catch let error as CancellationError {
      messages.tellInterruption(after: trainer.progress.step)
      throw error
    }
  }

  /// Takes part in the run that rank 0 has.
  private func follow(_ trainer: SFTTrainer, _ chat: ModelChat) throws {
    trainer.devGeneration = try generation(trainer, chat)
    try TrainingFollower(trainer).run { event in
      switch event {
      case .stepping, .measuring: try Interruption.check()
      default: break
      }
    }
  }

  private typealias Identity = (kind: AdapterCard.BaseModel.IdentityKind, value: String)

  /// The cards of the adapters that are trained on top of.
  /// - Throws: `FileError` where one of them, or the one that the new one starts from, belongs to another base model.
  private func adapterCards(_ identity: Identity) throws -> AdapterCards {
    let selection = try modelOptions.selection()
    let (adapters, cards) = (try selection.adapters(), selection.cards)
    let start = try AdapterCards(
      recipeOptions.initAdapter.map { [$0] } ?? [], isForced: modelOptions.forceAdapter)
    for found in [cards, start] {
      try found.check(base: modelOptions.model, identity.kind, identity.value, adapters: adapters)
    }
    return cards
  }

  private func makeTrainer(
    _ location: ModelLocation, _ identity: Identity, _ settings: SFTSettings, _ rows: TrainingRows,
    _ workers: any WorkerGroup, on device: Device, _ console: Console
  ) throws -> SFTTrainer {
    let (configuration, checkpoint) = try location.open()
    let adapters = try modelOptions.adapters()
    let warnings = try checkpoint.warnings + adapters.flatMap { try $0.warnings(on: configuration) }
    for warning in warnings { console.warning(warning) }
    // Without bfloat16 products float32 is the faster type, and nothing is gained but memory by the other.
    let isSlow = device == .cpu && !Runtime.cpuHasFastBFloat16
    let base = try LlamaModel.load(
      checkpoint, configuration: configuration,
      options: LoadOptions(
        adapters: adapters, merge: modelOptions.merge,
        dtype: modelOptions.namedDType ?? (isSlow ? .float32 : .bfloat16), device: device, weights: .plain),
      onProgress: { share in console.status("loading \(modelOptions.model): \(Int(share * 100)) %") })
    let dtype = recipeOptions.computeDtype ?? base.dtype
    let adapter = try LoRAAdapter(
      settings: settings.lora, model: base,
      computeDType: TrainableLlama.adapterComputeDType(for: dtype, on: base.device), seed: settings.seed)
    if let start = recipeOptions.initAdapter { try adapter.load(AdapterFolder(URL(fileURLWithPath: start))) }
    let model = try TrainableLlama(
      base: base, adapter: adapter, computeDType: dtype, checkpointing: recipeOptions.checkpointing)
    let identities = try [identity.value] + adapters.map { try $0.hash() }
    return try SFTTrainer(
      model: model, baseModelName: modelOptions.model, modelIdentity: identities.joined(separator: "+"),
      settings: settings, rows: rows.rows,
      devRows: rows.devRows, workers: workers)
  }

  /// What writes answers to dev rows at each measurement; nil where none are asked for.
  private func generation(
    _ trainer: SFTTrainer, _ chat: ModelChat
  ) throws -> DevGeneration? {
    guard rowOptions.devWritten > 0, !trainer.devRows.isEmpty else { return nil }
    let chat = try chat.open()
    var constraint = ConstraintOptions()
    constraint.mode = rowOptions.constrain
    return try DevGeneration(
      model: trainer.model.generatingModel(), tokenizer: chat.tokenizer, template: chat.template,
      rows: DevGeneration.sample(of: trainer.devRows, count: rowOptions.devWritten), stopTokens: chat.endTokenIDs,
      constraint: constraint,
      maximumNewTokens: rowOptions.devTokens)
  }

  private func plan(_ trainer: SFTTrainer, _ console: Console) throws -> String {
    let speed = try trainer.measure { done, total in
      try Interruption.check()
      console.status("measuring: micro-batch \(done)/\(total)")
    }
    console.clearStatus()
    return TrainingPlan(trainer: trainer, speed: speed).text
  }
}
