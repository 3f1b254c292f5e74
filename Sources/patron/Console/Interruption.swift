import Foundation
import Synchronization

/// Ctrl-C: the first asks for a clean end, a second one ends the process as usual.
enum Interruption {
  fileprivate static let flag = Atomic(false)

  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// From now on the first SIGINT or SIGTERM only sets `isRequested`.
  static func watch() {
    _ = isRequested  // made before a signal handler may use it
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in Interruption.flag.store(true, ordering: .relaxed) }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
    for signal in [SIGINT, SIGTERM] { sigaction(signal, &action, nil) }
  }

  /// - Throws: `CancellationError` once a clean end was asked for.
  static func check() throws { if isRequested { throw CancellationError() } }
}
