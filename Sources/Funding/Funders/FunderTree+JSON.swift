import JSON

/// The key names that the model is trained to write.
enum FunderKeys {
  static let name = "funder_name"
  static let awards = "awards"
  static let awardIDs = "award_ids"
  static let fundingSchemes = "funding_scheme"
  static let awardTitles = "award_title"
}

extension AwardTree {
  /// In the training schema: `{"award_ids": […], "funding_scheme": […], "award_title": […]}`.
  public func json(_ write: (Value) -> JSON) -> JSON {
    .object([
      (FunderKeys.awardIDs, .array(awardIDs.map(write))),
      (FunderKeys.fundingSchemes, .array(fundingSchemes.map(write))),
      (FunderKeys.awardTitles, .array(awardTitles.map(write))),
    ])
  }
}

extension FunderTree {
  /// In the training schema: `{"funder_name": …, "awards": […]}`.
  public func json(_ write: (Value) -> JSON) -> JSON {
    .object([
      (FunderKeys.name, name.map(write) ?? .null), (FunderKeys.awards, .array(awards.map { $0.json(write) })),
    ])
  }

  /// Reads what `json` wrote of another tree of the same funder.
  /// - Parameter what: what the other tree holds, for messages.
  /// - Throws: `FundingError.unreadableRecord`, also where the other tree has not the shape of this one.
  func readParallel<Other>(
    _ json: JSON, _ what: String, _ read: (JSON) throws(FundingError) -> Other
  ) throws(FundingError) -> FunderTree<Other> {
    func list(_ json: JSON, _ key: String, count: Int) throws(FundingError) -> [JSON] {
      let list = json[key].flatMap { $0.isNull ? nil : $0 } ?? .array([])
      guard let elements = list.array, elements.count == count else {
        let found = list.array.map { "\($0.count) values" } ?? list.kindDescription
        throw FundingError(
          .unreadableRecord, "Found \(found) as \(key) of \(what); expected \(count), as many as the funder has.")
      }
      return elements
    }
    var tree = FunderTree<Other>(name: nil)
    if name != nil { tree.name = try read(json[FunderKeys.name] ?? .null) }
    for (award, json) in Swift.zip(awards, try list(json, FunderKeys.awards, count: awards.count)) {
      tree.awards.append(
        AwardTree<Other>(
          awardIDs: try list(json, FunderKeys.awardIDs, count: award.awardIDs.count).map(read),
          fundingSchemes: try list(json, FunderKeys.fundingSchemes, count: award.fundingSchemes.count).map(read),
          awardTitles: try list(json, FunderKeys.awardTitles, count: award.awardTitles.count).map(read)))
    }
    return tree
  }
}

extension AwardTree where Value == String {
  /// In the training schema.
  public var json: JSON { json(JSON.string) }
}

extension FunderTree where Value == String {
  /// In the training schema.
  public var json: JSON { json(JSON.string) }
}

extension FunderTree where Value == JSON {
  /// In the training schema.
  public var json: JSON { json { $0 } }
}
