import Foundation
import Generation
import JSON
import ModelFiles
import TestSupport
import Testing
import Tokenizer
import Torch

@testable import Llama

/// Every way from one state of a sequence to the next, with logits made by hand.
@Suite(.needsGoldenVectors) struct DecodingSequenceTests {
  private let generator: LlamaGenerator

  init() throws { generator = try TinyGenerator.make() }

  private func sequence(
    _ prompt: [Int] = [1, 2, 3], limit: Int, constraint: OutputConstraint? = nil
  ) throws -> DecodingSequence {
    try DecodingSequence(
      CompletionRequest(prompt: .tokens(prompt), maximumNewTokens: limit, constraint: constraint), generator: generator)
  }

  /// A row for each of these tokens, in which its logit is far above the others.
  private func logits(_ tokens: [Int]) throws -> StepLogits {
    let width = generator.model.configuration.vocabularySize
    var values = [Float](repeating: 0, count: tokens.count * width)
    for (row, token) in tokens.enumerated() { values[row * width + token] = 20 }
    return StepLogits(try Tensor(values, shape: [tokens.count, width]))
  }

  private func start(_ sequence: inout DecodingSequence) throws {
    sequence.startWriting(try generator.model.makeCache(capacity: 1))
  }

  private func take(_ sequence: inout DecodingSequence, _ tokens: [Int]) throws {
    let question = sequence.question(rows: 0..<tokens.count)
    try sequence.take(logits(tokens).answers([question])[0]) { _, _ in }
  }

  /// Steps until the end; the model wants the same token always.
  /// - Returns: the states, each as often as a step ended in it.
  private func states(of sequence: inout DecodingSequence, wishing token: Int) throws -> [String] {
    var states = [name(sequence.state)]
    let first = sequence.plan(atMost: 4).count + 1
    try start(&sequence)
    try take(&sequence, Array(repeating: token, count: first))
    states.append(name(sequence.state))
    while let step = sequence.step(planningAtMost: 4) {
      try take(&sequence, Array(repeating: token, count: step.tokens.count))
      states.append(name(sequence.state))
    }
    return states
  }

  private func name(_ state: DecodingSequence.State) -> String {
    switch state {
    case .reading: "reading"
    case .writing: "writing"
    case .closing: "closing"
    case .done(let reason, let closedAtLimit): "done: \(reason)" + (closedAtLimit ? ", closed" : "")
    }
  }

  private let letter = Int(UInt8(ascii: "a"))  // among the byte tokens that come first in an order of their own

  @Test func aPromptIsReadBeforeAnythingIsWritten() throws {
    var sequence = try sequence(limit: 3)
    #expect(name(sequence.state) == "reading" && !sequence.isWriting)
    #expect(sequence.step(planningAtMost: 4) == nil)
    try start(&sequence)
    #expect(name(sequence.state) == "writing" && sequence.isWriting)
    #expect(sequence.step(planningAtMost: 4) == nil, "no token is chosen yet")
    try take(&sequence, [letter])
    #expect(name(sequence.state) == "writing")
    #expect(sequence.step(planningAtMost: 4)?.tokens == [letter])
  }

  @Test func theLimitEndsIt() throws {
    var one = try sequence(limit: 1)
    #expect(try states(of: &one, wishing: letter) == ["reading", "done: length"])
    var three = try sequence(limit: 3)
    #expect(try states(of: &three, wishing: letter) == ["reading", "writing", "writing", "done: length"])
    #expect(three.completion.tokens.map(\.id) == [letter, letter, letter])
    #expect(three.completion.finishReason == .length && !three.completion.closedAtLimit)
  }

  @Test func theContextEndsIt() throws {
    var sequence = try sequence(Array(repeating: 1, count: generator.contextLength - 2), limit: 100)
    #expect(sequence.maximumNewTokens == 2)
    #expect(try states(of: &sequence, wishing: letter) == ["reading", "writing", "done: length"])
  }

  @Test func aStopTokenEndsItAtOnce() throws {
    let stop = try #require(generator.stopTokens.first)
    var sequence = try sequence(limit: 5)
    #expect(try states(of: &sequence, wishing: stop) == ["reading", "done: stop"])
    let completion = sequence.completion
    #expect(completion.text == "" && completion.tokens.map(\.id) == [stop] && completion.tokens[0].byteCount == 0)
    #expect(completion.finishReason == .stop && !completion.closedAtLimit)
  }

  /// What cannot be closed any more behind the model's wish is closed without it, token by token.
  @Test func aConstraintClosesItNearTheLimit() throws {
    let shape = OutputShape.object([("name", .string(.free)), ("title", .nullOr(.string(.free)))])
    var sequence = try sequence(limit: 40, constraint: OutputConstraint(shape: shape))
    let states = try states(of: &sequence, wishing: letter)
    let kinds = states.reduce(into: [String]()) { kinds, state in if kinds.last != state { kinds.append(state) } }
    #expect(kinds == ["reading", "writing", "closing", "done: length, closed"])
    let completion = sequence.completion
    #expect(completion.finishReason == .length && completion.closedAtLimit && completion.tokens.count <= 40)
    let value = try JSON.parse(completion.text)
    #expect(value["name"]?.string?.contains("aaa") == true && value["title"]?.isNull == true)
    #expect(completion.tokens.last?.constrainedLogProbability == 0)
  }

  @Test func aConstraintThatIsFulfilledEndsIt() throws {
    let null = try #require(generator.tokenizer.encode("null", specialTokens: .plain).first)
    var sequence = try sequence(
      limit: 20, constraint: OutputConstraint(shape: .nullOr(.string(.copied(.words))), sources: ["yes"]))
    #expect(try states(of: &sequence, wishing: null).last == "done: stop")
    #expect(sequence.completion.text == "null" && !sequence.completion.closedAtLimit)
  }

  @Test func whatIsDoneStaysDone() throws {
    var sequence = try sequence(limit: 1)
    _ = try states(of: &sequence, wishing: letter)
    try start(&sequence)
    try take(&sequence, [letter])
    #expect(name(sequence.state) == "done: length" && sequence.tokens.count == 1)
  }

  /// Tokens without choice wait in a plan; the very last of an output is not read, as nothing follows it.
  @Test func plannedTokensAreTakenWithTheirRows() throws {
    let constraint = OutputConstraint(shape: .string(.copied(.lines)), sources: ["thanks the Wellcome Trust."])
    var sequence = try sequence(limit: 60, constraint: constraint)
    let plan = sequence.plan(atMost: 100)
    #expect(plan.count > 2)
    #expect(sequence.plan(atMost: 2).elementsEqual(plan.prefix(2)) && sequence.plan(atMost: 0).isEmpty)
    try start(&sequence)
    try take(&sequence, Array(repeating: letter, count: plan.count + 1))
    #expect(name(sequence.state) == "done: stop")
    #expect(sequence.text == #""thanks the Wellcome Trust.""#)
    #expect(sequence.tokens.map(\.id).starts(with: plan) && sequence.tokens.count == plan.count + 1)
    #expect(sequence.tokens.allSatisfy { $0.constrainedLogProbability == 0 && ($0.logProbability ?? 0) < 0 })
  }

  /// The same tokens, told at the temperature that they were drawn at.
  @Test func logProbabilitiesAtTheTemperature() throws {
    func completion(_ told: Sampling.LogProbabilities, temperature: Double) throws -> Completion {
      let sampling = Sampling(temperature: temperature, topP: 0.5, seed: 4, logProbabilitiesAt: told)
      var sequence = try DecodingSequence(
        CompletionRequest(prompt: .tokens([1]), maximumNewTokens: 3, sampling: sampling), generator: generator)
      _ = try states(of: &sequence, wishing: letter)
      return sequence.completion
    }
    let others = Double(generator.model.configuration.vocabularySize - 1)
    let model = try completion(.model, temperature: 4)
    let drawn = try completion(.temperature, temperature: 4)
    #expect(model.logProbabilityTemperature == 1 && drawn.logProbabilityTemperature == 4)
    #expect(model.tokens.map(\.id) == drawn.tokens.map(\.id))
    for (one, other) in zip(model.tokens, drawn.tokens) {
      let logit = one.id == letter ? 20.0 : 0
      #expect(abs(Double(one.logProbability!) - (logit - log(exp(20) + others))) < 1e-4)
      #expect(abs(Double(other.logProbability!) - (logit / 4 - log(exp(5) + others))) < 1e-4)
    }
    #expect(try completion(.temperature, temperature: 0).logProbabilityTemperature == 1)
  }

  @Test func samplingMustBeNumbers() throws {
    for sampling in [
      Sampling(temperature: .nan), Sampling(temperature: .infinity), Sampling(temperature: 1, topP: .nan),
    ] {
      #expect(throws: GenerationError.self) {
        try DecodingSequence(
          CompletionRequest(prompt: .tokens([1]), maximumNewTokens: 3, sampling: sampling), generator: generator)
      }
    }
  }

  @Test func seedsDecide() throws {
    func draws(_ seed: UInt64) throws -> [Int] {
      var sequence = try DecodingSequence(
        CompletionRequest(
          prompt: .tokens([1]), maximumNewTokens: 20, sampling: Sampling(temperature: 20, seed: seed)),
        generator: generator)
      _ = try states(of: &sequence, wishing: letter)
      return sequence.tokens.map(\.id)
    }
    #expect(try draws(1) == draws(1))
    #expect(try draws(1) != draws(2))
  }
}
