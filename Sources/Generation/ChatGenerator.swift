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
