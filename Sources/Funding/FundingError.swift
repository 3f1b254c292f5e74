/// Why an article, a model's output or a record could not be used.
public struct FundingError: Error, Sendable, Equatable, CustomStringConvertible {
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: String {
      case invalidUTF8, binaryContent, emptyText, contextTooSmall, invalidOption, unreadableOutput, unreadableRecord
      case brokenGenerator
    }
    private var kind: Kind

    /// The bytes are not UTF-8.
    public static let invalidUTF8 = Code(kind: .invalidUTF8)
    /// The bytes are not text.
    public static let binaryContent = Code(kind: .binaryContent)
    /// There is no text.
    public static let emptyText = Code(kind: .emptyText)
    /// The model's context cannot hold the prompt and its completion.
    public static let contextTooSmall = Code(kind: .contextTooSmall)
    /// An option is outside its range.
    public static let invalidOption = Code(kind: .invalidOption)
    /// A model's output has a form on which the reference's reader raises.
    public static let unreadableOutput = Code(kind: .unreadableOutput)
    /// A stored record does not have the expected form.
    public static let unreadableRecord = Code(kind: .unreadableRecord)
    /// A generator broke the promises of `ChatGenerator`.
    public static let brokenGenerator = Code(kind: .brokenGenerator)

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
