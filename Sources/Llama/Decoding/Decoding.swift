import Generation
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
  private var sequences: [DecodingSequence]

  /// Planned tokens that one step reads at most, of a sequence and of all together: their logits stand side by side in
  /// memory.
  private static let mostPlannedTokens = 64
  private static let mostPlannedTokensInAll = 256

  /// - Throws: `LlamaError` of code `.prompt`, before anything is read, where a request leaves no room for an output.
  init(
    _ requests: [CompletionRequest], generator: LlamaGenerator, openings: PromptOpenings?,
    report: @escaping (CompletionProgress) throws -> Void
  ) throws {
    self.generator = generator
    self.openings = openings
    self.report = report
    sequences = try requests.map { try DecodingSequence($0, generator: generator) }
  }

  mutating func run() throws -> [Completion] {
    try prefill()
    let start = ContinuousClock.now
    while true {
      let active = sequences.indices.filter { sequences[$0].isWriting }
      if active.isEmpty { break }
      let most = mostPlanned(among: active.count)
      let steps = active.compactMap { sequences[$0].step(planningAtMost: most) }
      let hidden = try generator.model.forward(steps)
      try take(active, counts: steps.map(\.tokens.count), generator.model.logits(hidden))
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      for index in active { sequences[index].decodeSeconds = elapsed }
    }
    return sequences.map(\.completion)
  }

  /// - Parameter count: of the sequences that share the step.
  private func mostPlanned(among count: Int) -> Int {
    guard generator.readsPlannedTokensTogether else { return 0 }
    return min(Self.mostPlannedTokens, max(1, Self.mostPlannedTokensInAll / count))
  }

  private mutating func prefill() throws {
    let caches = try generator.model.makeCaches(capacities: sequences.map { $0.prompt.count + $0.maximumNewTokens })
    for (index, cache) in caches.enumerated() { try prefill(index, into: cache) }
  }

  /// Reads a prompt in blocks, its opening by itself, and the tokens that must come first with the last of them, and
  /// chooses a token.
  private mutating func prefill(_ index: Int, into cache: KVCache) throws {
    let start = ContinuousClock.now
    let prompt = sequences[index].prompt
    let planned = sequences[index].plan(atMost: mostPlanned(among: 1))
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
    sequences[index].prefillSeconds = (ContinuousClock.now - start) / .seconds(1)
    sequences[index].startWriting(cache)
    try take([index], counts: [count], logits)
  }

  /// Hands each sequence its rows.
  ///
  /// - Parameters:
  ///   - counts: of each listed sequence its number of rows.
  ///   - logits: [rows, V], the sequences one after the other.
  private mutating func take(_ indices: [Int], counts: [Int], _ logits: Tensor) throws {
    var row = 0
    var questions: [RowQuestions] = []
    for (index, count) in zip(indices, counts) {
      questions.append(sequences[index].question(rows: row..<row + count))
      row += count
    }
    for (index, answers) in try zip(indices, StepLogits(logits).answers(questions)) {
      try sequences[index].take(answers) { [report] token, text in
        try report(CompletionProgress(request: index, event: .token(token, text: text)))
      }
    }
  }
}
