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
  /// Bytes that keys and values may take.
  public let keyValueBudget: Int
  private let guidance = Mutex<Guidance?>(nil)
  private let thread: EngineThread

  /// - Parameters:
  ///   - stopTokens: ids that end a completion, besides the template's own end-of-turn token.
  ///   - provenance: what the records say of this model.
  ///   - warnings: what a person should know of the files.
  ///   - prefillBlock: nil: 512 on a CPU, 8192 on a GPU.
  ///   - keyValueBudget: bytes that keys and values may take; nil: a quarter of the memory, or half of what is free on
  ///     a GPU. Requests that find no room wait.
  ///   - readsPlannedTokensTogether: false is for tests and measurements.
  public init(
    model: LlamaModel, tokenizer: Tokenizer, template: ChatTemplate, stopTokens: some Sequence<Int>,
    provenance: [(key: String, value: String)] = [], warnings: [String] = [], prefillBlock: Int? = nil,
    keyValueBudget: Int? = nil, readsPlannedTokensTogether: Bool = true
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
    self.stopTokens = Set(stopTokens).union(template.endOfTurnToken(in: tokenizer).map { [$0] } ?? [])
    self.provenance = provenance
    self.warnings = warnings
    self.prefillBlock = prefillBlock ?? (model.device == .cpu ? 512 : 8192)
    self.readsPlannedTokensTogether = readsPlannedTokensTogether
    self.keyValueBudget = keyValueBudget ?? Self.defaultKeyValueBudget(model.device)
    let (block, budget) = (self.prefillBlock, self.keyValueBudget)
    thread = EngineThread(name: "patron.generate") {
      try Self.makeEngine(model, prefillBlock: block, keyValueBudget: budget)
    }
  }

  private static func defaultKeyValueBudget(_ device: Device) -> Int {
    if device == .cpu { return Int(clamping: ProcessInfo.processInfo.physicalMemory / 4) }
    return Runtime.freeDeviceMemory().map { $0 / 2 } ?? 8 << 30
  }

  private static func makeEngine(
    _ model: LlamaModel, prefillBlock: Int, keyValueBudget: Int
  ) throws -> DecodingEngine {
    let store: any KVStore =
      if model.device == .cpu {
        try BlockStore(model.configuration, dtype: model.dtype, byteBudget: keyValueBudget)
      } else {
        RunStore(model.configuration, dtype: model.dtype, device: model.device, byteBudget: keyValueBudget)
      }
    return DecodingEngine(model, store: store, prefillBlock: prefillBlock)
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

  /// Completes the requests beside those of other tasks. All of them are refused where one leaves no room for an output
  /// (`LlamaError` of code `.prompt`) or needs more memory than keys and values may take (`.memory`).
  public func complete(
    _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
  ) async throws -> [Completion] {
    let isCancelled = CancellationFlag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        thread.send { [self] engine in
          switch engine {
          case .failure(let error): continuation.resume(throwing: error)
          case .success(let engine):
            engine.submit(requests, of: self, isCancelled: { isCancelled.isSet }) { progress in
              if onProgress?(progress) == false { throw CancellationError() }
            } answer: {
              continuation.resume(with: $0)
            }
          }
        }
      }
    } onCancel: {
      isCancelled.set()
    }
  }

  /// Whether a request leaves room for an output.
  package func canComplete(_ request: CompletionRequest) -> Bool {
    (try? DecodingSequence(request, generator: self)) != nil
  }

  /// Completes all requests on the calling thread: for what runs on a thread of its own already. The weights may have
  /// changed since the last call, so that nothing is known of any beginning.
  /// - Parameter report: throws to end everything.
  /// - Throws: as ``complete(_:onProgress:)``, before anything is read.
  package func completeOnThisThread(
    _ requests: [CompletionRequest], report: @escaping (CompletionProgress) throws -> Void
  ) throws -> [Completion] {
    try withoutGradients {
      let engine = try Self.makeEngine(model, prefillBlock: prefillBlock, keyValueBudget: keyValueBudget)
      var result: Result<[Completion], any Error>?
      engine.submit(requests, of: self, report: report) { result = $0 }
      while !engine.isIdle { engine.step() }
      guard let result else { throw LlamaError(.option, "the requests were never answered") }
      return try result.get()
    }
  }

  /// Bytes of keys and values in use, what is kept of earlier prompts included, and the most that were.
  public func keyValueBytes() async throws -> (used: Int, most: Int) {
    try await thread.run { try $0.get().keyValueBytes }
  }

  /// What holds outputs to constraints; made when it is first needed.
  func constraintGuidance() -> Guidance {
    guidance.withLock { guidance in
      if let guidance { return guidance }
      // The stop tokens are for when the constraint is fulfilled, and the added ones stand for no text.
      let made = Guidance(vocabularySize: model.configuration.vocabularySize, device: model.device) {
        [tokenizer, stopTokens] id in
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
    try await thread.run { [self] _ in try withoutGradients { try body(self) } }
  }
}
