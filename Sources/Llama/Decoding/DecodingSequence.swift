import Constraints
import Generation
import Text
import Tokenizer
import Torch

/// One sequence of a batch: it plans the tokens that must come, chooses the others, and knows where it stands.
struct DecodingSequence {
  enum State {
    /// Nothing is chosen yet: the prompt is still to be read.
    case reading
    /// The model writes. The cache holds all but the last token.
    case writing(KVCache)
    /// The limit is near: what closes the output is written, without a choice.
    case closing(KVCache)
    case done(FinishReason, closedAtLimit: Bool)
  }

  let prompt: [Int]
  /// Those that the request asks for, fewer where the model's context ends before.
  let maximumNewTokens: Int
  private(set) var state = State.reading
  private(set) var tokens: [ChosenToken] = []
  private(set) var text = ""
  var prefillSeconds = 0.0
  var decodeSeconds = 0.0

  private let generator: LlamaGenerator
  private let endsAtStopTokens: Bool
  private let sampling: Sampling
  /// Of each draw its uniform number.
  private var random: SplitMix64
  private var decoder: StreamingDecoder
  /// Nil: without a constraint.
  private var guided: GuidedOutput?

  /// - Throws: `LlamaError` of code `.prompt` where prompt and limit leave no room for an output.
  init(_ request: CompletionRequest, generator: LlamaGenerator) throws {
    prompt = try generator.tokens(of: request.prompt)
    let room = generator.contextLength - prompt.count
    guard !prompt.isEmpty, room > 0, request.maximumNewTokens > 0 else {
      throw LlamaError(
        .prompt,
        "found a prompt of \(prompt.count) tokens and a limit of \(request.maximumNewTokens) new ones, expected at least "
          + "one of each within the model's context of \(generator.contextLength)")
    }
    try request.sampling.check()
    let limit = min(request.maximumNewTokens, room)
    maximumNewTokens = limit
    self.generator = generator
    endsAtStopTokens = request.endsAtStopTokens
    sampling = request.sampling
    random = SplitMix64(state: sampling.seed)
    decoder = StreamingDecoder(generator.tokenizer)
    guided = try request.constraint.map { constraint in
      try GuidedOutput(
        generator.constraintGuidance().engine.guide(for: constraint), tokenizer: generator.tokenizer, limit: limit)
    }
  }

  var completion: Completion {
    var (reason, isClosed) = (FinishReason.length, false)
    if case .done(let finishReason, let closedAtLimit) = state { (reason, isClosed) = (finishReason, closedAtLimit) }
    return Completion(
      text: text, tokens: tokens, finishReason: reason, closedAtLimit: isClosed, promptTokens: prompt,
      logProbabilityTemperature: sampling.logProbabilityTemperature, prefillSeconds: prefillSeconds,
      decodeSeconds: decodeSeconds)
  }

  // MARK: Steps

  /// Planned tokens that the next step reads behind what it must read. Where they end the output, the very last need
  /// not be read.
  func plan(atMost most: Int) -> ArraySlice<Int> {
    guard let guided, generator.readsPlannedTokensTogether else { return [] }
    let planned = guided.planned.prefix(most)
    return guided.isDecided && planned.count == guided.planned.count ? planned.dropLast() : planned
  }

  /// What the next step puts through the model: the last token and planned ones behind it. Nil where nothing is written
  /// yet or any more.
  func step(planningAtMost most: Int) -> (tokens: [Int], cache: KVCache)? {
    guard let cache, let last = tokens.last else { return nil }
    return ([last.id] + plan(atMost: most), cache)
  }

  /// Whether a next step is to come.
  var isWriting: Bool { cache != nil }

  var isReading: Bool { if case .reading = state { true } else { false } }

  var hasEnded: Bool { if case .done = state { true } else { false } }

  private var cache: KVCache? {
    switch state {
    case .writing(let cache), .closing(let cache): cache
    case .reading, .done: nil
    }
  }

  /// The prompt has been read into a cache: the next row of logits is the first new token's.
  mutating func startWriting(_ cache: KVCache) {
    guard case .reading = state else { return }
    state = .writing(cache)
  }

  /// What the sequence wants to know of its rows of a step: the planned tokens' log-probabilities, and a token that is
  /// chosen where one row is more. Asked once for each step: a draw uses up a random number.
  ///
  /// - Parameter rows: where they are in the step, as many as the tokens of `step(planningAtMost:)`.
  mutating func question(rows: Range<Int>) -> RowQuestions {
    let planned = isWriting ? Array(guided?.planned.prefix(rows.count) ?? []) : []
    var choice: TokenChoice?
    if isWriting, planned.count < rows.count {
      // Planned tokens are part of what the guide has seen: these are the tokens behind them.
      choice = TokenChoice(
        allowed: guided?.allowedTokens, sampling: sampling,
        uniform: sampling.temperature > 0 ? random.nextUniform() : 0)
    }
    return RowQuestions(
      rows: rows, planned: planned, choice: choice, logProbabilityTemperature: sampling.logProbabilityTemperature)
  }

  /// Takes a token for each row of a step: the planned one where there is one, else the one that was chosen.
  ///
  /// - Parameter report: told each token and the text that became decodable with it.
  mutating func take(_ answers: RowAnswers, report: (ChosenToken, String) throws -> Void) throws {
    for logProbability in answers.planned {
      guard isWriting, let id = guided?.takePlanned() else { break }
      try append(ChosenToken(id: id, logProbability: logProbability, constrainedLogProbability: 0), report)
    }
    guard isWriting, let chosen = answers.chosen, let token = try accept(chosen, answers) else { return }
    try append(token, report)
  }

  /// The chosen token, or the first of those that close the output. Nil where the output ends without a token.
  private mutating func accept(_ chosen: RowAnswer, _ answers: RowAnswers) throws -> ChosenToken? {
    if guided?.append(chosen.id, remaining: maximumNewTokens - tokens.count - 1) == false {
      // It could not be closed any more behind that token: the row is the first closing token's.
      if let cache { state = .closing(cache) }
      guard let id = guided?.takePlanned() else {
        finish(.length)
        return nil
      }
      return ChosenToken(
        id: id, logProbability: try answers.logProbability(of: id), constrainedLogProbability: 0)
    }
    return ChosenToken(
      id: chosen.id, logProbability: chosen.logProbability,
      constrainedLogProbability: chosen.constrainedLogProbability)
  }

  private mutating func append(_ token: ChosenToken, _ report: (ChosenToken, String) throws -> Void) throws {
    var token = token
    let isStop = endsAtStopTokens && generator.stopTokens.contains(token.id)
    if !isStop { token.byteCount = generator.tokenizer.tokenBytes(token.id)?.count ?? 0 }
    var new = isStop ? "" : decoder.append(token.id)
    tokens.append(token)
    text += new
    if isStop {
      new += finish(.stop)
    } else if guided?.isComplete == true {
      if case .closing = state { new += finish(.length) } else { new += finish(.stop) }
    } else if tokens.count >= maximumNewTokens {
      new += finish(.length)
    }
    try report(token, new)
  }

  /// Ends the sequence, and lets go of its cache.
  ///
  /// - Returns: what was left to decode.
  @discardableResult
  private mutating func finish(_ reason: FinishReason) -> String {
    let rest = decoder.finish()
    text += rest
    if case .closing = state {
      state = .done(reason, closedAtLimit: true)
    } else {
      state = .done(reason, closedAtLimit: false)
    }
    return rest
  }
}
