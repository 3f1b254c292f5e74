import Foundation
import Generation
import ModelFiles
import Synchronization
import Testing

@testable import patron

@Suite struct MachineBoundsTests {
  /// Of SmolLM2-135M.
  private let configuration = LlamaConfiguration(
    vocabularySize: 49_152, hiddenSize: 576, intermediateSize: 1_536, layerCount: 30, headCount: 9,
    keyValueHeadCount: 3, headDimension: 64, rmsNormEpsilon: 1e-5, ropeTheta: 100_000, contextLength: 8_192,
    tiesEmbeddings: true)

  /// Counted by hand: 576·(2·576 + 2·192 + 3·1536) weights a block, and 2·30·3·64 values a position.
  @Test func whatAModelCosts() {
    let cost = ModelCost(configuration, byteWidth: 2)
    #expect(cost.blockWeights == 30 * 576 * 6_144 && cost.headWeights == 576 * 49_152)
    #expect(cost.weightBytes == 2 * (106_168_320 + 28_311_552))
    #expect(cost.keyValueBytes == 23_040)
  }

  /// At 25 GB/s and 1,956 GFLOP/s.
  @Test func theBoundsOfAMachine() {
    let bounds = MachineBounds(gigabytesPerSecond: 25, gigaflopsPerSecond: 1_956)
    let cost = ModelCost(configuration, byteWidth: 2)
    #expect(Int(bounds.prefill(cost)) == 9_211)
    #expect([1, 4, 16].map { Int(bounds.decode(cost, batch: $0, context: 576)) } == [88, 310, 831])
    // With little to read, the products are the longer.
    let many = bounds.decode(cost, batch: 100_000, context: 0)
    #expect(abs(many / (1_956e9 / (2 * 134_479_872)) - 1) < 1e-9)
  }
}

@Suite struct RequestMixTests {
  private func lengths(_ mix: RequestMix) -> [(prompt: [Int], new: Int, seed: UInt64)] {
    mix.calls(vocabularySize: 1_000).flatMap(\.requests).map { request in
      guard case .tokens(let ids) = request.prompt else { return ([], 0, 0) }
      return (ids, request.maximumNewTokens, request.sampling.seed)
    }
  }

  @Test func theSameSeedGivesTheSameRequests() {
    let (first, again) = (lengths(RequestMix()), lengths(RequestMix()))
    #expect(first.map(\.prompt) == again.map(\.prompt) && first.map(\.new) == again.map(\.new))
    #expect(lengths(RequestMix(seed: 2)).map(\.prompt) != first.map(\.prompt))
  }

  @Test func lengthsAndSharesAreThoseAskedFor() {
    let mix = RequestMix(count: 2_000)
    let requests = lengths(mix)
    #expect(requests.count == 2_000)
    #expect(requests.allSatisfy { mix.promptTokens.contains($0.prompt.count) && mix.newTokens.contains($0.new) })
    #expect(requests.allSatisfy { $0.prompt.allSatisfy { (0..<1_000).contains($0) } })
    // Half of the logarithms lie below their middle.
    let middle = (128.0 * 1_025).squareRoot()
    let short = requests.count { Double($0.prompt.count) < middle }
    #expect((800...1_200).contains(short))

    let calls = mix.calls(vocabularySize: 1_000)
    let sampled = calls.filter { $0.requests.count > 1 }
    #expect(sampled.allSatisfy { $0.requests.count == 4 && Set($0.requests.map(\.sampling.seed)).count == 4 })
    #expect((300...700).contains(4 * sampled.count))
    // Those that begin alike share half the shortest prompt.
    let beginnings = Dictionary(grouping: calls.map { lengths(of: $0) }, by: { Array($0.prefix(64)) })
    let shared = beginnings.values.filter { $0.count > 1 }
    #expect(shared.count == 4)
    let share = Double(shared.reduce(0) { $0 + $1.count }) / Double(calls.count)
    #expect((0.4...0.6).contains(share))
  }

  private func lengths(of call: RequestMix.Call) -> [Int] {
    guard case .tokens(let ids) = call.requests[0].prompt else { return [] }
    return ids
  }

  @Test func aRateSpreadsTheCalls() {
    let arrivals = RequestMix(count: 1_000, sampledShare: 0, rate: 10).calls(vocabularySize: 9).map(\.arrival)
    #expect(arrivals.first == 0 && arrivals == arrivals.sorted())
    #expect((80...120).contains(arrivals.last ?? 0))
    #expect(RequestMix().calls(vocabularySize: 9).allSatisfy { $0.arrival == 0 })
  }

  @Test(arguments: [
    ("128-1024", 128...1024), ("7", 7...7), ("0-4", nil), ("9-8", nil), ("-5", nil), ("a-b", nil), ("1-2-3", nil),
    ("", nil),
  ]) func ranges(_ text: String, _ range: ClosedRange<Int>?) {
    #expect(TokenRange(argument: text)?.range == range)
  }
}

@Suite struct RequestBenchTests {
  /// Answers at once, a token after the other, and notes the calls.
  private final class Generator: ChatGenerator {
    let contextLength = 1_000
    let provenance: [(key: String, value: String)] = []
    let prompts = Mutex<[Int]>([])

    func tokenOffsets(in text: String) -> [Int] { [] }
    func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) -> Int { 0 }

    func complete(
      _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
    ) async throws -> [Completion] {
      requests.enumerated().map { index, request in
        guard case .tokens(let ids) = request.prompt else { fatalError("a chat") }
        prompts.withLock { $0.append(ids.count) }
        let tokens = (0..<request.maximumNewTokens).map { ChosenToken(id: $0, logProbability: 0) }
        for token in tokens {
          _ = onProgress?(CompletionProgress(request: index, event: .token(token, text: "x")))
        }
        return Completion(text: "", tokens: tokens, finishReason: .length, promptTokens: ids)
      }
    }
  }

  @Test func allRequestsAreCountedInTheOrderOfTheMix() async throws {
    let calls = RequestMix(count: 40).calls(vocabularySize: 100)
    let generator = Generator()
    let bench = try await RequestBench.run(calls, with: generator)
    let requests = calls.flatMap(\.requests)
    let lengths = requests.map { if case .tokens(let ids) = $0.prompt { ids.count } else { 0 } }
    #expect(bench.timings.count == 40 && generator.prompts.withLock { $0 } == lengths)
    #expect(bench.promptTokens == lengths.reduce(0, +))
    #expect(bench.newTokens == requests.reduce(0) { $0 + $1.maximumNewTokens })
    #expect(bench.timings.allSatisfy { 0 <= $0.firstToken && $0.firstToken <= $0.end && $0.end <= bench.seconds })
    #expect(bench.figures.allSatisfy { $0.value.isFinite && $0.value >= 0 })
  }

  @Test func percentiles() {
    let values = (1...20).map(Double.init).shuffled()
    #expect(RequestBench.percentile(0.5, of: values) == 10 && RequestBench.percentile(0.95, of: values) == 19)
    #expect(RequestBench.percentile(1, of: values) == 20 && RequestBench.percentile(0, of: values) == 1)
    #expect(RequestBench.percentile(0.5, of: []) == 0 && RequestBench.percentile(0.95, of: [3]) == 3)
  }
}
