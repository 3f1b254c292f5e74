/// One message of a chat.
public struct Message: Sendable, Equatable {
  public enum Role: String, Sendable { case system, user, assistant }

  public var role: Role
  public var content: String

  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}

/// What special-token strings (`<|eot_id|>`, `<|im_end|>`) inside message text mean.
public enum SpecialTokenPolicy: String, Sendable, CaseIterable {
  /// They are ordinary text, so that an article cannot end its own message.
  case plain
  /// They become the special tokens, as transformers' chat templates do.
  case parse
}

/// How the next token is chosen.
public struct Sampling: Sendable, Equatable {
  /// 0 means greedy: the most probable token, the lowest id on a tie.
  public var temperature: Double
  /// The smallest set of tokens whose probability reaches this is kept; 1 keeps all.
  public var topP: Double
  /// Only the most probable `topK` tokens are kept; 0 keeps all. Applied before `topP`.
  public var topK: Int
  /// Seeds the draw. The same seed, request and model give the same tokens on the same machine.
  public var seed: UInt64

  public static let greedy = Sampling()

  public init(temperature: Double = 0, topP: Double = 1, topK: Int = 0, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.seed = seed
  }
}

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
  /// Whether the constraint closed the output because the limit came near: it is well formed, but the model had more to
  /// say.
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

/// A step of a running completion, for streaming and progress.
public struct CompletionProgress: Sendable {
  public enum Event: Sendable, Equatable {
    /// So many tokens of the prompt have been read.
    case prefill(done: Int, total: Int)
    /// A token was chosen; `text` is what became decodable with it (may be empty inside a multi-byte character).
    case token(ChosenToken, text: String)
  }
  /// Index of the request in the batch.
  public var request: Int
  public var event: Event

  public init(request: Int, event: Event) {
    self.request = request
    self.event = event
  }
}

/// Something that completes chats: the local model, or a server.
public protocol ChatGenerator: Sendable {
  /// Most tokens that prompt and completion may have together.
  var contextLength: Int { get }

  /// What produces the completions, for the records: model name, hashes, adapters and so on, in order.
  var provenance: [(key: String, value: String)] { get }

  /// Where the model's own tokens begin in a text, as UTF-8 offsets in ascending order; the first is 0.
  /// Special-token strings count as ordinary text. Empty for an empty text.
  func tokenOffsets(in text: String) throws -> [Int]

  /// Number of tokens of the whole prompt that these messages make, template included.
  func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) throws -> Int

  /// Completes all requests; the results are in the order of the requests.
  /// `onProgress` is called from the generating thread; returning false cancels all with `CancellationError`.
  func complete(
    _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
  ) async throws -> [Completion]
}
