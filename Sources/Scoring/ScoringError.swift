/// Why something could not be scored. A row with an error has no value: it must be masked or reported, never counted
/// as 0.
public struct ScoringError: Error, Sendable, Equatable, CustomStringConvertible {
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: String { case tooMuchWork, invalidParameter, unreadableRow, unreadableFile, unreadableOutput }
    private var kind: Kind

    /// The texts or lists are so large that scoring them would exceed `WorkLimit`.
    public static let tooMuchWork = Code(kind: .tooMuchWork)
    /// A threshold, weight or count is outside its range.
    public static let invalidParameter = Code(kind: .invalidParameter)
    /// A row of a prediction or gold file does not have the expected form.
    public static let unreadableRow = Code(kind: .unreadableRow)
    /// A prediction or gold file does not have the expected form.
    public static let unreadableFile = Code(kind: .unreadableFile)
    /// A model's output has a form on which the reference raises.
    public static let unreadableOutput = Code(kind: .unreadableOutput)

    public var description: String { kind.rawValue }
  }

  public var code: Code
  /// What was found, what was expected, what to do.
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
