import ArgumentParser
import Foundation
import Funding
import Generation
import JSON
import Llama
import ModelFiles
import Runs
import Torch

/// `patron check`: does this device compute what the CPU computes in float32?
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Compares a device and dtype with float32 on the CPU.",
    discussion: """
      Reads short prompts of both stages with the model on --device in --dtype, and again on the CPU in float32, and compares \
      the probabilities of the next token at every position. Float32 must agree in nearly every digit; bfloat16 and float16 round \
      after each step, so that the mean divergence is what counts. It also completes the prompts side by side and one by \
      one, which must give the same tokens. Exit status 2 where something differs by more than that.
      """)

  @OptionGroup var modelOptions: ModelOptions

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  /// What may differ, for a dtype: the mean Kullback-Leibler divergence of the next-token distributions in nats, and
  /// the share of positions whose most probable token is another one.
  static func tolerance(_ dtype: DType) -> (divergence: Double, disagreement: Double) {
    dtype == .float32 ? (1e-6, 0.005) : (0.02, 0.10)
  }

  func run() async throws {
    let device = try modelOptions.open()
    var plain = modelOptions
    plain.device = .cpu
    plain.dtype = .float32
    plain.weights = .float32
    let reference = try plain.open(onWarning: { _ in })  // they have been said
    let prompts = try Self.texts.map { try device.prompt($0, .plain) }

    let expected = try await reference.onWorker { generator in
      try prompts.map { try Self.logProbabilities(generator, $0) }
    }
    let found = try await device.onWorker { generator in try prompts.map { try Self.logProbabilities(generator, $0) } }
    let figures = zip(expected, found).map { Figures(expected: $0, found: $1) }
    let sidesAgree = try await completesAlike(device)

    let dtype = device.model.dtype
    let total = Figures(sumOf: figures)
    let tolerance = Self.tolerance(dtype)
    let passes =
      total.meanDivergence <= tolerance.divergence && total.disagreement <= tolerance.disagreement && sidesAgree
    print(report(device, total, sidesAgree: sidesAgree, passes: passes))
    if !passes { throw ExitStatus.failed }
  }

  /// One by one and side by side, a sequence gets the same tokens.
  private func completesAlike(_ generator: LlamaGenerator) async throws -> Bool {
    let requests = Self.texts.map { CompletionRequest(messages: $0, maximumNewTokens: 24) }
    let together = try await generator.complete(requests, onProgress: nil)
    for (request, completion) in zip(requests, together) {
      let alone = try await generator.complete([request], onProgress: nil)
      if alone[0].tokens.map(\.id) != completion.tokens.map(\.id) { return false }
    }
    return true
  }

  /// [positions][V], natural logarithms.
  private static func logProbabilities(_ generator: LlamaGenerator, _ tokens: [Int]) throws -> [[Float]] {
    let model = generator.model
    let hidden = try model.forward([(tokens, model.makeCache(capacity: tokens.count))])
    let rows = try model.logits(hidden).to(.float32).logSoftmax().to(device: .cpu)  // [T, V]
    return try (0..<tokens.count).map { try rows[$0].floats() }
  }

  struct Figures {
    var positions = 0
    var divergence = 0.0
    var largestDivergence = 0.0
    var otherChoices = 0

    var meanDivergence: Double { positions > 0 ? divergence / Double(positions) : .infinity }
    var disagreement: Double { positions > 0 ? Double(otherChoices) / Double(positions) : 1 }

    init(expected: [[Float]], found: [[Float]]) {
      for (p, q) in zip(expected, found) {
        var sum = 0.0
        var best = (p: 0, q: 0)
        for index in p.indices {
          sum += Double(exp(p[index])) * Double(p[index] - q[index])
          if p[index] > p[best.p] { best.p = index }
          if q[index] > q[best.q] { best.q = index }
        }
        positions += 1
        divergence += sum.isNaN ? .infinity : max(sum, 0)
        largestDivergence = max(largestDivergence, sum.isNaN ? .infinity : sum)
        otherChoices += best.p == best.q ? 0 : 1
      }
    }

    init(sumOf parts: [Figures]) {
      for part in parts {
        positions += part.positions
        divergence += part.divergence
        largestDivergence = max(largestDivergence, part.largestDivergence)
        otherChoices += part.otherChoices
      }
    }
  }

  private func report(_ generator: LlamaGenerator, _ figures: Figures, sidesAgree: Bool, passes: Bool) -> String {
    let model = generator.model
    let members: [(String, JSON)] = [
      ("patron", .string(Version.full)), ("libtorch", .string(Runtime.version)), ("model", .string(modelOptions.model)),
      ("device", .string(model.device.description)), ("dtype", .string(model.dtype.rawValue)),
      ("positions", .number(figures.positions)), ("mean_divergence", .number(figures.meanDivergence)),
      ("largest_divergence", .number(figures.largestDivergence)),
      ("other_first_choices", .number(figures.otherChoices)),
      ("same_tokens_side_by_side", .bool(sidesAgree)), ("passes", .bool(passes)),
    ]
    if json { return JSON.object(members).text(pretty: true) }
    return members.map { key, value in
      key.padding(toLength: 26, withPad: " ", startingAt: 0) + (value.string ?? value.text())
    }.joined(separator: "\n")
  }

  /// Short chats of both stages.
  static let texts: [[Message]] = {
    let statement =
      "This work was supported by the National Science Foundation (grants DMS-1855568 and 1321851) and by the Deutsche "
      + "Forschungsgemeinschaft under KR 4286/1. A. L. thanks the Wellcome Trust for a fellowship (WT086151)."
    let article =
      "# Tides in a shallow fjord\n\n## Results\n\nThe amplitude fell by a third between the sill and the head.\n\n"
      + "## Acknowledgements\n\nWe thank the harbour office for the gauges. \(statement)\n"
    return [Prompts.statements(in: article), Prompts.funders(in: statement), Prompts.funders(in: "None.")]
  }()
}
