import Foundation

/// What stands behind a standard stream.
struct Terminal: Sendable {
  let isTerminal: Bool
  /// Whether lines can be redrawn.
  let isAnimated: Bool
  let usesColour: Bool
  private let descriptor: Int32

  static let output = Terminal(STDOUT_FILENO)
  static let error = Terminal(STDERR_FILENO)

  init(_ descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.init(descriptor, isTerminal: isatty(descriptor) == 1, environment: environment)
  }

  init(_ descriptor: Int32, isTerminal: Bool, environment: [String: String]) {
    self.descriptor = descriptor
    self.isTerminal = isTerminal
    isAnimated = isTerminal && environment["TERM"] != "dumb"
    // https://no-color.org: set and not empty.
    usesColour = isAnimated && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// Columns of the window; nil where there is none.
  var columns: Int? {
    var size = winsize()
    guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
