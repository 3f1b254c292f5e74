/// Why a text is not JSON, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Byte offset of the first byte that cannot be right.
  public var offset: Int
  /// What was found and what was expected.
  public var message: String

  public init(offset: Int, message: String) {
    self.offset = offset
    self.message = message
  }

  public var description: String { "JSON: \(message) at byte \(offset)" }
}
