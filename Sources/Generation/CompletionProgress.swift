/// A step of a running completion, for streaming and progress.
public struct CompletionProgress: Sendable {
  public enum Event: Sendable, Equatable {
    /// So many tokens of the prompt have been read.
    case prefill(done: Int, total: Int)
    /// A token was chosen; `text` is what became decodable with it (may be empty inside a multi-byte character).
    case token(ChosenToken, text: String)
    /// The completion has ended.
    case end(FinishReason)
  }
  /// Index of the request in the batch.
  public var request: Int
  public var event: Event

  public init(request: Int, event: Event) {
    self.request = request
    self.event = event
  }
}
