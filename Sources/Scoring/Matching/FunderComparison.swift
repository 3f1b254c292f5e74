import Funding

/// How two lists of funders are compared.
public struct ComparisonOptions: Sendable, Equatable {
  /// Least similarity of funder names that are one funder, both within a list and between the lists.
  public var funderThreshold: Double
  /// Least similarity of schemes and of titles that match.
  public var threshold: Double
  public var awardIDMode: AwardIDMode
  /// Whether award ids at edit distance 1 count half.
  public var softAwardIDs: Bool
  public var mode: SimilarityMode
  public var workLimit: WorkLimit

  /// The reference's evaluation: 0.8 for both thresholds, normalised ids that match or not.
  public init(
    funderThreshold: Double = 0.8, threshold: Double = 0.8, awardIDMode: AwardIDMode = .normalized,
    softAwardIDs: Bool = false, mode: SimilarityMode = .balanced, workLimit: WorkLimit = .standard
  ) {
    self.funderThreshold = funderThreshold
    self.threshold = threshold
    self.awardIDMode = awardIDMode
    self.softAwardIDs = softAwardIDs
    self.mode = mode
    self.workLimit = workLimit
  }

  func validate() throws(ScoringError) {
    for (name, value) in [("funder threshold", funderThreshold), ("threshold", threshold)]
    where !(value >= 0 && value <= 1) {
      throw ScoringError(.invalidParameter, "\(name) is \(value), expected a number from 0 to 1")
    }
  }
}

/// What of the gold funders of a document was found, level by level.
///
/// Funders are merged in both lists first, then paired by name. Award ids, schemes and titles are compared only within
/// pairs; those of an unpaired funder are missed or superfluous. The unnamed funders of both sides are a pair.
public struct FunderComparison: Sendable {
  /// An entry of one level: what was matched with what, or is there on one side only.
  public struct Match: Sendable, Equatable {
    public var gold: String?
    public var predicted: String?
    /// The similarity or the score of the pair; nil for an entry of one side only.
    public var score: Double?
  }

  /// A pair of funders, or a funder that only one side has.
  public struct FunderPair: Sendable, Equatable {
    public var gold: Funder?
    public var predicted: Funder?
    /// The similarity of the names; nil for the pair of unnamed funders and for a funder of one side only.
    public var score: Double?
    public var awardIDs: [Match] = []
    public var fundingSchemes: [Match] = []
    public var awardTitles: [Match] = []

    /// Both sides have the funder.
    public var isMatched: Bool { gold != nil && predicted != nil }
  }

  public private(set) var funder = LevelScore()
  public private(set) var awardID = LevelScore()
  public private(set) var fundingScheme = LevelScore()
  public private(set) var awardTitle = LevelScore()
  /// All award ids of the document, whichever funder they stand under.
  public private(set) var flatAwardID = LevelScore()
  /// The merged funders, paired; gold order, then the superfluous ones.
  public private(set) var pairs: [FunderPair] = []

  /// Compares predicted with gold funders.
  ///
  /// - Throws: `ScoringError` where a threshold is out of range or the lists exceed the work limit.
  public init(
    gold: [Funder], predicted: [Funder], options: ComparisonOptions = ComparisonOptions()
  ) throws(ScoringError) {
    try options.validate()
    var matcher = NameMatcher(
      mode: options.mode, threshold: options.funderThreshold, budget: WorkBudget(options.workLimit))
    let gold = gold.map(PreparedFunder.init)
    let predicted = predicted.map(PreparedFunder.init)
    let goldFunders = try SimilarFunders.merged(gold, &matcher)
    let predictedFunders = try SimilarFunders.merged(predicted, &matcher)
    try pairFunders(goldFunders, predictedFunders, &matcher, options)

    let goldIDs = gold.flatMap(\.awardIDs)
    let predictedIDs = predicted.flatMap(\.awardIDs)
    flatAwardID = try Self.level(
      gold: goldIDs, predicted: predictedIDs,
      AwardID.match(
        gold: goldIDs, predicted: predictedIDs, mode: options.awardIDMode, soft: options.softAwardIDs,
        budget: &matcher.budget))
  }

  private mutating func pairFunders(
    _ gold: [PreparedFunder], _ predicted: [PreparedFunder], _ matcher: inout NameMatcher, _ options: ComparisonOptions
  ) throws(ScoringError) {
    // Merging puts the one unnamed funder, if any, last; so named places are also places in the lists.
    let goldNames = gold.compactMap(\.name)
    let predictedNames = predicted.compactMap(\.name)
    let nameMatches = try matcher.match(gold: goldNames, predicted: predictedNames)
    funder = LevelScore(gold: goldNames.count, predicted: predictedNames.count, matched: Double(nameMatches.count))

    var partners = [(place: Int, score: Double?)?](repeating: nil, count: gold.count)
    var isPaired = [Bool](repeating: false, count: predicted.count)
    for match in nameMatches {
      partners[match.row] = (match.column, match.score)
      isPaired[match.column] = true
    }
    if gold.count > goldNames.count && predicted.count > predictedNames.count {
      partners[gold.count - 1] = (predicted.count - 1, nil)
      isPaired[predicted.count - 1] = true
    }
    matcher.threshold = options.threshold
    for (place, goldFunder) in gold.enumerated() {
      let partner = partners[place].map { predicted[$0.place] }
      try addPair(goldFunder, partner, score: partners[place]?.score, &matcher, options)
    }
    for (place, predictedFunder) in predicted.enumerated() where !isPaired[place] {
      try addPair(nil, predictedFunder, score: nil, &matcher, options)
    }
  }

  private mutating func addPair(
    _ gold: PreparedFunder?, _ predicted: PreparedFunder?, score: Double?, _ matcher: inout NameMatcher,
    _ options: ComparisonOptions
  ) throws(ScoringError) {
    var pair = FunderPair(gold: gold?.record, predicted: predicted?.record, score: score)
    let goldIDs = gold?.awardIDs ?? []
    let predictedIDs = predicted?.awardIDs ?? []
    let ids = try AwardID.match(
      gold: goldIDs, predicted: predictedIDs, mode: options.awardIDMode, soft: options.softAwardIDs,
      budget: &matcher.budget)
    awardID += Self.level(gold: goldIDs, predicted: predictedIDs, ids)
    pair.awardIDs = Self.matches(gold: goldIDs, predicted: predictedIDs, ids)

    let schemes = (gold?.fundingSchemes ?? [], predicted?.fundingSchemes ?? [])
    let schemePairs = try Self.match(schemes.0, schemes.1, &matcher)
    fundingScheme += LevelScore(
      gold: schemes.0.count, predicted: schemes.1.count, matched: Double(schemePairs.count))
    pair.fundingSchemes = Self.matches(gold: schemes.0, predicted: schemes.1, schemePairs)

    let titles = (gold?.awardTitles ?? [], predicted?.awardTitles ?? [])
    let titlePairs = try Self.match(titles.0, titles.1, &matcher)
    awardTitle += LevelScore(gold: titles.0.count, predicted: titles.1.count, matched: Double(titlePairs.count))
    pair.awardTitles = Self.matches(gold: titles.0, predicted: titles.1, titlePairs)
    pairs.append(pair)
  }

  private static func match(
    _ gold: [String], _ predicted: [String], _ matcher: inout NameMatcher
  ) throws(ScoringError) -> [ScoredPair] {
    if gold.isEmpty || predicted.isEmpty { return [] }
    return try matcher.match(gold: gold.map(PreparedName.init), predicted: predicted.map(PreparedName.init))
  }

  private static func level(gold: [String], predicted: [String], _ pairs: [ScoredPair]) -> LevelScore {
    LevelScore(gold: gold.count, predicted: predicted.count, matched: pairs.reduce(0) { $0 + $1.score })
  }

  /// The pairs, then what is left on either side, each in the order of the lists.
  private static func matches(gold: [String], predicted: [String], _ pairs: [ScoredPair]) -> [Match] {
    if gold.isEmpty && predicted.isEmpty { return [] }
    var isGoldPaired = [Bool](repeating: false, count: gold.count)
    var isPredictedPaired = [Bool](repeating: false, count: predicted.count)
    var matches: [Match] = []
    matches.reserveCapacity(max(gold.count, predicted.count))
    for pair in pairs.sorted(by: { $0.row < $1.row }) {
      isGoldPaired[pair.row] = true
      isPredictedPaired[pair.column] = true
      matches.append(Match(gold: gold[pair.row], predicted: predicted[pair.column], score: pair.score))
    }
    for index in gold.indices where !isGoldPaired[index] { matches.append(Match(gold: gold[index])) }
    for index in predicted.indices where !isPredictedPaired[index] {
      matches.append(Match(predicted: predicted[index]))
    }
    return matches
  }
}

extension PreparedFunder {
  var record: Funder { Funder(name: name?.original, awards: awards) }
}
