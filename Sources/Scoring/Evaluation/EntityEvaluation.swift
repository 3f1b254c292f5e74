import Funding

/// The levels of an entity evaluation.
public enum EvaluationLevel: String, Sendable, CaseIterable {
  case funder
  case awardID = "award_id"
  case fundingScheme = "scheme"
  case awardTitle = "title"
  /// Awards as wholes: an id with its own schemes and titles. Not in the reference.
  case award

  /// The four levels of the reference.
  public static let published: [EvaluationLevel] = [.funder, .awardID, .fundingScheme, .awardTitle]
}

/// The scores of all levels.
public struct LevelScores: Sendable, Equatable {
  private var scores = [LevelScore](repeating: LevelScore(), count: EvaluationLevel.allCases.count)

  public init() {}

  public subscript(_ level: EvaluationLevel) -> LevelScore {
    get { scores[Self.place(level)] }
    set { scores[Self.place(level)] = newValue }
  }

  private static func place(_ level: EvaluationLevel) -> Int {
    switch level {
    case .funder: 0
    case .awardID: 1
    case .fundingScheme: 2
    case .awardTitle: 3
    case .award: 4
    }
  }

  public static func += (left: inout LevelScores, right: LevelScores) {
    for place in left.scores.indices { left.scores[place] += right.scores[place] }
  }

  /// Everything that is there is matched, and nothing else was predicted.
  public var isExact: Bool { scores.allSatisfy { $0.gold == $0.predicted && $0.matched == Double($0.gold) } }
}

/// Evaluation of predicted funders against gold, micro-averaged over documents as the reference does, in its three
/// similarity modes side by side.
///
/// Reproduces `evaluate_entity_extraction.py` of cometadata/funding-metadata-enrichment at fb08d07, and adds the award
/// level, the share of exact records, and rows of single documents.
public struct EntityEvaluation: Sendable {
  public struct Document: Sendable {
    public var label: String
    /// What the document was joined by.
    public var identity: String
    public var isTruncated: Bool
    /// In each mode.
    public var scores: [SimilarityMode: LevelScores]
    /// What was matched with what, in balanced mode.
    public var comparison: FunderComparison
    /// The training reward (`RewardOptions.training`) of the prediction.
    public var reward: Double

    /// All levels are matched in balanced mode.
    public var isExact: Bool { scores[.balanced]?.isExact ?? false }
    /// Entries missed or made up at the four published levels.
    public var errorCount: Double {
      EvaluationLevel.published.reduce(0) { sum, level in
        let score = scores[.balanced]?[level] ?? LevelScore()
        return sum + Double(score.gold + score.predicted) - 2 * score.matched
      }
    }
  }

  public let options: ComparisonOptions
  public private(set) var documents: [Document] = []
  /// Documents that could not be scored, with the reason. They are in no figure.
  public private(set) var failures: [(label: String, error: ScoringError)] = []

  /// Evaluates all documents in all modes; `options.mode` is not used.
  public init(_ join: DocumentJoin, options: ComparisonOptions = ComparisonOptions()) throws(ScoringError) {
    try options.validate()
    self.options = options
    for document in join.documents {
      do throws(ScoringError) {
        documents.append(try Self.evaluate(document, options))
      } catch {
        failures.append((document.label, error))
      }
    }
  }

  private static func evaluate(
    _ document: DocumentJoin.Document, _ options: ComparisonOptions
  ) throws(ScoringError) -> Document {
    let gold = try document.gold.get()
    let predicted = try document.predicted.get()
    var scores: [SimilarityMode: LevelScores] = [:]
    var balanced: FunderComparison?
    for mode in SimilarityMode.allCases {
      var options = options
      options.mode = mode
      let comparison = try FunderComparison(gold: gold, predicted: predicted, options: options)
      var levels = LevelScores()
      levels[.funder] = comparison.funder
      levels[.awardID] = comparison.awardID
      levels[.fundingScheme] = comparison.fundingScheme
      levels[.awardTitle] = comparison.awardTitle
      levels[.award] = try AwardPairing.level(comparison.pairs, options: options)
      scores[mode] = levels
      if mode == .balanced { balanced = comparison }
    }
    guard let balanced else { throw ScoringError(.invalidParameter, "there is no balanced mode") }
    return Document(
      label: document.label, identity: document.identity, isTruncated: document.isTruncated, scores: scores,
      comparison: balanced, reward: try Episode(gold: gold, predicted: predicted).reward)
  }

  /// Sums over documents: over all, or over those that are (not) truncated.
  public func total(_ mode: SimilarityMode, truncated: Bool? = nil) -> LevelScores {
    var total = LevelScores()
    for document in documents where truncated == nil || document.isTruncated == truncated {
      total += document.scores[mode] ?? LevelScores()
    }
    return total
  }

  /// Share of documents without any error; 0 without documents.
  public var exactRecordRate: Double {
    documents.isEmpty ? 0 : Double(documents.count(where: \.isExact)) / Double(documents.count)
  }

  public var meanReward: Double {
    documents.isEmpty ? 0 : documents.reduce(0) { $0 + $1.reward } / Double(documents.count)
  }

  /// The documents with most errors first; without those that are right.
  public var worstDocuments: [Document] {
    documents.filter { $0.errorCount > 0 }.enumerated()
      .sorted { ($1.element.errorCount, $0.offset) < ($0.element.errorCount, $1.offset) }.map(\.element)
  }
}
