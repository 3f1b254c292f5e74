import Funding

/// What leaving out values below a confidence does to the scores, for each of several thresholds.
///
/// The threshold for a model is chosen on records that were made without one (probability 0).
public struct ValueThresholds: Sendable {
  /// From 0, at which everything is kept, ascending.
  public static let thresholds: [Double] = [0, 0.01, 0.02, 0.05] + (2...19).map { Double($0) / 20 }

  /// For each document the scores at each threshold.
  private var documents: [[LevelScores]] = []

  public init() {}

  /// Adds the values of a record. Values without a confidence are kept at every threshold.
  ///
  /// - Throws: `ScoringError` where the record is too large to be compared.
  public mutating func add(_ record: ExtractionRecord, gold: [Funder]) throws(ScoringError) {
    let confidences = record.confidences ?? []
    let funders = record.funders.enumerated().map { index, funder -> FunderTree<(String, Confidence?)> in
      let known = confidences.indices.contains(index) ? funder.zip(confidences[index]) : nil
      return known ?? funder.map { value, _ in (value, nil) }
    }
    var scores: [LevelScores] = []
    var last: [Funder]?
    for threshold in Self.thresholds {
      let kept = UnmeantValues.without(funders) { value, _ in value.1.map { $0.mean >= threshold } ?? true }.kept
        .map { $0.map { value, _ in value.0 } }
      if kept == last, let score = scores.last {
        scores.append(score)
        continue
      }
      last = kept
      let comparison = try FunderComparison(gold: gold, predicted: kept)
      var levels = LevelScores()
      levels[.funder] = comparison.funder
      levels[.awardID] = comparison.awardID
      levels[.fundingScheme] = comparison.fundingScheme
      levels[.awardTitle] = comparison.awardTitle
      scores.append(levels)
    }
    documents.append(scores)
  }

  public var isEmpty: Bool { documents.isEmpty }

  /// The scores of all documents at the threshold of this number.
  public func total(at place: Int) -> LevelScores {
    documents.reduce(into: LevelScores()) { $0 += $1[place] }
  }

  /// What is made as large as can be: the mean of the F0.5 of funders and award ids.
  public static func worth(_ scores: LevelScores) -> Double { (scores[.funder].f0_5 + scores[.awardID].f0_5) / 2 }

  /// The number of the best threshold; the smallest of several equals. 0 without documents.
  public var best: Int { Self.best(documents) }

  private static func best(_ documents: [[LevelScores]]) -> Int {
    var (best, most) = (0, -1.0)
    for place in thresholds.indices {
      let worth = worth(documents.reduce(into: LevelScores()) { $0 += $1[place] })
      if worth > most { (best, most) = (place, worth) }
    }
    return best
  }

  /// The scores where each document is judged at the threshold that is best for documents of other parts, and the
  /// numbers of these thresholds.
  /// - Parameter folds: the number of parts; document `i` is in part `i % folds`.
  public func crossValidated(folds: Int) -> (scores: LevelScores, chosen: [Int]) {
    var scores = LevelScores()
    var chosen: [Int] = []
    for fold in 0..<folds {
      let place = Self.best(documents.enumerated().filter { $0.offset % folds != fold }.map(\.element))
      chosen.append(place)
      for (index, document) in documents.enumerated() where index % folds == fold { scores += document[place] }
    }
    return (scores, chosen)
  }
}
