import Foundation
import Synchronization
import Torch

/// The thread that an engine runs on: it steps as long as there is something to do, and takes what is sent between the
/// steps.
///
/// Generation blocks for seconds and must not hold one of Swift's cooperative threads; and OpenMP keeps a pool of
/// threads for every thread that calls it, so all calls had better come from one.
final class EngineThread: Sendable {
  /// What is sent, told the engine or why there is none.
  typealias Message = @Sendable (Result<DecodingEngine, any Error>) -> Void

  private final class Mailbox: @unchecked Sendable {
    let condition = NSCondition()
    var messages: [Message] = []  // guarded by condition
    var isClosed = false  // guarded by condition

    /// What was sent since; waits for something where there is nothing else to do. Nil at the end.
    func take(waiting: Bool) -> [Message]? {
      condition.lock()
      defer { condition.unlock() }
      while waiting, messages.isEmpty, !isClosed { condition.wait() }
      if waiting, messages.isEmpty { return nil }
      defer { messages = [] }
      return messages
    }
  }

  private let mailbox = Mailbox()

  /// - Parameter makeEngine: called on the thread, before the first message.
  init(name: String, makeEngine: @escaping @Sendable () throws -> DecodingEngine) {
    let mailbox = self.mailbox
    let thread = Thread {
      var made: Result<DecodingEngine, any Error>?
      var isIdle = true
      while let messages = mailbox.take(waiting: isIdle) {
        withoutGradients {
          let engine = made ?? Result { try makeEngine() }
          made = engine
          for message in messages { message(engine) }
          if case .success(let engine) = engine {
            if !engine.isIdle { engine.step() }
            isIdle = engine.isIdle
          }
        }
      }
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  deinit {
    mailbox.condition.lock()
    mailbox.isClosed = true
    mailbox.condition.signal()
    mailbox.condition.unlock()
  }

  func send(_ message: @escaping Message) {
    mailbox.condition.lock()
    mailbox.messages.append(message)
    mailbox.condition.signal()
    mailbox.condition.unlock()
  }

  /// Runs `body` on the thread, between two steps.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable (Result<DecodingEngine, any Error>) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      send { engine in continuation.resume(with: Result { try body(engine) }) }
    }
  }
}

/// Set when a task is cancelled, read by the thread that works for it.
final class CancellationFlag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .relaxed) }

  func set() { value.store(true, ordering: .relaxed) }
}
