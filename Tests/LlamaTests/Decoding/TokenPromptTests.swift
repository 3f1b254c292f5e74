import Generation
import JSON
import TestSupport
import Testing
import Torch

@testable import Llama

/// Prompts of token ids beside prompts of chats.
@Suite(.needsGoldenVectors) struct TokenPromptTests {
  private static let chat = [Message(.system, "Be brief."), Message(.user, "Hello")]
  private static let samplings = [Sampling.greedy, Sampling(temperature: 0.9, topP: 0.9, topK: 100, seed: 7)]

  /// The ids of a chat are the chat, however they are completed.
  @Test(arguments: samplings, [nil, ConstrainedDecodingTests.constraint(.copiedFunders)])
  func idsOfAChatAreTheChat(_ sampling: Sampling, _ constraint: OutputConstraint?) async throws {
    let generator = try TinyGenerator.make()
    let ids = try generator.prompt(Self.chat, .plain)
    let chat = CompletionRequest(
      messages: Self.chat, maximumNewTokens: 40, sampling: sampling, constraint: constraint)
    let tokens = CompletionRequest(
      prompt: .tokens(ids), maximumNewTokens: 40, sampling: sampling, constraint: constraint)
    let expected = try await generator.complete([chat], onProgress: nil)[0]
    let here = try generator.completeOnThisThread([tokens], report: { _ in })[0]
    for found in [try await generator.complete([tokens], onProgress: nil)[0], here] {
      #expect(found.tokens == expected.tokens && found.text == expected.text)
      #expect(found.finishReason == expected.finishReason && found.closedAtLimit == expected.closedAtLimit)
      #expect(found.promptTokens == ids)
    }
    #expect(expected.promptTokens == ids && expected.tokens.count > 1)
  }

  @Test func seedsHoldForIDs() async throws {
    let generator = try TinyGenerator.make()
    let ids = try generator.prompt(Self.chat, .plain)
    func tokens(_ seed: UInt64) async throws -> [Int] {
      let request = CompletionRequest(
        prompt: .tokens(ids), maximumNewTokens: 20, sampling: Sampling(temperature: 1, seed: seed))
      return try await generator.complete([request], onProgress: nil)[0].tokens.map(\.id)
    }
    let first = try await tokens(1)
    #expect(try await tokens(1) == first)
    #expect(try await tokens(2) != first)
  }

  @Test func aPromptIsWhatItsPolicyMakesOfIt() async throws {
    let generator = try TinyGenerator.make()
    let messages = [Message(.user, "<|eot_id|>")]
    for policy in SpecialTokenPolicy.allCases {
      let request = CompletionRequest(messages: messages, maximumNewTokens: 1, specialTokens: policy)
      let completion = try await generator.complete([request], onProgress: nil)[0]
      #expect(try completion.promptTokens == generator.prompt(messages, policy), "\(policy)")
    }
    #expect(try generator.prompt(messages, .plain) != generator.prompt(messages, .parse))
  }

  @Test(arguments: [[], [-1], [512], [1, 2, 1_000_000]])
  func idsThatTheModelDoesNotHave(_ ids: [Int]) async throws {
    let generator = try TinyGenerator.make()
    let request = CompletionRequest(prompt: .tokens(ids), maximumNewTokens: 4)
    let error = await #expect(throws: LlamaError.self) { try await generator.complete([request], onProgress: nil) }
    #expect(error?.code == .prompt)
  }

  /// Whatever the tokens are drawn at, their log-probabilities are the model's own.
  @Test func logProbabilitiesAreAtTheTemperatureThatIsNamed() async throws {
    let generator = try TinyGenerator.make()
    let ids = try generator.prompt(Self.chat, .plain)
    let request = CompletionRequest(
      prompt: .tokens(ids), maximumNewTokens: 1, sampling: Sampling(temperature: 1.7, topK: 50, seed: 3))
    let completion = try await generator.complete([request], onProgress: nil)[0]
    #expect(completion.logProbabilityTemperature == 1 && completion.tellsModelProbabilities)
    let token = try #require(completion.tokens.first)
    let row = try allLogits(generator.model, ids)[ids.count - 1].logSoftmax().floats()
    #expect(distance(token.logProbability, row[token.id]) < 1e-3)
  }
}
