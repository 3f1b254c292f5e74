/// What was read from a model's output, and how much of it.
public struct Reading<Element: Sendable>: Sendable {
  public var elements: [Element]
  /// False if the output was cut off, broken or not what was asked for: something may be missing.
  public var isComplete: Bool
  /// What was wrong, for the record.
  public var problems: [String]

  /// The same with what a function makes of each element.
  public func map<NewElement>(_ transform: (Element) -> NewElement) -> Reading<NewElement> {
    Reading<NewElement>(elements: elements.map(transform), isComplete: isComplete, problems: problems)
  }
}

extension Reading: Equatable where Element: Equatable {}
