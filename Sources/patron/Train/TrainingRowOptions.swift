import ArgumentParser
import Foundation
import Funding
import ModelFiles
import PatronKit
import Runs
import Tokenizer
import Training
import TrainingData

/// Which rows a model is trained on.
struct TrainingRowOptions: ParsableArguments {
  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      Files of rows to learn, in JSON: articles with statements, statements with funders, or chats (messages). file@2 \
      counts a file twice.
      """, valueName: "file"),
    completion: .file())
  var train: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Files of rows to measure on, in the same forms. Each row counts once, and gets no noise.", valueName: "file"),
    completion: .file())
  var dev: [String] = []

  @Option(name: .long, help: ArgumentHelp("Most examples of --dev to measure on; chance picks them.", valueName: "n"))
  var devLimit = TrainingRows.defaultDevLimit

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      How many dev examples the model answers at each measurement, as many of each task. The answers go to \
      samples.jsonl, and their scores are further figures.
      """, valueName: "n"))
  var devWritten = 0

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      What holds these answers to their form: none, json (they have the task's shape) or verbatim (and they copy what \
      is to be copied), as in `patron extract`. Rows of token ids have no text to copy from.
      """, valueName: "mode"))
  var constrain = ConstraintOptions().mode

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Most tokens of such an answer (default: \(ExtractionOptions().maximumFunderTokens) for parse, else \
      \(ExtractionOptions().maximumStatementTokens), as in `patron extract`).
      """, valueName: "n"))
  var devTokens: Int?

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      Files of rows as token ids: JSON Lines with input_ids and labels (-100 where nothing is learnt), as `patron data \
      tokenize` writes them.
      """, valueName: "file"),
    completion: .file())
  var tokenized: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption, help: ArgumentHelp("The same for rows to measure on.", valueName: "file"),
    completion: .file())
  var devTokenized: [String] = []

  func validate() throws {
    guard !train.isEmpty || !tokenized.isEmpty else { throw ValidationError("name rows with --train or --tokenized") }
    guard devWritten == 0 || !dev.isEmpty || !devTokenized.isEmpty else {
      throw ValidationError("--dev-written \(devWritten) needs rows to answer: name them with --dev or --dev-tokenized")
    }
    for (name, value, least) in [
      ("--dev-limit", devLimit, 1), ("--dev-written", devWritten, 0), ("--dev-tokens", devTokens ?? 1, 1),
    ] {
      guard (least...1 << 30).contains(value) else {
        throw ValidationError("found \(name) \(value), expected a number from \(least) to \(1 << 30)")
      }
    }
  }

  /// Reads the files and makes the examples.
  func rows(
    of model: ModelLocation, _ chat: ModelChat, _ options: DataOptions, _ console: Console
  ) throws -> TrainingRows {
    var rows = TrainingRows()
    for path in tokenized { rows.add(try TokenFile(path: path)) }
    for path in devTokenized { rows.addDev(try TokenFile(path: path)) }
    guard !(train + dev).isEmpty else { return rows }
    let opened = try chat.open()
    for warning in opened.warnings { console.warning(warning) }
    let (tokenizer, template) = (opened.tokenizer, opened.template)
    let contextLength = try model.open().configuration.contextLength
    if !train.isEmpty {
      try rows.add(
        recipe(options, contextLength: contextLength), tokenizer: tokenizer, template: template,
        onProgress: console.showProgress)
    }
    if !dev.isEmpty {
      try rows.addDev(
        devRecipe(options, contextLength: contextLength), limit: devLimit, keepsSources: devWritten > 0,
        tokenizer: tokenizer, template: template, onProgress: console.showProgress)
    }
    console.clearStatus()
    for report in [rows.report, rows.devReport] { report.map(console.warn) }
    return rows
  }

  /// How the rows of `--train` become examples, none of them longer than the model's context.
  func recipe(_ options: DataOptions, contextLength: Int) throws -> DataRecipe {
    try options.recipe(files: train).limited(toContext: contextLength)
  }

  /// The same for `--dev`.
  func devRecipe(_ options: DataOptions, contextLength: Int) throws -> DataRecipe {
    try options.recipe(files: dev).limited(toContext: contextLength).forMeasuring
  }
}

extension TrainingRows {
  /// Of dev rows that are also trained on; nil where there are none.
  var warning: String? {
    let shared = devRowsInTraining
    guard let first = shared.first else { return nil }
    return
      "found \(shared.count) of \(devRows.count) dev rows, such as \(first.id), also among the rows to train on; figures of "
      + "them are too good: take them out of --dev or of --train"
  }

  /// - Parameters:
  ///   - figure: what the best checkpoint is chosen by.
  ///   - count: dev rows that the model answers.
  /// - Throws: `InputError` where there is nothing to answer, and where these rows never give the figure.
  func check(figure: String, devWritten count: Int) throws {
    guard count == 0 || !devRows.isEmpty else {
      throw InputError("found no dev rows, expected some to answer for --dev-written \(count)")
    }
    // Without dev rows the loss asks for nothing: the last checkpoint it is, as the help says.
    guard figure != MetricName.devLoss else { return }
    let figures = DevGeneration.figures(of: DevGeneration.sample(of: devRows, count: count))
    guard figures.contains(figure) else {
      throw InputError(
        "found --best-by \(figure), expected a figure of the dev rows that are answered "
          + "(\(([MetricName.devLoss] + figures).joined(separator: ", "))); add rows of its task to --dev")
    }
  }
}
