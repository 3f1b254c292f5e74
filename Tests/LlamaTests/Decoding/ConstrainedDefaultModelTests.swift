import Constraints
import Foundation
import Generation
import JSON
import ModelFiles
import TestSupport
import Testing
import Tokenizer
import Torch

@testable import Llama

/// The real SmolLM2-135M-Instruct under constraints.
@Suite(.serialized, .enabled(if: Golden.isPresent && Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
struct ConstrainedDefaultModelTests {
  private static let statement = """
    The authors thank the Deutsche Forschungsgemeinschaft (DFG, project 12345678) within the Priority Programme SPP 1999, \
    and the Fundação para a Ciência e a Tecnologia (grant PTDC/MAT/12345/2020).
    """
  private static let article = """
    # Peat

    We measured the water. The code is at example.org.

    This work was supported by the Moss Fund (grant M-1) and by the "Fen\\Bog" programme of the Société des Tourbières (no.
    98/765-4). We thank everyone who dug.
    """

  private static func requests() -> [CompletionRequest] {
    let prompts = [
      "Copy the funding statements out of this text as JSON {\"statements\": [...]}:\n\n" + article,
      "Extract funding information from the following statement:\n\n" + statement,
    ]
    let constraints = [
      OutputConstraint(shape: TestShape.statements(.copied(.sentences)), sources: [article], foldsLines: true),
      OutputConstraint(shape: TestShape.statements(.free)),
      OutputConstraint(
        shape: TestShape.funders(ids: .copied(.words), values: .copied(.words)), sources: [statement]),
      OutputConstraint(shape: TestShape.funders(ids: .copied(.words), values: .free), sources: [statement]),
    ]
    return constraints.enumerated().map { index, constraint in
      CompletionRequest(
        messages: [
          Message(.system, "Given a funding statement, return ONLY a JSON array of its funders with their awards."),
          Message(.user, prompts[index < 2 ? 0 : 1]),
        ], maximumNewTokens: 60, constraint: constraint)
    }
  }

  /// The output is the same whether tokens without choice are read together or one by one.
  @Test func plannedTokensTogetherOrOneByOne() async throws {
    let together = try DefaultModelTests.generator.get()
    let oneByOne = try LlamaGenerator(
      model: together.model, tokenizer: together.tokenizer, template: together.template,
      stopTokens: together.stopTokens, readsPlannedTokensTogether: false)
    let requests = Self.requests()
    let first = try await together.complete(requests, onProgress: nil)
    let second = try await oneByOne.complete(requests, onProgress: nil)
    for (a, b) in zip(first, second) {
      expectSameGreedyText(a, b)
      _ = try JSON.parse(a.text)
    }
    #expect(first.contains { $0.text.utf8.count > 80 }, "\(first.map(\.text))")
  }

  /// Probabilities under the constraint are those under the model over the share of what is allowed.
  @Test func logProbabilitiesAreRenormalised() async throws {
    let generator = try DefaultModelTests.generator.get()
    let free = CompletionRequest(messages: [Message(.user, "Say yes or no.")], maximumNewTokens: 1)
    var held = free
    held.maximumNewTokens = 8
    held.constraint = OutputConstraint(shape: .nullOr(.string(.copied(.words))), sources: ["yes"])
    let choice = try await generator.complete([held], onProgress: nil)[0].tokens[0]
    // At the beginning `null` and a string are allowed: their tokens, by the model's own logits.
    let prompt = try generator.tokens(of: held.prompt)
    let tokens = (0..<generator.tokenizer.vocabularySize).filter { id in
      guard !generator.tokenizer.isAddedToken(id), let bytes = generator.tokenizer.tokenBytes(id) else { return false }
      return ["null", "\"yes\""].contains { $0.utf8.starts(with: bytes) } && !bytes.isEmpty
    }
    let logits = try await generator.onWorker { generator in
      let hidden = try generator.model.forward([(prompt, generator.model.makeCache(capacity: prompt.count))])
      return try generator.model.logits(hidden.sliced(prompt.count - 1..<prompt.count)).logSoftmax()[0].floats()
    }
    let share = tokens.reduce(0.0) { $0 + exp(Double(logits[$1])) }
    #expect(tokens.contains(choice.id))
    #expect(tokens.allSatisfy { logits[$0] <= logits[choice.id] + 1e-3 })
    #expect(distance(choice.logProbability, logits[choice.id]) < 1e-3)
    #expect(distance(choice.constrainedLogProbability, Float(Double(logits[choice.id]) - log(share))) < 1e-3)
  }

  /// Large sets of allowed tokens go another way than lists: both are the same as the plain sum.
  @Test func largeSetsAreRenormalisedToo() async throws {
    let generator = try DefaultModelTests.generator.get()
    let request = CompletionRequest(
      messages: [Message(.user, "Write a string in JSON.")], maximumNewTokens: 12,
      constraint: OutputConstraint(shape: .string(.free)))
    let completion = try await generator.complete([request], onProgress: nil)[0]
    let ids = completion.tokens.map(\.id)
    let prompt = try generator.tokens(of: request.prompt)
    let rows = try await generator.onWorker { generator in
      let all = prompt + ids
      let hidden = try generator.model.forward([(all, generator.model.makeCache(capacity: all.count))])
      return try (prompt.count - 1..<all.count - 1).map {
        try generator.model.logits(hidden.sliced($0..<$0 + 1)).logSoftmax()[0].floats()
      }
    }
    var guide = try generator.constraintGuidance().engine.guide(for: #require(request.constraint))
    for (token, row) in zip(completion.tokens, rows) {
      let allowed = guide.allowedTokens().tokens
      let share = allowed.reduce(0.0) { $0 + exp(Double(row[$1])) }
      #expect(distance(token.constrainedLogProbability, Float(Double(row[token.id]) - log(share))) < 2e-3)
      if !completion.closedAtLimit { #expect(allowed.allSatisfy { row[$0] <= row[token.id] + 1e-3 }) }
      guide.append(generator.tokenizer.tokenBytes(token.id) ?? [])
    }
  }
}
