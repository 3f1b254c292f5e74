import Foundation
import Runs
import Synchronization
import Text

/// Talk on standard error: messages, and one line of status that is redrawn on terminals.
final class Console: Sendable {
  enum Level: Sendable {
    /// Errors only.
    case quiet
    case normal
    /// Also in a pipe what is otherwise said on terminals only.
    case verbose
  }

  /// For errors that end the process.
  static let standard = Console(level: .normal)

  private struct State {
    var showsStatus = false
    var lastDrawn: ContinuousClock.Instant?
  }

  let level: Level
  let terminal: Terminal
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  init(
    level: Level, terminal: Terminal = .error,
    write: @escaping @Sendable (String) -> Void = Console.writeToStandardError
  ) {
    self.level = level
    self.terminal = terminal
    self.write = write
  }

  /// Says what went wrong.
  func error(_ message: String) { say("patron: \(message)") }

  /// Says what a person should know about the result.
  func warning(_ message: String) { if level != .quiet { say("patron: \(message)") } }

  /// Says what is good to know, on terminals and with `--verbose`.
  func note(_ message: String) {
    if level == .verbose || level == .normal && terminal.isTerminal { say("patron: \(message)") }
  }

  /// Says how far a work of hours is, also in a pipe, whose reader sees no status line.
  func notice(_ message: String) { if level != .quiet { say("patron: \(message)") } }

  var showsStatus: Bool { level != .quiet && terminal.isAnimated }

  /// Redraws the status line, at most ten times a second.
  func status(_ text: @autoclosure () -> String) {
    guard showsStatus else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if let last = state.lastDrawn, now - last < .milliseconds(100) { return }
      state.lastDrawn = now
      state.showsStatus = true
      let line = Self.printable(text()).prefix(max((terminal.columns ?? 80) - 1, 1))
      write("\r\u{1B}[K" + line)
    }
  }

  /// Takes the status line away, before something else is written to the same terminal.
  func clearStatus() {
    state.withLock { state in
      if state.showsStatus { write("\r\u{1B}[K") }
      state = State()
    }
  }

  private func say(_ line: String) {
    clearStatus()
    write(Self.printable(line) + "\n")
  }

  static func printable(_ text: String) -> String { DisplayWidth.printable(text) }

  @Sendable static func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      // Nothing can be said about a standard error that is closed.
      if let base = bytes.baseAddress { _ = Foundation.write(STDERR_FILENO, base, bytes.count) }
    }
  }
}
