/// A string that a model wrote, and where it stands in the output.
public struct OutputString: Sendable, Hashable {
  public var text: String
  /// The UTF-8 bytes between its quotes in the output. Nil where it does not stand there in quotes of its own: a number
  /// that was taken as text, a string inside JSON that is itself a string.
  public var range: Range<Int>?

  public init(_ text: String, range: Range<Int>? = nil) {
    self.text = text
    self.range = range
  }
}

extension FunderTree where Value == OutputString {
  /// The funder without places.
  public var text: Funder { map { value, _ in value.text } }
}
