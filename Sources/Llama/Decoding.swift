import Foundation
import Generation
import Tokenizer
import Torch

/// One batch of completions: the prompts are read one after the other, then all sequences advance together by a token a
/// step, each with its own cache, until the last has ended.
struct Decoding {
  let generator: LlamaGenerator
  /// Told what happened; throws to end everything.
  let report: (CompletionProgress) throws -> Void
  private var sequences: [Sequence] = []

  init(generator: LlamaGenerator, report: @escaping (CompletionProgress) throws -> Void) {
    self.generator = generator
    self.report = report
  }

  private struct Sequence {
    let prompt: [Int]
    let maximumNewTokens: Int
    var sampler: Sampler
    var decoder: StreamingDecoder
    var cache: KVCache?
    var tokens: [ChosenToken] = []
    var text = ""
    var finishReason: FinishReason?
    var prefillSeconds = 0.0
    var decodeSeconds = 0.0
  }

  mutating func add(prompt: [Int], sampling: Sampling, maximumNewTokens: Int) throws {
    let room = generator.contextLength - prompt.count
    guard !prompt.isEmpty, room > 0, maximumNewTokens > 0 else {
      throw LlamaError(
        .prompt,
        "found a prompt of \(prompt.count) tokens and a limit of \(maximumNewTokens) new ones, expected at least one "
          + "of each within the model's context of \(generator.contextLength)")
    }
    sequences.append(
      Sequence(
        prompt: prompt, maximumNewTokens: min(maximumNewTokens, room), sampler: Sampler(sampling),
        decoder: StreamingDecoder(generator.tokenizer)))
  }

  mutating func run() throws -> [Completion] {
    for index in sequences.indices { try prefill(index) }
    let start = ContinuousClock.now
    while true {
      let active = sequences.indices.filter { sequences[$0].finishReason == nil }
      if active.isEmpty { break }
      let step = active.map { (tokens: [sequences[$0].tokens.last!.id], cache: sequences[$0].cache!) }
      try choose(active, generator.model.logits(generator.model.forward(step)))
      let elapsed = (ContinuousClock.now - start).seconds
      for index in active { sequences[index].decodeSeconds = elapsed }
    }
    return sequences.map { sequence in
      Completion(
        text: sequence.text, tokens: sequence.tokens, finishReason: sequence.finishReason ?? .length,
        promptTokenCount: sequence.prompt.count, prefillSeconds: sequence.prefillSeconds,
        decodeSeconds: sequence.decodeSeconds)
    }
  }

  /// Reads a prompt in blocks and chooses the first new token.
  private mutating func prefill(_ index: Int) throws {
    let start = ContinuousClock.now
    let prompt = sequences[index].prompt
    let cache = try generator.model.makeCache(capacity: prompt.count + sequences[index].maximumNewTokens)
    sequences[index].cache = cache
    var hidden: Tensor?
    for first in stride(from: 0, to: prompt.count, by: generator.prefillBlock) {
      let block = Array(prompt[first..<min(first + generator.prefillBlock, prompt.count)])
      hidden = try generator.model.forward([(block, cache)])
      try report(
        CompletionProgress(request: index, event: .prefill(done: first + block.count, total: prompt.count)))
    }
    let last = try hidden!.sliced(hidden!.size(0) - 1..<hidden!.size(0))  // [1, H]
    let logits = try generator.model.logits(last)
    sequences[index].prefillSeconds = (ContinuousClock.now - start).seconds
    try choose([index], logits)
  }

  /// Chooses the next token of each listed sequence. `logits` [sequences, V]
  private mutating func choose(_ indices: [Int], _ logits: Tensor) throws {
    let wide = try logits.to(.float32)
    let normalizers = try wide.logSumExp(-1).floats()
    let best = try wide.argmax(-1).to(device: .cpu).values(Int64.self)
    for (row, index) in indices.enumerated() {
      let id: Int
      if sequences[index].sampler.sampling.temperature <= 0 {
        id = Int(best[row])
      } else {
        id = sequences[index].sampler.choose(try wide[row].floats())
      }
      let logit = try Float(wide[row].selected(id).item())
      let token = ChosenToken(id: id, logProbability: logit - normalizers[row])
      try append(token, to: index)
    }
  }

  private mutating func append(_ token: ChosenToken, to index: Int) throws {
    sequences[index].tokens.append(token)
    var text = ""
    if generator.stopTokens.contains(token.id) {
      sequences[index].finishReason = .stop
    } else {
      text = sequences[index].decoder.append(token.id)
      if sequences[index].tokens.count >= sequences[index].maximumNewTokens {
        sequences[index].finishReason = .length
      }
    }
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
