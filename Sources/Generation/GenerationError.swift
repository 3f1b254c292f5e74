/// A request that no generator can serve.
public struct GenerationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Kinds of failure. New kinds may be added.
  public struct Code: Sendable, Hashable {
    private enum Kind { case temperature, topP, topK }
    private let kind: Kind

    /// The temperature is neither 0 nor a finite number that logits can be divided by.
    public static let temperature = Code(kind: .temperature)
    /// The share of probability is not above 0 and at most 1.
    public static let topP = Code(kind: .topP)
    /// The number of tokens is negative.
    public static let topK = Code(kind: .topK)
  }

  public let code: Code
  /// What was found and what was expected.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
