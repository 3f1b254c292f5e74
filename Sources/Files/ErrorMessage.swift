import Foundation

/// An error in words.
package enum ErrorMessage {
  /// The module's own words, without Swift's description of its type.
  package static func text(of error: any Error) -> String {
    // Foundation's describe themselves for programmers.
    if error is any CustomNSError || type(of: error) is NSError.Type { return error.localizedDescription }
    return String(describing: error)
  }
}
