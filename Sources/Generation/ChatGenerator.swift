/// Something that completes chats: the local model, or a server.
public protocol ChatGenerator: PromptTokenizer {
  /// What produces the completions, for the records: model name, hashes, adapters and so on, in order.
  var provenance: [(key: String, value: String)] { get }

  /// Completes all requests; the results are in the order of the requests.
  /// `onProgress` is called from the generating thread; returning false cancels all with `CancellationError`.
  func complete(
    _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
  ) async throws -> [Completion]
}
