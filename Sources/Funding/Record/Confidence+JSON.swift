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
