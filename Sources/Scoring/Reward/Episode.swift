import Funding
import Text

/// One step of the reference's training environment: a model's output becomes a reward and what is logged with it.
public struct Episode: Sendable {
  /// Nothing for an empty prediction where the gold list is not empty, else `Reward.value`.
  public let reward: Double
  /// Funders were read, or the output was blank.
  public let isFormatValid: Bool
  public let predictedIDCount: Int
  public let goldIDCount: Int
  /// The terms of the reward; nil where the rule for empty predictions decided.
  public let breakdown: Reward?

  /// Reads a completion and scores it.
  ///
  /// - Throws: `ScoringError.unreadableOutput` where the reference raises (for example on a number as award id), and
  ///   the errors of `Reward`. Such a rollout has no reward: mask it.
  public init(
    gold: [Funder], completion: String, options: RewardOptions = .training
  ) throws(ScoringError) {
    let predicted = try Self.funders(in: completion)
    let isBlank = PythonText.isBlank(completion)
    try self.init(gold: gold, predicted: predicted, isFormatValid: !predicted.isEmpty || isBlank, options: options)
  }

  /// The funders that a completion names, as the reference reads them.
  static func funders(in completion: String) throws(ScoringError) -> [Funder] {
    do throws(FundingError) {
      return try FunderReader.funders(in: completion)
    } catch {
      throw ScoringError(.unreadableOutput, error.message)
    }
  }

  /// Scores funders that were read elsewhere.
  public init(
    gold: [Funder], predicted: [Funder], isFormatValid: Bool = true, options: RewardOptions = .training
  ) throws(ScoringError) {
    self.isFormatValid = isFormatValid
    goldIDCount = Self.idCount(gold)
    predictedIDCount = Self.idCount(predicted)
    if predicted.isEmpty && !gold.isEmpty {
      breakdown = nil
      reward = 0
    } else {
      let breakdown = try Reward(gold: gold, predicted: predicted, options: options)
      self.breakdown = breakdown
      reward = breakdown.value
    }
  }

  private static func idCount(_ funders: [Funder]) -> Int {
    funders.reduce(0) { $0 + $1.withoutEmptyValues.awards.reduce(0) { $0 + $1.awardIDs.count } }
  }

  /// Predicted per gold award ids: above 1 the policy hedges. Without gold ids 1 if none were predicted, else 0, as the
  /// reference logs it.
  public var predictedIDCountRatio: Double {
    if goldIDCount > 0 { return Double(predictedIDCount) / Double(goldIDCount) }
    return predictedIDCount == 0 ? 1 : 0
  }

  /// What the reference's environment logs, under its names. Where the rule for empty predictions decided, precision
  /// and recall are not logged and all scores are 0.
  public var metrics: [(name: String, value: Double)] {
    let scores =
      breakdown?.metrics
      ?? ["funder_f0_5", "award_id_f0_5", "scheme_f0_5", "title_f0_5", "flat_award_id_f0_5", "association_gap"]
      .map { ($0, 0) }
    return scores + [
      ("format_valid", isFormatValid ? 1 : 0), ("pred_id_count", Double(predictedIDCount)),
      ("gold_id_count", Double(goldIDCount)), ("pred_id_count_ratio", predictedIDCountRatio),
    ]
  }
}
