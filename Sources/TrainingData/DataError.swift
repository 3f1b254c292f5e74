/// Why training data could not be used.
public struct DataError: Error, Sendable, Equatable, CustomStringConvertible {
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: String { case unreadableFile, unreadableRow, noRows, invalidRecipe, incompatibleModel }
    private var kind: Kind

    /// The file holds no rows in any of the known formats.
    public static let unreadableFile = Code(kind: .unreadableFile)
    /// A row does not have the form that its members promise.
    public static let unreadableRow = Code(kind: .unreadableRow)
    /// Nothing is left to train on.
    public static let noRows = Code(kind: .noRows)
    /// A setting is outside its range, or a stored recipe does not have the expected form.
    public static let invalidRecipe = Code(kind: .invalidRecipe)
    /// The tokenizer and the chat template do not belong together.
    public static let incompatibleModel = Code(kind: .incompatibleModel)

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
