import Generation
import ArgumentParser
import Foundation
import JSON
import ModelFiles
import PatronKit
import Tokenizer
import TrainingData

/// `patron data`: what models are trained on.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Shows, checks and makes training data.",
    discussion: """
      Files hold rows of JSON: JSON Lines, an array, an object over several lines, or objects one behind another. The \
      members of a row say what it is for: article and statements (stage 1), statement or funding_statement and \
      funders (stage 2), or messages (a chat). FILE@2 counts the rows of a file twice, FILE@0.5 half of them.
      """,
    subcommands: [
      DataStatsCommand.self, DataInspectCommand.self, DataSplitCommand.self, DataTokenizeCommand.self,
      DataSynthesizeCommand.self,
    ])
}

/// The model whose tokenizer and chat template are used; its weights are not loaded.
struct TokenizerOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: "Whose tokenizer: a name that `patron models list` shows, a Hugging Face folder, or a .gguf file.",
    completion: .file())
  var model: String = ModelCatalog.defaultName

  @OptionGroup var chatOptions: ChatOptions

  /// - Parameter console: is told what a person should know of the files.
  func open(_ console: Console) throws -> (Tokenizer, ChatTemplate) {
    let chat = try ModelChat(ModelLocation(ModelCatalog.url(of: model)), choice: chatOptions.choice).open()
    for warning in chat.warnings { console.warning(warning) }
    return (chat.tokenizer, chat.template)
  }
}

extension Console {
  /// How far the making of examples is.
  /// - Throws: `CancellationError` once a clean end was asked for.
  func showProgress(_ file: DataFile, _ done: Int, _ total: Int) throws {
    try Interruption.check()
    status("\(file.path): row \(done + 1) of \(total)")
  }

  /// What could not be read of the rows.
  func warn(of report: DataReport) {
    let most = 5
    for problem in report.problems.prefix(most) { warning("left out \(problem)") }
    if report.problems.count > most {
      warning("left out \(report.problems.count - most) more rows that cannot be read")
    }
  }
}

extension DataRecipe {
  /// Makes the examples and tells on the console how far it is.
  func examples(
    _ tokenizer: Tokenizer, _ template: ChatTemplate, shuffled: Bool, console: Console
  ) throws -> (examples: [TrainingExample], report: DataReport) {
    let result = try examples(
      tokenizer: tokenizer, template: template, shuffled: shuffled, onProgress: console.showProgress)
    console.clearStatus()
    console.warn(of: result.report)
    return result
  }
}

/// `patron data stats`
struct DataStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Counts rows, examples and tokens, and what was left out and why.",
    discussion: """
      Given several files, it also lists the rows that two files share, whatever their licence. Figures come out too \
      good if the model has learnt the rows that it is measured on.
      """)

  @Argument(help: "Data files; file@2 counts a file's rows twice.", completion: .file())
  var files: [String]

  @OptionGroup var tokenizerOptions: TokenizerOptions
  @OptionGroup(title: "Data") var dataOptions: DataOptions
  @OptionGroup(title: "Messages") var consoleOptions: ConsoleOptions

  @Flag(name: .long, help: "Write JSON.")
  var json = false

  func run() throws {
    Interruption.watch()
    let (tokenizer, template) = try tokenizerOptions.open(consoleOptions.console)
    let recipe = try dataOptions.recipe(files: files)
    let (examples, report) = try recipe.examples(
      tokenizer, template, shuffled: false, console: consoleOptions.console)
    let paths = recipe.files.map(\.path)
    let overlaps = paths.count > 1 ? try DataOverlap.all(paths: paths, skipsBadRows: recipe.skipsBadRows) : nil
    if json {
      try OutputFile().write(report.json(of: examples, overlaps: overlaps ?? []).text(.pretty) + "\n")
    } else {
      let text = report.text(of: examples) + (overlaps.map(DataOverlap.text) ?? "")
      try OutputFile().write(Console.printable(text))
    }
  }
}

/// `patron data inspect`
struct DataInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows examples as the model sees them, and marks what it learns.",
    discussion: """
      Special tokens appear by their names. On a terminal, colour marks what is learnt; elsewhere it stands between ⟦ \
      and ⟧.
      """)

  @Argument(help: "Data files; file@2 counts a file's rows twice.", completion: .file())
  var files: [String]

  @Option(
    name: .long,
    help: ArgumentHelp("Show only examples whose id begins with this, such as a row's id.", valueName: "id"))
  var row: String?

  @Option(name: .long, help: ArgumentHelp("Most examples to show.", valueName: "n"))
  var count = 3

  @Option(name: .long, help: ArgumentHelp("Examples to skip first.", valueName: "n"))
  var skip = 0

  @Flag(name: .long, help: "Show the tokens one by one: id, mark, text.")
  var tokens = false

  @OptionGroup var tokenizerOptions: TokenizerOptions
  @OptionGroup(title: "Data") var dataOptions: DataOptions
  @OptionGroup(title: "Messages") var consoleOptions: ConsoleOptions

  func validate() throws {
    guard count >= 1, skip >= 0 else { throw ValidationError("--count is at least 1 and --skip at least 0") }
  }

  func run() throws {
    Interruption.watch()
    let (tokenizer, template) = try tokenizerOptions.open(consoleOptions.console)
    let recipe = try dataOptions.recipe(files: files)
    let (all, _) = try recipe.examples(tokenizer, template, shuffled: false, console: consoleOptions.console)
    let chosen = all.filter { example in row.map { example.id.hasPrefix($0) } ?? true }.dropFirst(skip)
    guard !chosen.isEmpty else {
      throw InputError(
        "no example of \(all.count) is left to show; ids look like \(all.prefix(3).map(\.id).joined(separator: ", "))")
    }
    let output = OutputFile()
    for example in chosen.prefix(count) {
      let view = ExampleView(example, tokenizer, usesColour: Terminal.output.usesColour)
      try output.write(tokens ? view.tokenList : view.text)
    }
  }
}

/// `patron data tokenize`
struct DataTokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Writes examples as token ids for other trainers.",
    discussion: """
      Each line is a JSON object with id, task, input_ids and labels. A label is -100 where nothing is learnt. The \
      examples stand in the order of training.
      """)

  @Argument(help: "Data files; file@2 counts a file's rows twice.", completion: .file())
  var files: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("File to write to (default: standard output).", valueName: "file"), completion: .file())
  var output: String?

  @OptionGroup var tokenizerOptions: TokenizerOptions
  @OptionGroup(title: "Data") var dataOptions: DataOptions
  @OptionGroup(title: "Messages") var consoleOptions: ConsoleOptions

  func run() throws {
    Interruption.watch()
    let (tokenizer, template) = try tokenizerOptions.open(consoleOptions.console)
    let recipe = try dataOptions.recipe(files: files)
    let file = try output.map { try OutputFile(path: $0, inPlace: false) } ?? OutputFile()
    let (examples, _) = try recipe.examples(tokenizer, template, shuffled: true, console: consoleOptions.console)
    for example in examples {
      try Interruption.check()
      try file.write(TokenFile.line(example).text() + "\n")
    }
    try file.commit()
  }
}
