import ArgumentParser
import Foundation
import JSON
import PatronKit
import Runs
import Scoring

/// `patron reward benchmark`: how many rewards a second.
struct RewardBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measures how many rewards one core computes per second.",
    discussion: """
      All rows of the file are measured, and by themselves those with two to four gold funders. Without a file, a few \
      typical pairs are.
      """)

  @Argument(help: "A file of pairs, or - for standard input.", completion: .file())
  var rows: String?

  @Option(name: .long, help: ArgumentHelp("Least time of a measurement.", valueName: "s"))
  var seconds = 3.0

  @OptionGroup(title: "Reward") var reward: RewardRuleOptions
  @OptionGroup(title: "Output") var output: RewardOutputOptions
  @OptionGroup(title: "Messages") var consoleOptions: ConsoleOptions

  func validate() throws {
    guard (0...3_600).contains(seconds) else { throw ValidationError("found --seconds \(seconds), expected 0 to 3600") }
  }

  func run() throws {
    let file = try output.file(isNoneOf: [rows].compactMap { $0 })
    let console = consoleOptions.console
    #if DEBUG
      console.warning("this is a debug build, many times slower than a release build")
    #endif
    var unreadable = 0
    var benchmark = ScoringBenchmark.typical
    if let rows {
      benchmark.cases = try readCases(rows) { label, error in
        unreadable += 1
        console.error("not measured: \(label): \(error.message)")
      }
      guard !benchmark.cases.isEmpty else { throw InputError("\(rows): no row can be measured") }
    }
    benchmark.options = reward.options
    var sets = [("all", benchmark)]
    if rows != nil {
      var typical = benchmark
      typical.cases = benchmark.cases.filter { (2...4).contains($0.gold.count) }
      if !typical.cases.isEmpty { sets.append(("2 to 4 gold funders", typical)) }
    }
    let results = sets.map { ($0.0, $0.1.run(seconds: seconds)) }
    let machine: [(String, JSON)] = [("patron", .string(Version.full)), ("cpu", .string(cpuName()))]
    if output.format == .table {
      let lines = machine.map { $0.0.padding(toLength: 8, withPad: " ", startingAt: 0) + ($0.1.string ?? "") + "\n" }
      try file.write(lines.joined() + "\n" + ScoringBenchmark.table(results))
    } else {
      try file.write(output.text(.object(machine + [("sets", ScoringBenchmark.json(results))])))
    }
    try file.commit()
    if unreadable > 0 { throw ExitStatus.someFailed }
  }

  private func readCases(
    _ path: String, onFailure: (String, ScoringError) -> Void
  ) throws -> [ScoringBenchmark.Case] {
    let bytes = try ScoringInput.bytes(path, mebibytes: output.maxFileSize)
    let pairs = try ScoringInput.naming(path) { () throws(ScoringError) in try RewardFile.pairs(bytes) }
    guard !pairs.isEmpty else { throw ScoringInput.empty(path) }
    return pairs.compactMap { label, pair in
      do throws(ScoringError) {
        return try pair.get().benchmarkCase()
      } catch {
        onFailure(label, error)
        return nil
      }
    }
  }
}
