import Generation

/// A chat as a model is trained on it: token ids, and which of them the loss asks for.
public struct TrainingExample: Sendable, Equatable {
  /// Of the row that it was made from; a chunk's number may follow.
  public var id: String
  /// What the chat asks of the model; nil: anything else, from a `messages` file.
  public var task: Stage?
  /// The whole chat, the template's tokens included. Training uses these ids and never encodes text again.
  public var tokens: [Int]
  /// Whether the loss asks for `tokens[i]` given those before it; as long as `tokens`.
  public var isSupervised: [Bool]
  /// What the answer is about, where that was asked for: the chunk of an article, or the statements.
  public var sources: [String]

  public init(id: String, task: Stage?, tokens: [Int], isSupervised: [Bool], sources: [String] = []) {
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

extension Stage? {
  /// What rows ask of the model, in the order of reports.
  public static var tasks: [Stage?] { [.statements, .funders, nil] }

  /// As data files, reports and flags spell it: `extract`, `parse` or `chat`.
  public var taskName: String {
    switch self {
    case .statements: "extract"
    case .funders: "parse"
    case nil: "chat"
    }
  }

  /// What has this name; nil if nothing has.
  public static func task(named name: String) -> Stage?? { tasks.first { $0.taskName == name } }
}
