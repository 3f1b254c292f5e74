import Generation
import Synchronization

/// A generator that answers by a script. Its tokens are words with the whitespace before them, and single line feeds;
/// what it writes has a token per byte, each with its own probability.
final class FakeGenerator: ChatGenerator {
  let contextLength: Int
  let provenance = [(key: "model", value: "fake")]
  private let answer: @Sendable (CompletionRequest, Int) -> String
  private let received = Mutex<[CompletionRequest]>([])
  private let callSizes = Mutex<[Int]>([])
  private let frameTokens = 10
  /// Whether its outputs were closed at their limit.
  private let closesAtLimit: Bool
  /// Nil: it does not tell log-probabilities.
  private let logProbabilityTemperature: Double?

  /// - Parameter answer: the text for a request; the number counts the requests.
  init(
    contextLength: Int = 100_000, closesAtLimit: Bool = false, logProbabilityTemperature: Double? = 1,
    answer: @escaping @Sendable (CompletionRequest, Int) -> String = { _, _ in "" }
  ) {
    self.contextLength = contextLength
    self.closesAtLimit = closesAtLimit
    self.logProbabilityTemperature = logProbabilityTemperature
    self.answer = answer
  }

  /// Of the byte at this place of an output.
  static func logProbability(at place: Int) -> Float { -Float(place % 7 + 1) / 16 }

  var requests: [CompletionRequest] { received.withLock { $0 } }

  /// Of each call its number of requests.
  var calls: [Int] { callSizes.withLock { $0 } }

  func tokenOffsets(in text: String) -> [Int] {
    let bytes = Array(text.utf8)
    return bytes.indices.filter { index in
      index == 0 || bytes[index] == 0x0A || (bytes[index] == 0x20 && bytes[index - 1] != 0x20)
    }
  }

  func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) -> Int {
    frameTokens + tokenOffsets(in: messages.last?.content ?? "").count
  }

  func complete(
    _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
  ) async throws -> [Completion] {
    callSizes.withLock { $0.append(requests.count) }
    var completions: [Completion] = []
    for (index, request) in requests.enumerated() {
      let number = received.withLock { received in
        received.append(request)
        return received.count - 1
      }
      let promptTokens = promptTokenCount(of: request.messages, specialTokens: .plain)
      let events: [CompletionProgress.Event] = [
        .prefill(done: promptTokens, total: promptTokens), .token(ChosenToken(id: 1, logProbability: -0.5), text: "x"),
      ]
      for event in events {
        guard onProgress?(CompletionProgress(request: index, event: event)) ?? true else { throw CancellationError() }
      }
      let text = answer(request, number)
      let tokens = text.utf8.indices.prefix(request.maximumNewTokens).enumerated().map { place, _ in
        let isTold = logProbabilityTemperature != nil
        return ChosenToken(
          id: 1, logProbability: isTold ? Self.logProbability(at: place) : nil,
          constrainedLogProbability: isTold ? 0 : nil, byteCount: 1)
      }
      let isClosed = closesAtLimit
      completions.append(
        Completion(
          text: text, tokens: tokens, finishReason: isClosed ? .length : .stop, closedAtLimit: isClosed,
          promptTokens: Array(repeating: 1, count: promptTokens),
          logProbabilityTemperature: logProbabilityTemperature ?? 1))
    }
    return completions
  }
}

extension CompletionRequest {
  /// The chat to be completed; none where the prompt is token ids.
  var messages: [Message] {
    if case .chat(let messages, _) = prompt { messages } else { [] }
  }
}
