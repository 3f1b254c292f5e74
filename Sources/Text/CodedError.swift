/// What a module throws: a code for programs, a message for people. Each module names its own, such as `FundingError`.
///
/// The codes of a module are a struct, not an enum, so that new ones can be added without breaking anyone's `switch`.
public struct CodedError<ErrorCode: Hashable & Sendable>: Error, Sendable, Hashable, CustomStringConvertible {
  public typealias Code = ErrorCode

  public let code: Code
  /// What was found, what was expected, what to do.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
