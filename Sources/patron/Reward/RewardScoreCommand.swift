import ArgumentParser
import Funding
import JSON
import PatronKit
import Runs
import Scoring

/// `patron reward score`: the training reward of single pairs.
struct RewardScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Computes the reward of predictions, with every term.",
    discussion: """
      One pair: --gold with --predicted (funders as JSON) or --completion (what a model wrote). The value of each is \
      the text itself, or @FILE for what the file holds (@- for standard input).

      Many: a file with a JSON object per line, or an array of objects, with "gold" and one of "predicted", \
      "prediction", "pred" (funders) or "completion" (a model's output); "id" is shown if it is there.

      As in training, an empty prediction earns 0 where gold is not empty. A row that cannot be scored has no reward, \
      which is not 0: it is named, and the exit status is 1. Guides/Scoring.md explains the terms.
      """)

  @Argument(help: "A file of pairs, or - for standard input.", completion: .file())
  var rows: String?

  @OptionGroup(title: "One pair") var pair: PairOptions
  @OptionGroup(title: "Reward") var reward: RewardRuleOptions
  @OptionGroup(title: "Output") var output: RewardOutputOptions
  @OptionGroup(title: "Messages") var consoleOptions: ConsoleOptions

  func validate() throws {
    let hasPair = pair.gold != nil || pair.predicted != nil || pair.completion != nil
    if rows != nil {
      guard !hasPair else { throw ValidationError("found a file and a pair in options, expected one of them") }
    } else {
      guard pair.gold != nil, (pair.predicted == nil) != (pair.completion == nil) else {
        throw ValidationError("name a file of pairs, or give --gold with either --predicted or --completion")
      }
    }
  }

  func run() throws {
    let options = reward.options
    let inputs =
      [rows]
      + [pair.gold, pair.predicted, pair.completion].map { value in
        value.flatMap { $0.hasPrefix("@") ? String($0.dropFirst()) : nil }
      }
    let file = try output.file(isNoneOf: inputs.compactMap { $0 })
    if let rows {
      try runFile(rows, options, file)
    } else {
      let episode = try readPair().episode(options: options)
      try file.write(output.format == .table ? episode.table() : output.text(episode.json))
      try file.commit()
    }
  }

  private func runFile(_ path: String, _ options: RewardOptions, _ file: OutputFile) throws {
    let bytes = try ScoringInput.bytes(path, mebibytes: output.maxFileSize)
    let rows = try ScoringInput.naming(path) { () throws(ScoringError) in
      try RewardFile.rewards(bytes, options: options)
    }
    guard !rows.isEmpty else { throw ScoringInput.empty(path) }
    switch output.format {
    case .table: try file.write(Console.printable(RewardFile.table(rows)))
    case .json: try file.write(output.text(.array(rows.map(RewardFile.json))))
    case .jsonl: for row in rows { try file.write(output.text(RewardFile.json(row))) }
    }
    try file.commit()
    var hasFailures = false
    for row in rows {
      guard case .failure(let error) = row.episode else { continue }
      hasFailures = true
      // The table names them itself.
      if output.format != .table || output.output != nil {
        consoleOptions.console.error("not scored: \(row.label): \(error.message)")
      }
    }
    if hasFailures { throw ExitStatus.someFailed }
  }

  private func readPair() throws -> RewardPair {
    func text(_ value: String?) throws -> String? {
      try value.map { try ScoringInput.text($0, mebibytes: output.maxFileSize) }
    }
    func funders(_ value: String, _ name: String) throws -> [Funder] {
      do {
        let value = try JSON.parse(value, options: .python)
        return try EvaluationFile.funders(value, number: 1).get()
      } catch let error as JSONError {
        throw InputError(
          "\(name): not JSON (\(error.message) at byte \(error.offset)); expected a list of funders, or @FILE")
      } catch let error as ScoringError {
        throw InputError("\(name): \(error.message)")
      }
    }
    let gold = try funders(try text(pair.gold) ?? "", "--gold")
    if let predicted = try text(pair.predicted) {
      return RewardPair(gold: gold, prediction: .funders(try funders(predicted, "--predicted")))
    }
    return RewardPair(gold: gold, prediction: .completion(try text(pair.completion) ?? ""))
  }
}

/// A pair on the command line.
struct PairOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The right funders: JSON, or @FILE.", valueName: "json"))
  var gold: String?

  @Option(name: .long, help: ArgumentHelp("The predicted funders: JSON, or @FILE.", valueName: "json"))
  var predicted: String?

  @Option(name: .long, help: ArgumentHelp("What a model wrote, or @FILE.", valueName: "text"))
  var completion: String?
}
