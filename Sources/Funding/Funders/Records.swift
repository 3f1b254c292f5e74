/// An award of a funder. Each list may be empty; ids without scheme or title share one award.
public struct Award: Sendable, Hashable {
  public var awardIDs: [String]
  public var fundingSchemes: [String]
  public var awardTitles: [String]

  public init(awardIDs: [String] = [], fundingSchemes: [String] = [], awardTitles: [String] = []) {
    self.awardIDs = awardIDs
    self.fundingSchemes = fundingSchemes
    self.awardTitles = awardTitles
  }
}

/// A funder with its awards. `name` is nil where the text names a scheme or project but nobody who pays.
public struct Funder: Sendable, Hashable {
  public var name: String?
  public var awards: [Award]

  public init(name: String?, awards: [Award] = []) {
    self.name = name
    self.awards = awards
  }
}
