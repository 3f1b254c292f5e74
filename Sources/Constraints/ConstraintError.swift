/// A constraint that cannot be held to.
public struct ConstraintError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Kinds of failure. New kinds may be added.
  public struct Code: Sendable, Hashable {
    private enum Kind { case shape, vocabulary }
    private let kind: Kind

    /// The shape is none that a machine can be made for.
    public static let shape = Code(kind: .shape)
    /// The vocabulary cannot write what the shape needs.
    public static let vocabulary = Code(kind: .vocabulary)
  }

  public let code: Code
  /// What was found, what was expected.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
