import JSON

extension Confidence {
  /// `{"mean": 0.93, "minimum": 0.61, "calibrated": 0.88}`; `calibrated` only if there is one.
  public var json: JSON {
    .object(
      [("mean", .number(mean)), ("minimum", .number(minimum))]
        + (calibrated.map { [("calibrated", .number($0))] } ?? []))
  }

  /// Reads what `json` wrote; nil for null.
  /// - Throws: `FundingError.unreadableRecord`.
  public init?(json: JSON) throws(FundingError) {
    if json.isNull { return nil }
    guard let mean = json["mean"]?.double, let minimum = json["minimum"]?.double else {
      throw FundingError(
        .unreadableRecord, "Found \(json) as a confidence; expected an object with mean and minimum, or null.")
    }
    self.init(mean: mean, minimum: minimum, calibrated: json["calibrated"]?.double)
  }
}

extension FunderConfidence {
  /// In the form of a funder, a confidence or null in place of each value.
  public var json: JSON {
    func list(_ confidences: [Confidence?]) -> JSON { .array(confidences.map { $0?.json ?? .null }) }
    return .object([
      (FunderKeys.name, name?.json ?? .null),
      (
        FunderKeys.awards,
        .array(
          awards.map {
            .object([
              (FunderKeys.awardIDs, list($0.awardIDs)), (FunderKeys.fundingSchemes, list($0.fundingSchemes)),
              (FunderKeys.awardTitles, list($0.awardTitles)),
            ])
          })
      ),
    ])
  }

  /// Reads what `json` wrote.
  /// - Throws: `FundingError.unreadableRecord`.
  public init(json: JSON) throws(FundingError) {
    func list(_ value: JSON?) throws(FundingError) -> [Confidence?] {
      var confidences: [Confidence?] = []
      for element in value?.array ?? [] { confidences.append(try Confidence(json: element)) }
      return confidences
    }
    var awards: [OfAward] = []
    for award in json[FunderKeys.awards]?.array ?? [] {
      awards.append(
        OfAward(
          awardIDs: try list(award[FunderKeys.awardIDs]), fundingSchemes: try list(award[FunderKeys.fundingSchemes]),
          awardTitles: try list(award[FunderKeys.awardTitles])))
    }
    self.init(name: try Confidence(json: json[FunderKeys.name] ?? .null), awards: awards)
  }
}
