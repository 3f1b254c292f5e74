import Foundation
import Generation
import JSON
import ModelFiles
import TensorTestSupport
import TestSupport
import Testing
import Text
import Tokenizer
import Torch

@testable import Llama

/// Many requests at once: what holds about their results.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct DecodingEngineTests {
  /// Constrained and free, greedy and drawn, short and long, some with the same beginning or prompt.
  private static let requests: [CompletionRequest] = (0..<64).map { number in
    let sampling = number % 3 == 0 ? Sampling(temperature: 1.2, topP: 0.9, seed: UInt64(number)) : .greedy
    let system = Message(.system, number % 2 == 0 ? "Say what is there, and nothing else." : "Be brief. \(number % 5)")
    let words = String(repeating: "word \(number) ", count: number % 7)
    let question = Message(.user, number % 8 == 1 ? "the same for all" : words)
    let mode = ConstrainedDecodingTests.Mode.allCases[number % 4]
    return CompletionRequest(
      messages: [system, question], maximumNewTokens: 20 + number % 40, sampling: sampling,
      constraint: number % 4 == 3 ? nil : ConstrainedDecodingTests.constraint(mode))
  }

  private static func generator(_ dtype: DType, pooled: Bool = false) throws -> LlamaGenerator {
    let name = dtype == .float32 ? "untied" : "untied_bf16_sharded"
    return try LlamaGenerator(
      model: Golden.tinyLlama(name, LoadOptions(dtype: dtype)), tokenizer: TinyGenerator.tokenizer(),
      template: .llama31, stopTokens: [])
  }

  /// Runs requests, each a job of its own, submitted while the engine runs.
  /// - Parameters:
  ///   - cancelled: are ended by their report after some tokens.
  /// - Returns: the completions in the order of `order`; nil for those that were ended.
  private static func run(
    _ generator: LlamaGenerator, _ order: [Int], budget: Int = 1 << 26, block: Int = 64, cancelled: Set<Int> = [],
    perStep: Int = 5
  ) throws -> [Int: Completion] {
    let model = generator.model
    let store = try BlockStore(model.configuration, dtype: model.dtype, byteBudget: budget)
    let engine = DecodingEngine(model, store: store, prefillBlock: block)
    var results: [Int: Completion] = [:]
    var left = order[...]
    withoutGradients {
      while !left.isEmpty || !engine.isIdle {
        for number in left.prefix(perStep) {
          var tokens = 0
          engine.submit([requests[number]], of: generator) { _ in
            tokens += 1
            if tokens > 6, cancelled.contains(number) { throw CancellationError() }
          } answer: { result in
            if cancelled.contains(number) {
              #expect(throws: CancellationError.self) { try result.get() }
            } else {
              results[number] = try? result.get()[0]
            }
          }
        }
        left = left.dropFirst(perStep)
        engine.step()
      }
    }
    #expect(store.byteCounts.used <= budget)
    return results
  }

  private static func expectSame(_ a: [Int: Completion], _ b: [Int: Completion], _ comment: Comment) {
    #expect(a.count == b.count)
    for (number, completion) in a {
      guard let other = b[number] else { continue }
      #expect(completion.tokens == other.tokens && completion.text == other.text, "request \(number), \(comment)")
    }
  }

  /// A completion is a function of its request, bit for bit: alone, in any company and order, in prompts cut anywhere,
  /// with room for two at a time, beside requests that are ended.
  @Test(arguments: [DType.float32, .bfloat16], ProcessorPaths.runnable.filter { $0.rowKernels == .own })
  func companyDoesNotMatter(_ dtype: DType, _ paths: ProcessorPaths) throws {
    let generator = try Self.generator(dtype)
    try withProcessorPaths(paths) {
      let numbers = Array(Self.requests.indices)
      let together = try Self.run(generator, numbers)
      #expect(together.count == 64)
      var random = SplitMix64(state: 7)
      let cancelled: Set = [3, 9, 17, 40, 41, 63]
      let others = try Self.run(
        generator, numbers.shuffled(using: &random), block: 17, cancelled: cancelled, perStep: 64)
      Self.expectSame(together.filter { !cancelled.contains($0.key) }, others, "shuffled")
      let blockBytes = KVBlocks.byteCount(generator.model.configuration, dtype)
      let longest = try Self.requests.map {
        try KVBlocks.count(forPositions: generator.tokens(of: $0.prompt).count + $0.maximumNewTokens)
      }.max()!
      let few = try Self.run(generator, numbers.reversed(), budget: 2 * longest * blockBytes, perStep: 1)
      Self.expectSame(together, few, "room for two")
      for number in stride(from: 0, to: 64, by: 5) {
        Self.expectSame(together.filter { $0.key == number }, try Self.run(generator, [number]), "alone")
      }
    }
  }

  /// Samples of one prompt: their keys and values of it are there once.
  @Test func samplesShareTheirPrompt() throws {
    let generator = try Self.generator(.float32)
    let model = generator.model
    let blockBytes = KVBlocks.byteCount(model.configuration, model.dtype)
    func most(_ samples: Int) throws -> (bytes: Int, texts: Set<String>) {
      let store = try BlockStore(model.configuration, dtype: model.dtype, byteBudget: 1 << 26)
      let engine = DecodingEngine(model, store: store, prefillBlock: 128)
      let prompt = (0..<400).map { ($0 * 37) % 250 }
      let requests = (0..<samples).map {
        CompletionRequest(
          prompt: .tokens(prompt), maximumNewTokens: 20, sampling: Sampling(temperature: 1, seed: UInt64($0)))
      }
      var texts: Set<String> = []
      withoutGradients {
        engine.submit(requests, of: generator, report: { _ in }) { result in
          texts = Set(((try? result.get()) ?? []).map(\.text))
        }
        while !engine.isIdle { engine.step() }
      }
      return (store.byteCounts.most, texts)
    }
    let (one, sixteen) = (try most(1), try most(16))
    #expect(sixteen.texts.count > 8)
    // 13 blocks for the prompt; of each sample its copy of the last one and one to write in.
    #expect(sixteen.bytes <= one.bytes + 15 * 2 * blockBytes)
  }

  /// Requests of many tasks at once, some of them cancelled, through the door that programs use.
  @Test func tasksShareAGenerator() async throws {
    let generator = try Self.generator(.float32)
    let expected = try Self.run(generator, Array(Self.requests.indices))
    try await withThrowingTaskGroup(of: (Int, Completion?).self) { group in
      for (number, request) in Self.requests.enumerated() {
        group.addTask {
          let task = Task { try await generator.complete([request], onProgress: nil)[0] }
          if number % 9 == 4 { task.cancel() }
          do {
            return (number, try await task.value)
          } catch is CancellationError {
            return (number, nil)
          }
        }
      }
      for try await (number, completion) in group {
        if let completion {
          #expect(completion.tokens == expected[number]?.tokens, "request \(number)")
        } else {
          #expect(number % 9 == 4)
        }
      }
    }
    #expect(try await generator.keyValueBytes().most > 0)
  }

  /// A waiting request notices its cancellation, and one that can never be admitted is refused with what it needs.
  @Test func roomIsWaitedForOrRefused() async throws {
    let base = try Self.generator(.float32)
    let blockBytes = KVBlocks.byteCount(base.model.configuration, .float32)
    let generator = try LlamaGenerator(
      model: base.model, tokenizer: base.tokenizer, template: base.template, stopTokens: [],
      keyValueBudget: 4 * blockBytes)
    func request(_ tokens: Int, limit: Int) -> CompletionRequest {
      CompletionRequest(prompt: .tokens((0..<tokens).map { $0 % 250 }), maximumNewTokens: limit)
    }
    let error = await #expect(throws: LlamaError.self) {
      try await generator.complete([request(5, limit: 5), request(100, limit: 50)], onProgress: nil)
    }
    #expect(error?.code == .memory && error?.message.contains("MiB") == true)
    async let first = generator.complete([request(60, limit: 60)], onProgress: nil)
    async let second = generator.complete([request(60, limit: 61)], onProgress: nil)
    let lengths = try await [first[0].tokens.count, second[0].tokens.count]
    #expect(lengths == [60, 61] || lengths.allSatisfy { $0 > 0 })
  }

  /// What is written is told in order: the prompt as it is read, each token, the end.
  @Test func progressIsToldInOrder() throws {
    let generator = try Self.generator(.float32)
    var events: [Int: [CompletionProgress.Event]] = [:]
    let requests = Array(Self.requests.prefix(6))
    let completions = try generator.completeOnThisThread(requests) { events[$0.request, default: []].append($0.event) }
    for (index, completion) in completions.enumerated() {
      var text = ""
      var done = 0
      var hasEnded = false
      for event in events[index] ?? [] {
        #expect(!hasEnded)
        switch event {
        case .prefill(let count, let total):
          #expect(text.isEmpty && count > done && total == completion.promptTokens.count)
          done = count
        case .token(_, let new):
          #expect(done == completion.promptTokens.count)
          text += new
        case .end(let reason):
          hasEnded = true
          #expect(reason == completion.finishReason)
        }
      }
      #expect(hasEnded && text == completion.text)
    }
  }

  /// Weights that change between completions, as in training, are always those of the moment.
  @Test func completionsFollowTheWeights() throws {
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
    let request = CompletionRequest(
      messages: [Message(.system, "Be brief."), Message(.user, "Hello")], maximumNewTokens: 12)
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
