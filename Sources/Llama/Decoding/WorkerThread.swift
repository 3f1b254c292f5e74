import Foundation
import Synchronization

/// A thread that runs jobs one after the other.
///
/// Generation blocks for seconds and must not hold one of Swift's cooperative threads; and OpenMP keeps a pool of
/// threads for every thread that calls it, so all calls had better come from one.
final class WorkerThread: Sendable {
  private struct Queue {
    var jobs: [@Sendable () -> Void] = []
    var isClosed = false
  }

  private final class Shared: @unchecked Sendable {
    let condition = NSCondition()
    var queue = Queue()  // guarded by condition
  }

  private final class Flag: Sendable { let value = Atomic(false) }

  private let shared = Shared()

  init(name: String) {
    let shared = self.shared
    let thread = Thread {
      while true {
        shared.condition.lock()
        while shared.queue.jobs.isEmpty, !shared.queue.isClosed { shared.condition.wait() }
        if shared.queue.jobs.isEmpty {
          shared.condition.unlock()
          return
        }
        let job = shared.queue.jobs.removeFirst()
        shared.condition.unlock()
        job()
      }
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  deinit {
    shared.condition.lock()
    shared.queue.isClosed = true
    shared.condition.signal()
    shared.condition.unlock()
  }

  /// Runs `body` on the thread. When the task is cancelled, `isCancelled` turns true; the body decides what to do.
  func run<Result: Sendable>(
    _ body: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws -> Result
  ) async throws -> Result {
    let flag = Flag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let job: @Sendable () -> Void = {
          continuation.resume(with: Swift.Result { try body { flag.value.load(ordering: .relaxed) } })
        }
        shared.condition.lock()
        shared.queue.jobs.append(job)
        shared.condition.signal()
        shared.condition.unlock()
      }
    } onCancel: {
      flag.value.store(true, ordering: .relaxed)
    }
  }
}
