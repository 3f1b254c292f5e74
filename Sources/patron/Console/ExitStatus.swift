import ArgumentParser
import Files
import Foundation
import Runs

/// What the process tells its caller. These numbers are promised in the help: they stay.
enum ExitStatus {
  /// One or more inputs failed; the others are in the output.
  static let someFailed = ExitCode(1)
  /// Nothing could be done.
  static let failed = ExitCode(2)
  /// Ended by Ctrl-C, as shells number it: 128 + SIGINT.
  static let interrupted = ExitCode(130)
  /// The reader of the output went away, as shells number it: 128 + SIGPIPE.
  static let outputClosed = ExitCode(141)

  /// The status that an error ends the process with. Errors of the command line are ArgumentParser's (64), requests for
  /// help or the version 0.
  static func code(for error: any Error) -> ExitCode {
    switch error {
    case let code as ExitCode: return code
    case is CancellationError: return interrupted
    case is SettingsError: return .validationFailure
    case let error as OutputError where error.isClosedPipe: return outputClosed
    default:
      let code = Patron.exitCode(for: error)
      return code == .failure ? failed : code
    }
  }

  /// Ends the process; says why on standard error unless the status says it all.
  static func exit(for error: any Error) -> Never {
    let code = code(for: error)
    switch code {
    case .success, .validationFailure: Patron.exit(withError: error)
    case failed where !(error is ExitCode): Console.standard.error(ModelAdvice.text(of: error))
    default: break
    }
    Foundation.exit(code.rawValue)
  }
}
