/// Why a tokenizer or chat template could not be made or used.
public struct TokenizerError: Error, Sendable, Hashable, CustomStringConvertible {
  public struct Code: Sendable, Hashable {
    private enum Kind: Hashable { case malformedFile, unsupported, unknownTemplate, missingToken }
    private let kind: Kind

    /// The file is broken or contradicts itself.
    public static let malformedFile = Code(kind: .malformedFile)
    /// The file asks for something that is not implemented.
    public static let unsupported = Code(kind: .unsupported)
    /// The chat template is none of the known ones.
    public static let unknownTemplate = Code(kind: .unknownTemplate)
    /// The vocabulary lacks a token that the chat template needs.
    public static let missingToken = Code(kind: .missingToken)
  }

  public var code: Code
  /// What was found, what was expected and what to do.
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
