import Tokenizer
import Generation
import ModelFiles
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Llama

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct PromptOpeningsTests {
  private static func request(_ system: String, _ user: String) -> CompletionRequest {
    CompletionRequest(messages: [Message(.system, system), Message(.user, user)], maximumNewTokens: 12)
  }

  /// Whatever was read before, in whatever order, and however many other openings came between.
  @Test func completionsDoNotDependOnWhatWasReadBefore() async throws {
    let generator = try TinyGenerator.make()
    let systems = (0..<7).map { "Say no. \($0)" }
    for (number, system) in (systems + systems.reversed() + [systems[0], systems[0]]).enumerated() {
      let request = Self.request(system, "Question \(number % 3)")
      let kept = try await generator.complete([request], onProgress: nil)[0]
      let alone = try await TinyGenerator.make().complete([request], onProgress: nil)[0]
      #expect(kept.tokens == alone.tokens)
      #expect(kept.promptTokens == alone.promptTokens)
    }
  }

  @Test func anOpeningIsReadOnce() async throws {
    let generator = try TinyGenerator.make()
    let prompt = try generator.prompt([Message(.system, "Be brief."), Message(.user, "Hello")], .plain)
    let opening = generator.opening(of: prompt)
    let model = generator.model
    #expect(opening.last == generator.template.endOfTurnToken(in: generator.tokenizer))
    #expect(opening.count > 20 && opening.count < prompt.count)
    let openings = PromptOpenings()
    var reads = 0
    let caches = try (0..<3).map { _ in
      let cache = try model.makeCache(capacity: prompt.count)
      try openings.fill(cache, with: opening) {
        reads += 1
        _ = try model.forward([(Array(opening), cache)])
      }
      return cache
    }
    #expect(reads == 1)
    #expect(caches.allSatisfy { $0.length == opening.count })
    // What is appended to one cache does not show in another, nor in what is kept.
    _ = try model.forward([(Array(prompt[opening.endIndex...]), caches[1])])
    let first = try model.forward([(Array(prompt[opening.endIndex...]), caches[0])])
    let last = try model.forward([(Array(prompt[opening.endIndex...]), caches[2])])
    #expect(try first.to(.float32).floats() == last.to(.float32).floats())
  }

  /// The second prompt of a stage begins behind the opening.
  @Test func theGeneratorKeepsOpenings() async throws {
    let generator = try TinyGenerator.make()
    let requests = ["Hello", "Goodbye"].map { Self.request("Be brief.", $0) }
    let prompts = try requests.map { try generator.tokens(of: $0.prompt) }
    let read = Mutex<[[Int]]>([[], []])
    _ = try await generator.complete(requests) { progress in
      if case .prefill(let done, _) = progress.event { read.withLock { $0[progress.request].append(done) } }
      return true
    }
    let opening = generator.opening(of: prompts[0]).count
    #expect(read.withLock { $0 } == [[opening, prompts[0].count], [prompts[1].count]])
  }

  @Test func thereMayBeNoOpening() throws {
    let generator = try TinyGenerator.make()
    let end = generator.template.endOfTurnToken(in: generator.tokenizer)!
    #expect(generator.opening(of: [1, 2, 3]).isEmpty)
    #expect(generator.opening(of: [1, 2, end]).isEmpty)
    #expect(generator.opening(of: [1, end, 2]).elementsEqual([1, end]))
    #expect(generator.opening(of: []).isEmpty)
  }

  /// Weights that change between completions, as in training, are always those of the moment.
  @Test func completionsOfTokensFollowTheWeights() throws {
    let base = try TinyGenerator.make()
    let hidden = base.model.configuration.hiddenSize
    let width = base.model.configuration.intermediateSize
    let b = try Tensor.zeros([hidden, 1])
    let update = LowRankUpdate(a: try Tensor.full([1, width], 1), b: b, scale: 1)
    func generator() throws -> LlamaGenerator {
      try LlamaGenerator(
        model: base.model.adding(["model.layers.0.mlp.down_proj": update]), tokenizer: base.tokenizer,
        template: base.template, stopTokens: [])
    }
    let request = Self.request("Be brief.", "Hello")
    func tokens(_ generator: LlamaGenerator) throws -> [ChosenToken] {
      try generator.completeOnThisThread([request], report: { _ in })[0].tokens
    }
    let lasting = try generator()
    let before = try tokens(lasting)
    try b.copy(from: Tensor.full([hidden, 1], 0.5))
    let after = try tokens(lasting)
    #expect(after != before)
    #expect(try tokens(generator()) == after)
  }
}
