import ArgumentParser
import Foundation
import Funding
import Generation
import Llama
import PatronKit
import Runs
import Synchronization
import Text
import Torch

/// `patron extract`: articles in, records out.
struct ExtractCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Finds funding statements and funders in articles.",
    discussion: """
      Reads text files in UTF-8 (Markdown, plain text). The first stage copies the funding statements out of an \
      article, the second reads the funders and their awards from them. Each result says where it stands in the file.

      From folders, files that end in .md, .markdown, .txt or .text are taken, in subfolders too, sorted by name; hidden \
      ones are left out. An input that cannot be read is named on standard error and in the output (not in csv); the rest goes on, \
      and the exit status is 1.

      With --stage parse the inputs hold funding statements instead: one per line, or rows of JSON (JSON Lines, an \
      array, or objects one behind another). A row has a statement in "statement", "funding_statement" or "text", or the \
      list of an article's statements in "statements", "predicted_statements" or "funding_statements". The statements of \
      a list are read together and give one result. Records of --stage statements are such rows.

      Articles can be rows, too, with the text in "article", "text", "full_text", "markdown" or "content". A row is \
      named by its "id", else by "filename", "arxiv_id" or "doi", else by its file and line.
      """)

  @Argument(help: "Files, folders, or - for standard input.", completion: .file())
  var inputs: [String]

  @OptionGroup(title: "Task") var task: TaskOptions
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var defaultAdapter: DefaultAdapterOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup(title: "Constraint") var constraint: ConstraintArguments
  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "Messages") var consoleOptions: ConsoleOptions

  func validate() throws {
    guard !inputs.isEmpty else { throw ValidationError("name at least one file or folder, or - for standard input") }
    guard inputs.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("- can be read only once") }
    guard modelOptions.adapter.isEmpty || !defaultAdapter.noAdapter else {
      throw ValidationError("--adapter and --no-adapter exclude each other")
    }
  }

  /// Of the files that are taken from folders.
  var extensions: [String] {
    ["md", "markdown", "txt", "text"] + (task.stages == [.funders] ? ["json", "jsonl", "ndjson"] : [])
  }

  var extractionOptions: ExtractionOptions {
    var options = ExtractionOptions()
    options.stages = task.stages
    reading.apply(to: &options)
    constraint.apply(to: &options)
    options.sampling = sampling.sampling
    return options
  }

  mutating func run() async throws {
    let console = consoleOptions.console
    let collection = InputCollection(inputs, extensions: extensions)
    if let message = collection.skippedMessage(extensions: extensions) { console.warning(message) }
    for output in [task.output, task.trace].compactMap({ $0 }) {
      try OutputFile.check(output, isNoneOf: collection.sources.compactMap(\.path))
    }
    _ = try ModelCatalog.url(of: modelOptions.model)  // a wrong name shows before anything is read
    let selection = try useAdapters(console)

    var run = try ExtractionRun(
      command: self, model: selection, console: console, sources: collection.sources, writer: makeWriter())
    try await run.run()
  }

  /// Settles which adapters are used, and what follows from their cards.
  mutating func useAdapters(_ console: Console) throws -> ModelSelection {
    let selection = try modelOptions.selection(usesDefaultAdapters: !defaultAdapter.noAdapter)
    // Also with --quiet: the bare model reads something else.
    if let missing = selection.missingAdapter { console.error(missing.advice) }
    let cards = selection.cards
    try cards.checkPrompts(of: task.stages)
    for warning in cards.warnings(for: task.stages) { console.warning(warning) }
    try reading.complete(from: cards.chunking)
    return selection
  }

  private func makeWriter() throws -> RecordWriter {
    if let output = task.output {
      return RecordWriter(
        task.format.recordFormat, to: try OutputFile(path: output, inPlace: task.format == .jsonl))
    }
    guard task.format == .text else { return RecordWriter(task.format.recordFormat, to: OutputFile()) }
    let terminal = Terminal.output
    return RecordWriter(
      TextFormat(
        width: terminal.columns ?? 100, usesColour: terminal.usesColour,
        namesFailures: !(terminal.isTerminal && Terminal.error.isTerminal)),
      to: OutputFile())
  }
}

/// Whether the adapter that a known model comes with is used.
struct DefaultAdapterOptions: ParsableArguments {
  @Flag(
    name: .long,
    help: "Use the model as it is; otherwise the default model comes with its adapter, if that is installed.")
  var noAdapter = false
}

/// What is done, and where the result goes.
struct TaskOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "What to do: statements, parse (input: statements) or both.")
  var stage = StageSelection([.statements, .funders])

  @Option(
    name: .shortAndLong,
    help: "text (for people), json (an array of records), jsonl (a record a line) or csv (a row per award).")
  var format: OutputFormat = .text

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "File to write to (default: standard output). It appears when all is done; jsonl is written record by record.",
      valueName: "file"),
    completion: .file())
  var output: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Also write what the model is given and what it writes to this file, as token ids and text, a line of JSON for each \
      completion.
      """, valueName: "file"),
    completion: .file())
  var trace: String?

  var stages: Set<Stage> { stage.value }
}

/// Stages of the system, as `--stage` names them.
struct StageSelection: NamedArgument {
  static var choices: KeyValuePairs<String, Set<Stage>> {
    ["statements": [.statements], "parse": [.funders], "both": [.statements, .funders]]
  }

  let value: Set<Stage>

  init(_ value: Set<Stage>) { self.value = value }
}

extension SpecialTokenPolicy: ExpressibleByArgument {}
