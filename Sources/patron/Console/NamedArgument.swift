import ArgumentParser

/// An argument that flags spell by one of a few names.
protocol NamedArgument: ExpressibleByArgument, Equatable, Sendable {
  associatedtype Value: Equatable

  /// In the order of help texts.
  static var choices: KeyValuePairs<String, Value> { get }

  init(_ value: Value)
  var value: Value { get }
}

extension NamedArgument {
  init?(argument: String) {
    guard let choice = Self.choices.first(where: { $0.key == argument }) else { return nil }
    self.init(choice.value)
  }

  var defaultValueDescription: String { Self.choices.first { $0.value == value }?.key ?? "" }
  static var allValueStrings: [String] { choices.map(\.key) }
  static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}
