/// Why an adapter is not used with a model: its card (`patron.json`) says that it was trained for something else.
public struct AdapterError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of failure, for programs; the message is for people.
  public struct Code: Sendable, Hashable {
    private enum Kind { case otherPrompt, unknownTemplate, otherModel, otherAdaptersBefore }
    private let kind: Kind

    /// It was trained with another prompt than this program's.
    public static let otherPrompt = Code(kind: .otherPrompt)
    /// It was trained with a chat template that this program does not know.
    public static let unknownTemplate = Code(kind: .unknownTemplate)
    /// It was trained on other weights.
    public static let otherModel = Code(kind: .otherModel)
    /// It was trained on top of other adapters than those before it.
    public static let otherAdaptersBefore = Code(kind: .otherAdaptersBefore)
  }

  public let code: Code
  /// What was found, what was expected, what to do.
  public let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
