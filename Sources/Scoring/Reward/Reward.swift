import Funding

/// The weights and rules of the reward.
public struct RewardOptions: Sendable, Equatable {
  /// Weights of the F0.5 of each level.
  public struct Weights: Sendable, Equatable {
    public var funder: Double
    /// Award ids under the funder they belong to.
    public var awardID: Double
    public var fundingScheme: Double
    public var awardTitle: Double
    /// Award ids wherever they stand.
    public var flatAwardID: Double

    public init(
      funder: Double, awardID: Double, fundingScheme: Double = 0, awardTitle: Double = 0, flatAwardID: Double = 0
    ) {
      self.funder = funder
      self.awardID = awardID
      self.fundingScheme = fundingScheme
      self.awardTitle = awardTitle
      self.flatAwardID = flatAwardID
    }
  }

  public var weights: Weights
  public var comparison: ComparisonOptions

  /// The training reward of the reference: 0.50 funder + 0.40 award id + 0.10 flat award id, soft ids.
  public static let training = RewardOptions(
    weights: Weights(funder: 0.50, awardID: 0.40, flatAwardID: 0.10), comparison: ComparisonOptions(softAwardIDs: true))
  /// The evaluation reward of the reference: 0.50 funder + 0.50 award id, ids match or not.
  public static let evaluation = RewardOptions(
    weights: Weights(funder: 0.50, awardID: 0.50), comparison: ComparisonOptions(softAwardIDs: false))

  public init(weights: Weights, comparison: ComparisonOptions) {
    self.weights = weights
    self.comparison = comparison
  }

  func validate() throws(ScoringError) {
    let values = [
      weights.funder, weights.awardID, weights.fundingScheme, weights.awardTitle, weights.flatAwardID,
    ]
    for value in values where !value.isFinite {
      throw ScoringError(.invalidParameter, "a reward weight is \(value), expected a finite number")
    }
    try comparison.validate()
  }
}

/// The reward of a prediction with every term it consists of.
///
/// Reproduces `compute_shaped_reward` (with `RewardOptions.training`) and `compute_hierarchical_reward` (with
/// `.evaluation`) of cometadata/funding-metadata-enrichment at fb08d07. See `Guides/Scoring.md`.
public struct Reward: Sendable {
  /// One term: weight · score.
  public struct Term: Sendable, Equatable {
    public var name: String
    public var weight: Double
    /// The F0.5 after the rules for empty levels.
    public var score: Double
    /// The counts it comes from.
    public var level: LevelScore

    public var contribution: Double { weight * score }
  }

  /// The sum of the terms.
  public let value: Double
  public let funder: Term
  public let awardID: Term
  public let flatAwardID: Term
  public let fundingScheme: Term
  public let awardTitle: Term
  /// What was matched with what.
  public let comparison: FunderComparison

  public var terms: [Term] { [funder, awardID, flatAwardID, fundingScheme, awardTitle] }

  /// Flat minus hierarchical award-id score: positive where right ids stand under wrong funders.
  public var associationGap: Double { flatAwardID.score - awardID.score }

  /// Scores predicted against gold funders.
  ///
  ///     let gold = [Funder(name: "National Science Foundation", awards: [Award(awardIDs: ["1234567"])])]
  ///     try Reward(gold: gold, predicted: gold).value  // 1
  ///
  /// - Throws: `ScoringError` where it cannot be scored. Such a row has no reward; it is not worth 0.
  public init(
    gold: [Funder], predicted: [Funder], options: RewardOptions = .training
  ) throws(ScoringError) {
    try options.validate()
    let comparison = try FunderComparison(gold: gold, predicted: predicted, options: options.comparison)
    let weights = options.weights

    // A level that is empty on both sides is right. Schemes and titles are optional: absent from both, they earn what
    // funders and ids earned, lest they lift a bad prediction.
    let funderScore = Self.score(comparison.funder)
    let awardIDScore = Self.score(comparison.awardID)
    let inherited = gold.isEmpty && predicted.isEmpty ? 1 : funderScore * awardIDScore
    funder = Term(name: "funder", weight: weights.funder, score: funderScore, level: comparison.funder)
    awardID = Term(name: "award_id", weight: weights.awardID, score: awardIDScore, level: comparison.awardID)
    flatAwardID = Term(
      name: "flat_award_id", weight: weights.flatAwardID, score: Self.score(comparison.flatAwardID),
      level: comparison.flatAwardID)
    fundingScheme = Term(
      name: "scheme", weight: weights.fundingScheme, score: Self.score(comparison.fundingScheme, ifEmpty: inherited),
      level: comparison.fundingScheme)
    awardTitle = Term(
      name: "title", weight: weights.awardTitle, score: Self.score(comparison.awardTitle, ifEmpty: inherited),
      level: comparison.awardTitle)
    self.comparison = comparison
    value =
      funder.contribution + awardID.contribution + flatAwardID.contribution + fundingScheme.contribution
      + awardTitle.contribution
  }

  /// The numbers that the reference logs with a reward, under its names.
  public var metrics: [(name: String, value: Double)] {
    [
      ("funder_f0_5", funder.score), ("funder_precision", funder.level.precision),
      ("funder_recall", funder.level.recall), ("award_id_f0_5", awardID.score),
      ("award_id_precision", awardID.level.precision), ("award_id_recall", awardID.level.recall),
      ("scheme_f0_5", fundingScheme.score), ("title_f0_5", awardTitle.score),
      ("flat_award_id_f0_5", flatAwardID.score), ("association_gap", associationGap),
    ]
  }

  private static func score(_ level: LevelScore, ifEmpty: Double = 1) -> Double {
    level.isEmpty ? ifEmpty : level.f0_5
  }
}
