/// A prompt to be completed.
public struct CompletionRequest: Sendable {
  public enum Prompt: Sendable, Equatable {
    /// A chat, which the model's template makes into tokens.
    case chat([Message], specialTokens: SpecialTokenPolicy = .plain)
    /// The model's own token ids, as they are.
    case tokens([Int])
  }

  public var prompt: Prompt
  public var maximumNewTokens: Int
  public var sampling: Sampling
  /// What the output must be; nil: whatever the model writes.
  public var constraint: OutputConstraint?
  /// False: a stop token is a token like any other, and the output ends at its limit only. For measurements.
  public var endsAtStopTokens: Bool

  public init(
    prompt: Prompt, maximumNewTokens: Int, sampling: Sampling = .greedy, constraint: OutputConstraint? = nil,
    endsAtStopTokens: Bool = true
  ) {
    self.prompt = prompt
    self.maximumNewTokens = maximumNewTokens
    self.sampling = sampling
    self.constraint = constraint
    self.endsAtStopTokens = endsAtStopTokens
  }

  /// Completes a chat.
  public init(
    messages: [Message], maximumNewTokens: Int, sampling: Sampling = .greedy,
    specialTokens: SpecialTokenPolicy = .plain, constraint: OutputConstraint? = nil
  ) {
    self.init(
      prompt: .chat(messages, specialTokens: specialTokens), maximumNewTokens: maximumNewTokens, sampling: sampling,
      constraint: constraint)
  }
}
