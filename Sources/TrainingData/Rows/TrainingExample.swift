/// A chat as a model is trained on it: token ids, and which of them the loss asks for.
public struct TrainingExample: Sendable, Equatable {
  /// What the chat asks of the model.
  public enum Task: String, Sendable, CaseIterable {
    /// An article's chunk in, its funding statements out.
    case extract
    /// A funding statement in, funders out.
    case parse
    /// Any other chat, from a `messages` file.
    case chat
  }

  /// Of the row that it was made from; a chunk's number may follow.
  public var id: String
  public var task: Task
  /// The whole chat, the template's tokens included. Training uses these ids and never encodes text again.
  public var tokens: [Int]
  /// Whether the loss asks for `tokens[i]` given those before it; as long as `tokens`.
  public var isSupervised: [Bool]
  /// What the answer is about, where that was asked for: the chunk of an article, or the statements.
  public var sources: [String]

  public init(id: String, task: Task, tokens: [Int], isSupervised: [Bool], sources: [String] = []) {
    precondition(tokens.count == isSupervised.count, "one mark a token")
    self.sources = sources
    self.id = id
    self.task = task
    self.tokens = tokens
    self.isSupervised = isSupervised
  }

  /// Tokens that the loss asks for. The first token of a chat has nothing before it and never counts.
  public var supervisedCount: Int { isSupervised.dropFirst().count { $0 } }
}
