import Generation
import JSON
import Synchronization

/// Writes down what another generator is asked and answers, a line of JSON for each completion: so that other programs
/// can be given the same prompts.
final class TracingGenerator: ChatGenerator {
  private let generator: any ChatGenerator
  private let file: Mutex<OutputFile>

  init(_ generator: any ChatGenerator, to file: sending OutputFile) {
    self.generator = generator
    self.file = Mutex(file)
  }

  var provenance: [(key: String, value: String)] { generator.provenance }
  var contextLength: Int { generator.contextLength }

  func tokenOffsets(in text: String) throws -> [Int] { try generator.tokenOffsets(in: text) }

  func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) throws -> Int {
    try generator.promptTokenCount(of: messages, specialTokens: specialTokens)
  }

  func complete(
    _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
  ) async throws -> [Completion] {
    let completions = try await generator.complete(requests, onProgress: onProgress)
    let lines = zip(requests, completions).map { request, completion in
      JSON.object([
        ("prompt", .array(completion.promptTokens.map { .number($0) })),
        ("maximum_new_tokens", .number(request.maximumNewTokens)),
        ("output", .array(completion.tokens.map { .number($0.id) })), ("text", .string(completion.text)),
        ("finish_reason", .string(completion.finishReason.rawValue)),
      ]).text() + "\n"
    }
    try file.withLock { try $0.write(lines.joined()) }
    return completions
  }
}
