/// Why a completion ended.
public enum FinishReason: String, Sendable {
  /// The model wrote a stop token, or the constraint left nothing more to write.
  case stop
  /// The token limit or the model's context was reached.
  case length
}

/// A token that the model chose.
public struct ChosenToken: Sendable, Equatable {
  public var id: Int
  /// Natural logarithm of its probability under the model, before top-p and top-k, at the temperature that the
  /// completion names; nil where the generator does not tell it.
  public var logProbability: Float?
  /// The same among the tokens that the constraint allowed; 0 where it left one. Without a constraint the same number.
  public var constrainedLogProbability: Float?
  /// Bytes of the output that the token stands for; 0 for a stop token.
  public var byteCount: Int

  /// A token that was chosen among all.
  public init(id: Int, logProbability: Float?, byteCount: Int = 0) {
    self.init(
      id: id, logProbability: logProbability, constrainedLogProbability: logProbability, byteCount: byteCount)
  }

  public init(id: Int, logProbability: Float?, constrainedLogProbability: Float?, byteCount: Int = 0) {
    self.id = id
    self.logProbability = logProbability
    self.constrainedLogProbability = constrainedLogProbability
    self.byteCount = byteCount
  }
}

/// A finished completion.
public struct Completion: Sendable {
  /// The decoded text, without the stop token; nothing is trimmed or cleaned up.
  public var text: String
  /// The chosen tokens, the stop token included when there was one.
  public var tokens: [ChosenToken]
  public var finishReason: FinishReason
  /// Whether the constraint closed the output because the limit came near: it is well formed, but the model had more to
  /// say.
  public var closedAtLimit: Bool
  /// Ids of the whole prompt, template included.
  public var promptTokens: [Int]
  /// What the logits were divided by before the tokens' log-probabilities were taken: 1 for those of the model itself,
  /// whatever the tokens were drawn at.
  public var logProbabilityTemperature: Double
  /// Seconds spent on the prompt and on the new tokens.
  public var prefillSeconds: Double
  public var decodeSeconds: Double

  public init(
    text: String, tokens: [ChosenToken], finishReason: FinishReason, closedAtLimit: Bool = false,
    promptTokens: [Int], logProbabilityTemperature: Double = 1, prefillSeconds: Double = 0, decodeSeconds: Double = 0
  ) {
    self.text = text
    self.tokens = tokens
    self.finishReason = finishReason
    self.closedAtLimit = closedAtLimit
    self.promptTokens = promptTokens
    self.logProbabilityTemperature = logProbabilityTemperature
    self.prefillSeconds = prefillSeconds
    self.decodeSeconds = decodeSeconds
  }

  /// Whether the log-probabilities are those of the model itself, which confidences and records speak of.
  public var tellsModelProbabilities: Bool { logProbabilityTemperature == 1 }

  /// Sum of the tokens' log-probabilities; nil where there is no token, or where that of one is not known.
  public var logProbability: Double? { sum(\.logProbability) }

  /// Sum of the tokens' log-probabilities among those that the constraint allowed; nil as above.
  public var constrainedLogProbability: Double? { sum(\.constrainedLogProbability) }

  private func sum(_ logProbability: (ChosenToken) -> Float?) -> Double? {
    var sum: Double?
    for token in tokens {
      guard let term = logProbability(token) else { return nil }
      sum = (sum ?? 0) + Double(term)
    }
    return sum
  }
}
