import Constraints
import Foundation
import Generation
import ModelFiles
import Synchronization
import Tokenizer
import Torch

/// Completes chats with a model on this machine.
public final class LlamaGenerator: ChatGenerator {
  public let model: LlamaModel
  public let tokenizer: Tokenizer
  public let template: ChatTemplate
  public let stopTokens: Set<Int>
  public let provenance: [(key: String, value: String)]
  /// What a person should know of the model's and the adapters' files, a sentence each.
  public let warnings: [String]
  /// Prompt tokens that go through the model together.
  public let prefillBlock: Int
  /// Whether the tokens that a constraint leaves no choice for go through the model together. The output is the same
  /// either way; one by one is slower.
  public let readsPlannedTokensTogether: Bool
  private let endOfTurn: Int?
  private let guidance = Mutex<Guidance?>(nil)
  private let openings = PromptOpenings()
  private let worker = WorkerThread(name: "patron.generate")

  /// - Parameters:
  ///   - stopTokens: ids that end a completion, besides the template's own end-of-turn token.
  ///   - provenance: what the records say of this model.
  ///   - warnings: what a person should know of the files.
  ///   - prefillBlock: nil: 512 on a CPU, 8192 on a GPU.
  ///   - readsPlannedTokensTogether: false is for tests and measurements.
  public init(
    model: LlamaModel, tokenizer: Tokenizer, template: ChatTemplate, stopTokens: some Sequence<Int>,
    provenance: [(key: String, value: String)] = [], warnings: [String] = [], prefillBlock: Int? = nil,
    readsPlannedTokensTogether: Bool = true
  ) throws {
    guard tokenizer.vocabularySize <= model.configuration.vocabularySize else {
      throw LlamaError(
        .model,
        "found a tokenizer of \(tokenizer.vocabularySize) tokens for a model of \(model.configuration.vocabularySize): "
          + "they do not belong together")
    }
    self.model = model
    self.tokenizer = tokenizer
    self.template = template
    endOfTurn = template.endOfTurnToken(in: tokenizer)
    self.stopTokens = Set(stopTokens).union(endOfTurn.map { [$0] } ?? [])
    self.provenance = provenance
    self.warnings = warnings
    self.prefillBlock = prefillBlock ?? (model.device == .cpu ? 512 : 8192)
    self.readsPlannedTokensTogether = readsPlannedTokensTogether
  }

  public var contextLength: Int { model.configuration.contextLength }

  public func tokenOffsets(in text: String) throws -> [Int] {
    tokenizer.encodeWithOffsets(text, specialTokens: .plain).offsets
  }

  public func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) throws -> Int {
    try prompt(messages, specialTokens).count
  }

  /// Tokens of a chat, up to where the assistant's answer begins.
  public func prompt(_ messages: [Message], _ specialTokens: SpecialTokenPolicy) throws -> [Int] {
    try template.encode(messages, with: tokenizer, specialTokens: specialTokens)
  }

  /// The tokens that a request's prompt stands for.
  /// - Throws: `LlamaError` of code `.prompt` for ids that the model does not have.
  func tokens(of prompt: CompletionRequest.Prompt) throws -> [Int] {
    switch prompt {
    case .chat(let messages, let specialTokens): return try self.prompt(messages, specialTokens)
    case .tokens(let ids):
      let size = model.configuration.vocabularySize
      if let unknown = ids.first(where: { !(0..<size).contains($0) }) {
        throw LlamaError(
          .prompt, "found the token id \(unknown) in a prompt, expected ids of the model's vocabulary, 0 to \(size - 1)"
        )
      }
      return ids
    }
  }

  /// The prompt's tokens up to the end of its first message, which is the system's; empty where no more would follow.
  func opening(of prompt: [Int]) -> ArraySlice<Int> {
    guard let endOfTurn, let end = prompt.dropLast().firstIndex(of: endOfTurn) else { return [] }
    return prompt[...end]
  }

  public func complete(
    _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
  ) async throws -> [Completion] {
    try await worker.run { [self] isCancelled in
      try complete(requests, openings) { progress in
        if isCancelled() || onProgress?(progress) == false { throw CancellationError() }
      }
    }
  }

  /// Completes all requests on the calling thread: for what runs on a thread of its own already. The weights may have
  /// changed since the last call.
  /// - Parameter report: throws to end everything.
  /// - Throws: `LlamaError` of code `.prompt`, before anything is read, where one of them leaves no room for an output.
  package func completeOnThisThread(
    _ requests: [CompletionRequest], report: @escaping (CompletionProgress) throws -> Void
  ) throws -> [Completion] {
    try complete(requests, nil, report: report)
  }

  private func complete(
    _ requests: [CompletionRequest], _ openings: PromptOpenings?,
    report: @escaping (CompletionProgress) throws -> Void
  ) throws -> [Completion] {
    try withoutGradients {
      var decoding = try Decoding(requests, generator: self, openings: openings, report: report)
      return try decoding.run()
    }
  }

  /// What holds outputs to constraints; made when it is first needed.
  func constraintGuidance() -> Guidance {
    guidance.withLock { guidance in
      if let guidance { return guidance }
      // The stop tokens are for when the constraint is fulfilled, and the added ones stand for no text.
      let made = Guidance(vocabularySize: model.configuration.vocabularySize) { [tokenizer, stopTokens] id in
        tokenizer.isAddedToken(id) || stopTokens.contains(id) ? nil : tokenizer.tokenBytes(id)
      }
      guidance = made
      return made
    }
  }

  /// Runs `body` on the generating thread, without gradients: for benchmarks and tests that use the model itself.
  public func onWorker<Result: Sendable>(
    _ body: @escaping @Sendable (LlamaGenerator) throws -> Result
  ) async throws -> Result {
    try await worker.run { [self] _ in try withoutGradients { try body(self) } }
  }
}
