import ArgumentParser
import Foundation
import Funding
import JSON
import Llama
import ModelFiles
import Tokenizer
import Training

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
      "Rows of the same forms that the loss is measured on, without training noise.", valueName: "file"),
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
    var rows = TrainingRows(
      rows: try tokenized.flatMap(Self.tokenRows), devRows: try devTokenized.flatMap(Self.tokenRows))
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
      var recipe = try options.recipe(files: dev)
      recipe.noise.share = 0
      rows.devRows += try examples(recipe, keepsSources: devWritten > 0).examples.prefix(devLimit)
    }
    console.clearStatus()
    for problem in (rows.report?.problems ?? []).prefix(5) { console.warning("left out: \(problem)") }
    return rows
  }

  /// How the rows of `--train` become examples, none of them longer than the model's context.
  func recipe(_ options: DataOptions, contextLength: Int) throws -> DataRecipe {
    var recipe = try options.recipe(files: train)
    recipe.maximumLength = min(recipe.maximumLength, contextLength)
    return recipe
  }

  /// Rows of token ids, as trainers of transformers take them. Those of `patron data tokenize` say what task they are of.
  static func tokenRows(_ path: String) throws -> [TrainingExample] {
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw TrainingError(.data, "\(path): \(error.localizedDescription)")
    }
    return try bytes.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
      func wrong(_ what: String) -> TrainingError { TrainingError(.data, "\(path):\(index + 1): \(what)") }
      let json: JSON
      do throws(JSONError) { json = try JSON.parse(Array(line)) } catch {
        throw wrong("offset \(error.offset): \(error.message)")
      }
      guard let ids = json["input_ids"]?.array?.map(\.int), let labels = json["labels"]?.array?.map(\.int),
        !ids.isEmpty, ids.count == labels.count, !ids.contains(nil), !labels.contains(nil)
      else { throw wrong("expected \"input_ids\" and as many \"labels\", lists of whole numbers") }
      for (id, label) in zip(ids, labels) where label != -100 && label != id {
        throw wrong("found the label \(label!) at a token \(id!), expected -100 or the token itself")
      }
      return TrainingExample(
        id: json["id"]?.string ?? "\(index + 1)",
        task: json["task"]?.string.flatMap { TrainingExample.Task(rawValue: $0) } ?? .chat, tokens: ids.map { $0! },
        isSupervised: labels.map { $0 != -100 })
    }
  }
}

/// What the options gave.
struct TrainingRows {
  var rows: [TrainingExample]
  var devRows: [TrainingExample]
  /// What became of the rows of `--train`.
  var report: DataReport?
  /// The chat template that they were written with.
  var template: ChatTemplate?

  /// The stages that rows of `--train` are of.
  var stages: [AdapterCard.Stage] {
    [(AdapterCard.Stage.statements, TrainingExample.Task.extract), (.parse, .parse)]
      .filter { (report?.tasks[$0.1]?.examples ?? 0) > 0 }.map(\.0)
  }

  /// - Parameters:
  ///   - figure: what the best checkpoint is chosen by.
  ///   - count: dev rows that the model answers.
  /// - Throws: `InputError` where these rows never give the figure: the last checkpoint would be taken for the best one.
  func check(figure: String, devWritten count: Int) throws {
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
