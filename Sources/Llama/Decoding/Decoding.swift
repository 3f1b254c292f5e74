import Constraints
import Foundation
import Generation
import Tokenizer
import Torch

/// One batch of completions: the prompts are read one after the other, then all sequences advance together, each with
/// its own cache, until the last has ended. A step chooses one token for each sequence; where a constraint leaves no
/// choice, the tokens that must come go through the model together in that step.
struct Decoding {
  let generator: LlamaGenerator
  /// Nil where the model's weights change between completions.
  let openings: PromptOpenings?
  /// Told what happened; throws to end everything.
  let report: (CompletionProgress) throws -> Void
  private var sequences: [Sequence] = []

  /// Planned tokens that one step reads at most, of a sequence and of all together: their logits stand side by side in
  /// memory.
  private static let mostPlannedTokens = 64
  private static let mostPlannedTokensInAll = 256

  init(
    generator: LlamaGenerator, openings: PromptOpenings?, report: @escaping (CompletionProgress) throws -> Void
  ) {
    self.generator = generator
    self.openings = openings
    self.report = report
  }

  private struct Sequence {
    let prompt: [Int]
    let maximumNewTokens: Int
    var sampler: Sampler
    var decoder: StreamingDecoder
    /// Nil: without a constraint.
    var guided: GuidedOutput?
    var cache: KVCache?
    var tokens: [ChosenToken] = []
    var text = ""
    var finishReason: FinishReason?
    var prefillSeconds = 0.0
    var decodeSeconds = 0.0
  }

  /// Planned tokens that a sequence's next step reads behind its last token. Where they end the output, the very last
  /// need not be read.
  ///
  /// - Parameter count: of the sequences that share the step.
  private func planned(_ sequence: Sequence, among count: Int) -> ArraySlice<Int> {
    guard generator.readsPlannedTokensTogether, let guided = sequence.guided else { return [] }
    let planned = guided.planned.prefix(min(Self.mostPlannedTokens, max(1, Self.mostPlannedTokensInAll / count)))
    return guided.isDecided && planned.count == guided.planned.count ? planned.dropLast() : planned
  }

  mutating func add(_ request: CompletionRequest, prompt: [Int]) throws {
    let room = generator.contextLength - prompt.count
    guard !prompt.isEmpty, room > 0, request.maximumNewTokens > 0 else {
      throw LlamaError(
        .prompt,
        "found a prompt of \(prompt.count) tokens and a limit of \(request.maximumNewTokens) new ones, expected at least one "
          + "of each within the model's context of \(generator.contextLength)")
    }
    let limit = min(request.maximumNewTokens, room)
    let guided = try request.constraint.map { constraint in
      try GuidedOutput(
        generator.constraintGuidance().engine.guide(for: constraint), tokenizer: generator.tokenizer, limit: limit)
    }
    sequences.append(
      Sequence(
        prompt: prompt, maximumNewTokens: limit, sampler: Sampler(request.sampling),
        decoder: StreamingDecoder(generator.tokenizer), guided: guided))
  }

  mutating func run() throws -> [Completion] {
    for index in sequences.indices { try prefill(index) }
    let start = ContinuousClock.now
    while true {
      let active = sequences.indices.filter { sequences[$0].finishReason == nil }
      if active.isEmpty { break }
      let step = active.map { index in
        let sequence = sequences[index]
        return (tokens: [sequence.tokens.last!.id] + planned(sequence, among: active.count), cache: sequence.cache!)
      }
      let hidden = try generator.model.forward(step)
      try settle(active, counts: step.map(\.tokens.count), generator.model.logits(hidden))
      let elapsed = (ContinuousClock.now - start).seconds
      for index in active { sequences[index].decodeSeconds = elapsed }
    }
    return sequences.map { sequence in
      Completion(
        text: sequence.text, tokens: sequence.tokens, finishReason: sequence.finishReason ?? .length,
        closedAtLimit: sequence.guided?.isClosing == true, promptTokenCount: sequence.prompt.count,
        prefillSeconds: sequence.prefillSeconds, decodeSeconds: sequence.decodeSeconds)
    }
  }

  /// Reads a prompt in blocks, its opening by itself, and the tokens that must come first with the last of them, and
  /// chooses a token.
  private mutating func prefill(_ index: Int) throws {
    let start = ContinuousClock.now
    let prompt = sequences[index].prompt
    let planned = planned(sequences[index], among: 1)
    let cache = try generator.model.makeCache(capacity: prompt.count + sequences[index].maximumNewTokens)
    sequences[index].cache = cache
    func read(_ tokens: ArraySlice<Int>) throws -> Tensor? {
      var hidden: Tensor?
      for first in stride(from: tokens.startIndex, to: tokens.endIndex, by: generator.prefillBlock) {
        let end = min(first + generator.prefillBlock, tokens.endIndex)
        let block = tokens[first..<end] + (end == prompt.count ? planned : [])
        hidden = try generator.model.forward([(Array(block), cache)])
        try report(CompletionProgress(request: index, event: .prefill(done: end, total: prompt.count)))
      }
      return hidden
    }
    let opening = generator.opening(of: prompt)
    if let openings {
      try openings.fill(cache, with: opening) { _ = try read(opening) }
    } else {
      _ = try read(opening)
    }
    let hidden = try read(prompt[opening.endIndex...])!
    let count = planned.count + 1
    let last = try hidden.sliced(hidden.size(0) - count..<hidden.size(0))  // [planned + 1, H]
    let logits = try generator.model.logits(last)
    sequences[index].prefillSeconds = (ContinuousClock.now - start).seconds
    try settle([index], counts: [count], logits)
  }

  /// Takes a token for each row: the planned one where there is one, else the chosen one.
  ///
  /// - Parameters:
  ///   - counts: of each listed sequence its number of rows.
  ///   - logits: [rows, V], the sequences one after the other.
  private mutating func settle(_ indices: [Int], counts: [Int], _ logits: Tensor) throws {
    let wide = try logits.to(.float32)
    let normalizers = try wide.logSumExp(-1).floats()
    let best = try wide.argmax(-1).to(device: .cpu).values(Int64.self)
    var row = 0
    for (index, count) in zip(indices, counts) {
      let rows = row..<row + count
      row += count
      let planned = sequences[index].guided?.planned.prefix(count).map(Int64.init) ?? []
      if !planned.isEmpty {
        let places = try Tensor(planned).to(device: wide.device).unsqueezed(1)
        let found = try wide[rows.prefix(planned.count)].gathering(places).floats()
        for (offset, logit) in found.enumerated() {
          guard let id = sequences[index].guided?.takePlanned() else { break }
          let normalizer = normalizers[rows.lowerBound + offset]
          try append(ChosenToken(id: id, logProbability: logit - normalizer, constrainedLogProbability: 0), to: index)
        }
      }
      if planned.count < count, sequences[index].finishReason == nil {
        let last = rows.upperBound - 1
        try choose(index, wide[last], normalizer: normalizers[last], best: Int(best[last]))
      }
    }
  }

  /// - Parameter logits: [V]
  private mutating func choose(_ index: Int, _ logits: Tensor, normalizer: Float, best: Int) throws {
    if let guided = sequences[index].guided {
      let choice = try generator.constraintGuidance().choice.choose(
        logits, normalizer: normalizer, best: best, among: guided.allowedTokens, with: &sequences[index].sampler)
      let remaining = sequences[index].maximumNewTokens - sequences[index].tokens.count - 1
      if sequences[index].guided?.append(choice.id, remaining: remaining) == true {
        return try append(
          ChosenToken(
            id: choice.id, logProbability: choice.logProbability, constrainedLogProbability: choice.constrained),
          to: index)
      }
      // Closed instead: the row is the first closing token's.
      guard let id = sequences[index].guided?.takePlanned() else {
        sequences[index].finishReason = .length
        return
      }
      let logit = try Float(logits.selected(id).item())
      return try append(
        ChosenToken(id: id, logProbability: logit - normalizer, constrainedLogProbability: 0), to: index)
    }
    let id: Int
    if sequences[index].sampler.sampling.temperature <= 0 {
      id = best
    } else {
      id = sequences[index].sampler.choose(try logits.floats())
    }
    let logit = try Float(logits.selected(id).item())
    try append(ChosenToken(id: id, logProbability: logit - normalizer), to: index)
  }

  private mutating func append(_ token: ChosenToken, to index: Int) throws {
    var token = token
    var text = ""
    if generator.stopTokens.contains(token.id) {
      sequences[index].finishReason = .stop
    } else {
      token.byteCount = generator.tokenizer.tokenBytes(token.id)?.count ?? 0
      text = sequences[index].decoder.append(token.id)
      if let guided = sequences[index].guided, guided.isComplete {
        sequences[index].finishReason = guided.isClosing ? .length : .stop
      } else if sequences[index].tokens.count + 1 >= sequences[index].maximumNewTokens {
        sequences[index].finishReason = .length
      }
    }
    sequences[index].tokens.append(token)
    if sequences[index].finishReason != nil {
      text += sequences[index].decoder.finish()
      sequences[index].cache = nil
    }
    sequences[index].text += text
    try report(CompletionProgress(request: index, event: .token(token, text: text)))
  }
}

extension Duration {
  /// As a Double, for figures.
  var seconds: Double {
    let parts = components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }
}
