/// How sure the model was of a value that it wrote.
public struct Confidence: Sendable, Equatable {
  /// The geometric mean of the probabilities of the value's tokens under the model (temperature 1, without the
  /// constraint).
  public var mean: Double
  /// The smallest of them.
  public var minimum: Double
  /// The probability that the value is right, as a calibration makes it of `mean`; nil without one.
  public var calibrated: Double?

  public init(mean: Double, minimum: Double, calibrated: Double? = nil) {
    self.mean = mean
    self.minimum = minimum
    self.calibrated = calibrated
  }
}

/// Confidences of a funder's values, in the funder's shape. Nil: the value's tokens are not known.
public typealias FunderConfidence = FunderTree<Confidence?>

/// What confidences are of.
public enum ValueKind: String, Sendable, Hashable, CaseIterable {
  case statement
  case funderName = "funder_name"
  case awardID = "award_id"
  case fundingScheme = "funding_scheme"
  case awardTitle = "award_title"
}
