/// A chat to be completed.
public struct CompletionRequest: Sendable {
  public var messages: [Message]
  public var maximumNewTokens: Int
  public var sampling: Sampling
  public var specialTokens: SpecialTokenPolicy
  /// What the output must be; nil: whatever the model writes.
  public var constraint: OutputConstraint?

  public init(
    messages: [Message], maximumNewTokens: Int, sampling: Sampling = .greedy,
    specialTokens: SpecialTokenPolicy = .plain, constraint: OutputConstraint? = nil
  ) {
    self.messages = messages
    self.maximumNewTokens = maximumNewTokens
    self.sampling = sampling
    self.specialTokens = specialTokens
    self.constraint = constraint
  }
}
