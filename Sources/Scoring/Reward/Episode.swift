import Funding

extension Reward {
  /// What the reference's training environment pays: nothing for an empty prediction where the gold list is not empty,
  /// else the reward.
  ///
  /// `Reward` itself gives an empty prediction 0.5 where the gold has no award ids, because their level is then empty
  /// on both sides.
  public static func episodeValue(
    gold: [Funder], predicted: [Funder], options: RewardOptions = .training
  ) throws(ScoringError) -> Double {
    if predicted.isEmpty && !gold.isEmpty { return 0 }
    return try Reward(gold: gold, predicted: predicted, options: options).value
  }
}
