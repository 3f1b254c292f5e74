import ArgumentParser
import Foundation
import Funding
import JSON
import Llama
import ModelFiles
import Tokenizer
import Training
import TrainingData

/// Which rows a model is trained on.
struct TrainingRowOptions: ParsableArguments {
  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      Rows to learn, JSON lines: articles with statements, statements with funders, or chats (messages); file@2 counts a \
      file twice.
      """, valueName: "file"),
    completion: .file())
  var train: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Rows of the same forms that the loss is measured on, each once, without training noise.", valueName: "file"),
    completion: .file())
  var dev: [String] = []

  @Option(name: .long, help: ArgumentHelp("Most examples of --dev, taken by chance.", valueName: "n"))
  var devLimit = 200

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Dev examples that the model writes an answer to at each measurement, as many of each task; the answers go to \
      samples.jsonl, their scores to the figures.
      """, valueName: "n"))
  var devWritten = 0

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      What those answers are held to: none, json (the task's shape) or verbatim (and what is to be copied is copied), as \
      `patron extract` does; rows of token ids have no text to copy from.
      """, valueName: "mode"))
  var constrain = ConstraintOptions().mode

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Most tokens of such an answer (default: 1024 for parse, else 512, as `patron extract`).", valueName: "n"))
  var devTokens: Int?

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      Rows as token ids instead: JSON lines with input_ids and labels (-100: not to be learnt), as `patron data tokenize` \
      writes them.
      """, valueName: "file"),
    completion: .file())
  var tokenized: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption, help: ArgumentHelp("The same for the dev loss.", valueName: "file"),
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
  /// - Parameter template: in place of the model's own.
  func rows(
    of model: ModelLocation, template: ChatTemplate?, _ options: DataOptions, _ console: Console
  ) throws -> TrainingRows {
    var rows = TrainingRows(tokenized: try tokenized.map(TokenFile.init), dev: try devTokenized.map(TokenFile.init))
    guard !(train + dev).isEmpty else { return rows }
    let (tokenizer, template) = try model.tokenizer(template: template)
    let contextLength = try model.open().configuration.contextLength
    func examples(
      _ recipe: DataRecipe, keepsSources: Bool = false
    ) throws -> (examples: [TrainingExample], report: DataReport) {
      try recipe.examples(tokenizer: tokenizer, template: template, keepsSources: keepsSources) { file, done, total in
        try Interruption.check()
        console.status("\(file.path): row \(done)/\(total)")
      }
    }
    if !train.isEmpty {
      let (made, report) = try examples(recipe(options, contextLength: contextLength))
      rows.rows += made
      rows.report = report
      rows.template = template
    }
    if !dev.isEmpty {
      let recipe = try devRecipe(options, contextLength: contextLength)
      let (made, report) = try examples(recipe, keepsSources: devWritten > 0)
      rows.devRows += made.prefix(devLimit)
      rows.devReport = report
    }
    console.clearStatus()
    for report in [rows.report, rows.devReport] {
      for problem in (report?.problems ?? []).prefix(5) { console.warning("left out: \(problem)") }
    }
    return rows
  }

  /// How the rows of `--train` become examples, none of them longer than the model's context.
  func recipe(_ options: DataOptions, contextLength: Int) throws -> DataRecipe {
    var recipe = try options.recipe(files: train)
    recipe.maximumLength = min(recipe.maximumLength, contextLength)
    return recipe
  }

  /// The same for `--dev`. What is measured has to be the same for every recipe: each row once and as it is, in an order of
  /// its own.
  func devRecipe(_ options: DataOptions, contextLength: Int) throws -> DataRecipe {
    var recipe = try options.recipe(files: dev)
    recipe.maximumLength = min(recipe.maximumLength, contextLength)
    for index in recipe.files.indices { recipe.files[index].weight = 1 }
    recipe.taskWeights = [:]
    recipe.joinedShare = 0
    recipe.noise.share = 0
    recipe.seed = 0
    return recipe
  }
}
