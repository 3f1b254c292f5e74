import Text

/// A funder with its awards. `name` is nil where the text names a scheme or project but nobody who pays.
public typealias Funder = FunderTree<String>
/// An award of a funder.
public typealias Award = AwardTree<String>

/// Something for each value of a funder: its text, its place, how sure the model was of it.
///
/// Trees of one funder have one shape, so that `zip` finds what belongs together.
public struct FunderTree<Value> {
  /// Nil where the funder has no name.
  public var name: Value?
  public var awards: [AwardTree<Value>]

  public init(name: Value?, awards: [AwardTree<Value>] = []) {
    self.name = name
    self.awards = awards
  }
}

/// Something for each value of an award. Each list may be empty; ids without scheme or title share one award.
public struct AwardTree<Value> {
  public var awardIDs: [Value]
  public var fundingSchemes: [Value]
  public var awardTitles: [Value]

  public init(awardIDs: [Value] = [], fundingSchemes: [Value] = [], awardTitles: [Value] = []) {
    self.awardIDs = awardIDs
    self.fundingSchemes = fundingSchemes
    self.awardTitles = awardTitles
  }

  /// Whether nothing stands in it.
  public var isEmpty: Bool { awardIDs.isEmpty && fundingSchemes.isEmpty && awardTitles.isEmpty }

  static var lists: [WritableKeyPath<AwardTree, [Value]>] { [\.awardIDs, \.fundingSchemes, \.awardTitles] }
}

extension AwardTree: Sendable where Value: Sendable {}
extension AwardTree: Equatable where Value: Equatable {}
extension AwardTree: Hashable where Value: Hashable {}
extension FunderTree: Sendable where Value: Sendable {}
extension FunderTree: Equatable where Value: Equatable {}
extension FunderTree: Hashable where Value: Hashable {}

extension FunderTree {
  /// The tree of what a function makes of each value; it is told of which kind the value is.
  public func map<NewValue, Failure: Error>(
    _ transform: (Value, ValueKind) throws(Failure) -> NewValue
  ) throws(Failure) -> FunderTree<NewValue> {
    try compactMap { value, kind throws(Failure) -> NewValue? in .some(try transform(value, kind)) }
  }

  /// The same without the values of which the function makes nil. An award in which nothing is left stays, as an empty
  /// one.
  public func compactMap<NewValue, Failure: Error>(
    _ transform: (Value, ValueKind) throws(Failure) -> NewValue?
  ) throws(Failure) -> FunderTree<NewValue> {
    var tree = FunderTree<NewValue>(name: nil)
    if let name { tree.name = try transform(name, .funderName) }
    for award in awards {
      tree.awards.append(
        AwardTree<NewValue>(
          awardIDs: try award.awardIDs.compactMap(.awardID, transform),
          fundingSchemes: try award.fundingSchemes.compactMap(.fundingScheme, transform),
          awardTitles: try award.awardTitles.compactMap(.awardTitle, transform)))
    }
    return tree
  }

  /// Calls a function with each value and its kind.
  public func forEach(_ body: (Value, ValueKind) -> Void) { _ = map(body) }

  /// Each value with the one at the same place of another tree; nil where the two differ in shape.
  public func zip<Other>(_ other: FunderTree<Other>) -> FunderTree<(Value, Other)>? {
    guard (name == nil) == (other.name == nil), awards.count == other.awards.count else { return nil }
    var tree = FunderTree<(Value, Other)>(name: nil)
    if let name, let otherName = other.name { tree.name = (name, otherName) }
    for (award, other) in Swift.zip(awards, other.awards) {
      guard award.awardIDs.count == other.awardIDs.count, award.fundingSchemes.count == other.fundingSchemes.count,
        award.awardTitles.count == other.awardTitles.count
      else { return nil }
      tree.awards.append(
        AwardTree<(Value, Other)>(
          awardIDs: Array(Swift.zip(award.awardIDs, other.awardIDs)),
          fundingSchemes: Array(Swift.zip(award.fundingSchemes, other.fundingSchemes)),
          awardTitles: Array(Swift.zip(award.awardTitles, other.awardTitles))))
    }
    return tree
  }
}

extension Array {
  fileprivate func compactMap<NewValue, Failure: Error>(
    _ kind: ValueKind, _ transform: (Element, ValueKind) throws(Failure) -> NewValue?
  ) throws(Failure) -> [NewValue] {
    var values: [NewValue] = []
    for element in self { if let value = try transform(element, kind) { values.append(value) } }
    return values
  }
}

extension FunderTree where Value == String {
  /// Without empty values, which the reference drops when it reads funders: they stand for nothing.
  package var withoutEmptyValues: Funder { compactMap { value, _ in value.isEmpty ? nil : value } }

  /// Without empty values and those of nothing but whitespace.
  package var withoutBlankValues: Funder { compactMap { value, _ in PythonText.isBlank(value) ? nil : value } }
}
