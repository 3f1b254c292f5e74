import ArgumentParser
import JSON
import Scoring

/// `patron reward`: the training reward, and how fast it is.
struct RewardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reward",
    abstract: "Computes the reward of predictions, and measures how fast that is.",
    subcommands: [RewardScoreCommand.self, RewardBenchmarkCommand.self],
    defaultSubcommand: RewardScoreCommand.self)
}

/// Where rewards go.
struct RewardOutputOptions: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument { case table, json, jsonl }

  @Option(name: .shortAndLong, help: "table (for people), json or jsonl (an object per line).")
  var format: Format = .table

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("File to write to (default: standard output).", valueName: "file"), completion: .file())
  var output: String?

  @Option(name: .long, help: ArgumentHelp("Largest file in MiB.", valueName: "mib"))
  var maxFileSize = 1_024

  func validate() throws { try ScoringInput.check(maxFileSize: maxFileSize) }

  /// Opens what `--output` names, or standard output.
  ///
  /// - Parameter inputs: files that must not be written over.
  func file(isNoneOf inputs: [String]) throws -> OutputFile {
    guard let output else { return OutputFile() }
    try OutputFile.check(output, isNoneOf: inputs)
    return try OutputFile(path: output, inPlace: false)
  }

  /// A whole document, or a line.
  func text(_ value: JSON) -> String { value.text(pretty: format == .json) + "\n" }
}
