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
  /// Natural logarithm of its probability under the model (temperature 1, before top-p and top-k).
  public var logProbability: Float
  /// The same among the tokens that the constraint allowed; 0 where it left one. Without a constraint the same number.
  public var constrainedLogProbability: Float
  /// Bytes of the output that the token stands for; 0 for a stop token.
  public var byteCount: Int

  public init(id: Int, logProbability: Float, constrainedLogProbability: Float? = nil, byteCount: Int = 0) {
    self.id = id
    self.logProbability = logProbability
    self.constrainedLogProbability = constrainedLogProbability ?? logProbability
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
  /// Whether the constraint closed the output because the limit came near: it is well formed, but the model had more to say.
  public var closedAtLimit: Bool
  public var promptTokenCount: Int
  /// Seconds spent on the prompt and on the new tokens.
  public var prefillSeconds: Double
  public var decodeSeconds: Double

  public init(
    text: String, tokens: [ChosenToken], finishReason: FinishReason, closedAtLimit: Bool = false,
    promptTokenCount: Int, prefillSeconds: Double = 0, decodeSeconds: Double = 0
  ) {
    self.text = text
    self.tokens = tokens
    self.finishReason = finishReason
    self.closedAtLimit = closedAtLimit
    self.promptTokenCount = promptTokenCount
    self.prefillSeconds = prefillSeconds
    self.decodeSeconds = decodeSeconds
  }
}
