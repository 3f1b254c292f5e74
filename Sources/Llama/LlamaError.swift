/// A request or a model that the Llama engine cannot serve.
public struct LlamaError: Error, Sendable, CustomStringConvertible {
  /// Kinds of failure. New kinds may be added.
  public struct Code: Sendable, Hashable {
    private enum Kind { case prompt, model, adapter, option, memory, range }
    private let kind: Kind

    /// The prompt does not fit, or is not one the model can read.
    public static let prompt = Code(kind: .prompt)
    /// The model's files do not fit together or ask for what is not implemented.
    public static let model = Code(kind: .model)
    /// The adapter does not fit the model.
    public static let adapter = Code(kind: .adapter)
    /// Options contradict one another or this machine.
    public static let option = Code(kind: .option)
    /// The keys and values of a request do not fit into the memory that is set aside for them.
    public static let memory = Code(kind: .memory)
    /// A number is too large for the dtype of the weights; another dtype can hold it.
    public static let range = Code(kind: .range)
  }

  public let code: Code
  /// What was found, what was expected, what to do.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
