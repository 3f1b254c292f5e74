import ArgumentParser
import Foundation
import JSON
import Llama
import ModelFiles
import Runs
import Torch

/// `patron bench requests`: many requests at once.
struct BenchRequestsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "requests",
    abstract: "Measures many requests of different lengths at once.",
    discussion: """
      The prompts are random tokens, the same for the same seed. A request is written to its full length, whatever the \
      model would end. Samples are submitted together, all else by itself.
      """)

  @OptionGroup var modelOptions: ModelOptions

  @Option(name: .long, help: ArgumentHelp("Requests.", valueName: "n"))
  var count = 64

  @Option(name: .long, help: ArgumentHelp("Lengths of the prompts, few of them long.", valueName: "least-most"))
  var prompt = TokenRange(128...1024)

  @Option(name: .long, help: ArgumentHelp("Tokens that are written.", valueName: "least-most"))
  var new = TokenRange(16...256)

  @Option(
    name: .long, help: ArgumentHelp("Share of the prompts that begin like others, from 0 to 1.", valueName: "share"))
  var shared = 0.5

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Share of the requests that are samples of one prompt with others, from 0 to 1.", valueName: "share"))
  var sampled = 0.25

  @Option(name: .long, help: ArgumentHelp("Samples of such a prompt.", valueName: "n"))
  var samples = 4

  @Option(
    name: .long,
    help: ArgumentHelp("Submit so many a second, at random times (default: all at once).", valueName: "per second"))
  var rate: Double?

  @Option(name: .long, help: ArgumentHelp("Seed of lengths, tokens and times.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func validate() throws {
    guard count > 0, samples > 0 else { throw ValidationError("--count and --samples must be positive") }
    guard (0...1).contains(shared), (0...1).contains(sampled) else {
      throw ValidationError("--shared and --sampled must be from 0 to 1")
    }
    if let rate, !(rate > 0 && rate.isFinite) { throw ValidationError("found --rate \(rate), expected more than 0") }
  }

  var mix: RequestMix {
    RequestMix(
      count: count, promptTokens: prompt.range, newTokens: new.range, sharedShare: shared, sampledShare: sampled,
      sampleCount: samples, rate: rate, seed: seed)
  }

  func run() async throws {
    let generator = try modelOptions.open()
    guard prompt.range.upperBound + new.range.upperBound <= generator.contextLength else {
      throw ValidationError(
        "found prompts and outputs of up to \(prompt.range.upperBound + new.range.upperBound) tokens, expected at most the "
          + "model's context of \(generator.contextLength)")
    }
    let vocabularySize = generator.model.configuration.vocabularySize
    // What the first requests would pay for, such as pages of the file.
    var warmUp = mix
    (warmUp.count, warmUp.rate, warmUp.seed) = (2, nil, seed &+ 1)
    _ = try await RequestBench.run(warmUp.calls(vocabularySize: vocabularySize), with: generator)
    let bench = try await RequestBench.run(mix.calls(vocabularySize: vocabularySize), with: generator)
    print(report(generator, bench, keyValueBytes: try await generator.keyValueBytes().most))
  }

  /// - Parameter keyValueBytes: the most that were in use.
  private func report(_ generator: LlamaGenerator, _ bench: RequestBench, keyValueBytes: Int) -> String {
    let model = generator.model
    var members: [(String, JSON)] = [
      ("patron", .string(Version.full)), ("libtorch", .string(Runtime.version)), ("cpu", .string(cpuName())),
      ("threads", .number(Runtime.threadCount)), ("device", .string(model.device.description)),
      ("model", .string(modelOptions.model)), ("dtype", .string(model.dtype.rawValue)),
      ("requests", .number(bench.timings.count)), ("seed", .string(String(seed))),
      ("rate", rate.map { JSON.number($0) } ?? .null),
      ("prompt_tokens", .number(bench.promptTokens)), ("new_tokens", .number(bench.newTokens)),
    ]
    members += bench.figures.map { ($0.name, .number(rounded($0.value, 3))) }
    members += [
      ("key_value_bytes", .number(keyValueBytes)), ("key_value_budget", .number(generator.keyValueBudget)),
      ("peak_resident_bytes", peakResidentBytes().map { JSON.number($0) } ?? .null),
    ]
    if json { return JSON.object(members).text(pretty: true) }
    return members.map { key, value in
      key.padding(toLength: 26, withPad: " ", startingAt: 0) + (value.string ?? value.text())
    }.joined(separator: "\n")
  }
}

/// Most memory that this process has had; nil where the system does not tell.
private func peakResidentBytes() -> Int? {
  let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  return status?.firstMatch(of: /VmHWM:\s*(\d+) kB/).flatMap { Int($0.1) }.map { $0 * 1024 }
}

/// `128-1024`, or one number.
struct TokenRange: ExpressibleByArgument, Sendable {
  let range: ClosedRange<Int>

  init(_ range: ClosedRange<Int>) { self.range = range }

  init?(argument: String) {
    let parts = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let least = parts[0], let most = parts.last ?? nil, least > 0, least <= most,
      most <= 1 << 20
    else { return nil }
    range = least...most
  }

  var defaultValueDescription: String { "\(range.lowerBound)-\(range.upperBound)" }
}
