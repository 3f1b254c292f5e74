import Generation
import ArgumentParser
import JSON
import Scoring

/// `patron evaluate`: predictions against gold.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures predictions against gold annotations.",
    discussion: """
      Both files hold objects of JSON: one a line, in an array, over several lines, or one behind another. Funders are \
      in "funders" (in predictions also "predicted_funders"), with nested "awards" or flat. Statements are in \
      "statements", with their "article" if it is at hand. Predictions can be the records of `patron extract --format \
      json` or jsonl.

      Documents are joined by "id" (or "filename"), "statement" (or "funding_statement"), or "doi" (or "ref"). The id of \
      a record is the path of the file that was read. It also matches a gold id that is this path or the file's name, \
      with or without the extension of a text file. A DOI is the same whatever prefix, link, encoding or punctuation it \
      is written with. Warnings name what was not joined.

      Funders are shown in the three similarity modes, micro-averaged, with bootstrap intervals of F1. Statements are \
      shown by the published threshold metric and by a one-to-one matching. Guides/Scoring.md explains each figure.

      A document that cannot be scored counts in no figure. It is named, and the exit status is 1.
      """)

  @OptionGroup(title: "Files") var files: EvaluationInputOptions
  @OptionGroup(title: "Measure") var measure: MeasureOptions
  @OptionGroup(title: "Output") var report: ReportOptions
  @OptionGroup(title: "Messages") var consoleOptions: ConsoleOptions

  func run() throws {
    let console = consoleOptions.console
    let writer = try ReportWriter(report, inputs: files.paths)
    let inputs = try EvaluationInputs(files, stage: measure.task.value)
    if inputs.isOtherTaskPossible {
      console.note("both files hold funders, too; --task funders evaluates them")
    }
    let result = try inputs.evaluate(measure)
    try writer.write(result)
    // The table says it all by itself; twice on one terminal would be once too often.
    if !writer.showsTable {
      for failure in result.failures { console.error(failure) }
      for warning in result.warnings { console.warning(warning) }
    }
    if !result.failures.isEmpty { throw ExitStatus.someFailed }
  }
}

/// What is compared with what.
struct EvaluationInputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong, help: ArgumentHelp("Predictions, or - for standard input.", valueName: "file"),
    completion: .file())
  var predictions: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Gold annotations, or - for standard input.", valueName: "file"),
    completion: .file())
  var gold: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Other predictions for the same gold: which documents differ, and whether the difference (other minus --predictions) \
      is more than chance, by the paired bootstrap.
      """, valueName: "file"),
    completion: .file())
  var compare: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What documents are joined by; auto takes the first of id, statement and doi that joins any.", valueName: "key"))
  var join: JoinChoice = .auto

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      What gold rows without a prediction are: empty (as if nothing was predicted) or skip (in no figure). Default as in \
      the reference: empty for statements, skip for funders.
      """, valueName: "what"))
  var missing: MissingChoice?

  @Option(name: .long, help: ArgumentHelp("Largest file in MiB.", valueName: "mib"))
  var maxFileSize = 1_024

  enum JoinChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, id, doi, statement

    var key: EvaluationRow.Key? { EvaluationRow.Key(rawValue: rawValue) }
  }

  enum MissingChoice: String, CaseIterable, ExpressibleByArgument { case empty, skip }

  var paths: [String] { [predictions, gold] + (compare.map { [$0] } ?? []) }

  func validate() throws {
    guard paths.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("- can be read only once") }
    try ScoringInput.check(maxFileSize: maxFileSize)
  }
}

/// How it is measured.
struct MeasureOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: "What is evaluated; auto takes statements where both files have lists of them, else funders.")
  var task = EvaluatedStage(nil)

  @Option(name: .long, help: ArgumentHelp("Least similarity of names that are one funder.", valueName: "s"))
  var funderThreshold = 0.8

  @Option(
    name: .long, help: ArgumentHelp("Least similarity of schemes, of titles, of statements that match.", valueName: "s")
  )
  var threshold = 0.8

  @Option(
    name: .long,
    help: ArgumentHelp(
      "normalized (award ids without spaces, hyphens, slashes and case) or exact (without case).", valueName: "mode"))
  var idMode: AwardIDMode = .normalized

  @Option(name: .long, help: ArgumentHelp("Bootstrap samples.", valueName: "n"))
  var resamples = 1_000

  @Option(name: .long, help: ArgumentHelp("Confidence of the intervals.", valueName: "c"))
  var confidence = 0.95

  @Option(name: .long, help: ArgumentHelp("Seed of the bootstrap.", valueName: "n"))
  var seed: UInt64 = 0

  func validate() throws {
    for (name, value) in [("--funder-threshold", funderThreshold), ("--threshold", threshold)] {
      guard (0...1).contains(value) else { throw ValidationError("found \(name) \(value), expected 0 to 1") }
    }
    guard (1...1_000_000).contains(resamples) else {
      throw ValidationError("found --resamples \(resamples), expected 1 to 1000000")
    }
    guard confidence > 0, confidence < 1 else {
      throw ValidationError("found --confidence \(confidence), expected more than 0 and less than 1")
    }
  }

  var comparison: ComparisonOptions {
    ComparisonOptions(funderThreshold: funderThreshold, threshold: threshold, awardIDMode: idMode)
  }

  var bootstrap: Bootstrap { Bootstrap(resamples: resamples, confidence: confidence, seed: seed) }
}

/// Of which stage the results are evaluated; nil: that of which both files hold results.
struct EvaluatedStage: NamedArgument {
  static var choices: KeyValuePairs<String, Stage?> { ["auto": nil, "funders": .funders, "statements": .statements] }

  let value: Stage?

  init(_ value: Stage?) { self.value = value }
}

extension AwardIDMode: ExpressibleByArgument {}
