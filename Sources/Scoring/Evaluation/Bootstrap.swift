import Text

/// A number computed from summed counts.
public enum Measure: String, Sendable, CaseIterable {
  case precision, recall, f1
  case f0_5
  case f1_5

  public func value(_ score: LevelScore) -> Double {
    switch self {
    case .precision: score.precision
    case .recall: score.recall
    case .f1: score.f1
    case .f0_5: score.f0_5
    case .f1_5: score.f1_5
    }
  }
}

/// The bootstrap over documents (Efron 1979): how far a figure would vary with other documents of the same kind.
///
/// Seeded: the same documents in the same order and the same seed give the same interval everywhere.
public struct Bootstrap: Sendable, Equatable {
  public var resamples: Int
  public var confidence: Double
  public var seed: UInt64

  public init(resamples: Int = 1_000, confidence: Double = 0.95, seed: UInt64 = 0) {
    self.resamples = resamples
    self.confidence = confidence
    self.seed = seed
  }

  /// An interval that holds the figure of `confidence` of all resamples (percentile method).
  public struct Interval: Sendable, Equatable {
    public var lower: Double
    public var upper: Double
  }

  /// The interval of a micro-averaged measure; both ends are the measure itself where there is only one document.
  ///
  /// - Throws: `ScoringError.invalidParameter` for fewer than 1 resample or a confidence outside 0 to 1.
  public func interval(of measure: Measure, documents: [LevelScore]) throws(ScoringError) -> Interval {
    try validate()
    var values = samples(of: documents.count) { places in
      measure.value(places.reduce(LevelScore()) { $0 + documents[$1] })
    }
    values.sort()
    return Interval(
      lower: Self.quantile(values, (1 - confidence) / 2), upper: Self.quantile(values, (1 + confidence) / 2))
  }

  /// The paired bootstrap of two systems on the same documents.
  public struct Difference: Sendable, Equatable {
    /// The second system's figure minus the first's.
    public var difference: Double
    public var interval: Interval
    /// Two-sided: twice the share of resamples in which the difference does not have the sign that it has over all
    /// documents; at most 1. The documents themselves count as one more resample, so that it is never 0 (Davison and
    /// Hinkley 1997, 4.2.3).
    public var pValue: Double
  }

  /// How sure it is that the second system differs from the first.
  ///
  /// - Throws: `ScoringError.invalidParameter` where the lists are not of one length.
  public func difference(
    of measure: Measure, from first: [LevelScore], to second: [LevelScore]
  ) throws(ScoringError) -> Difference {
    try validate()
    guard first.count == second.count else {
      throw ScoringError(
        .invalidParameter, "found \(first.count) and \(second.count) documents, expected the same documents twice")
    }
    func difference(_ places: some Sequence<Int>) -> Double {
      var sums = (LevelScore(), LevelScore())
      for place in places {
        sums.0 += first[place]
        sums.1 += second[place]
      }
      return measure.value(sums.1) - measure.value(sums.0)
    }
    let observed = difference(first.indices)
    var values = samples(of: first.count) { difference($0) }
    values.sort()
    let opposite = values.count { observed > 0 ? $0 <= 0 : observed < 0 ? $0 >= 0 : true }
    return Difference(
      difference: observed,
      interval: Interval(
        lower: Self.quantile(values, (1 - confidence) / 2), upper: Self.quantile(values, (1 + confidence) / 2)),
      pValue: min(1, 2 * Double(opposite + 1) / Double(values.count + 1)))
  }

  private func validate() throws(ScoringError) {
    guard resamples >= 1, resamples <= 1_000_000, confidence > 0, confidence < 1 else {
      throw ScoringError(
        .invalidParameter,
        "found \(resamples) resamples at confidence \(confidence), expected 1 to 1000000 and a number between 0 and 1")
    }
  }

  private func samples(of count: Int, _ value: ([Int]) -> Double) -> [Double] {
    if count == 0 { return [value([])] }
    var generator = SplitMix64(state: seed)
    var places = [Int](repeating: 0, count: count)
    return (0..<resamples).map { _ in
      for index in places.indices { places[index] = generator.next(below: count) }
      return value(places)
    }
  }

  /// Linear interpolation between the nearest ranks.
  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = max(0, min(sorted.count - 1, Int(place.rounded(.down))))
    let high = min(sorted.count - 1, low + 1)
    return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
  }
}
