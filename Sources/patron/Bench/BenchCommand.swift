import ArgumentParser
import Foundation

/// `patron bench`: what this machine does.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures models, tokenizers and constraints on this machine.",
    discussion: "Let nothing else run meanwhile.",
    subcommands: [
      BenchModelCommand.self, BenchRequestsCommand.self, BenchMachineCommand.self, BenchConstraintsCommand.self,
      BenchTokenizerCommand.self,
    ],
    defaultSubcommand: BenchModelCommand.self)
}

/// How often a figure is measured.
struct RunCountOption: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("Counted runs; one before them is not counted.", valueName: "n"))
  var runs = 5

  func validate() throws {
    guard runs > 0 else { throw ValidationError("found --runs \(runs), expected 1 or more") }
  }
}

func seconds(since start: ContinuousClock.Instant) -> Double {
  let parts = (ContinuousClock.now - start).components
  return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
}

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

func rounded(_ value: Double, _ digits: Int) -> Double {
  let scale = pow(10, Double(digits))
  return (value * scale).rounded() / scale
}

func cpuName() -> String {
  let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
  let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown"
  return name.trimmingCharacters(in: .whitespaces)
}
