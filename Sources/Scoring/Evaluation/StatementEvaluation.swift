import JSON

/// The statements of one document, predicted and gold.
public struct StatementDocument: Sendable {
  public var label: String
  public var gold: [String]
  public var predicted: [String]
  /// The text that the statements were taken from, where it is at hand.
  public var article: String?
  /// Why the document cannot be scored, where its statements could not be read.
  public var failure: ScoringError?

  public init(label: String, gold: [String], predicted: [String], article: String? = nil) {
    self.label = label
    self.gold = gold
    self.predicted = predicted
    self.article = article
  }
}

/// Evaluation of predicted funding statements: the published metric and, beside it, an honest one.
///
/// **Published** (`evaluate_funding_extraction.py` of cometadata/funding-metadata-enrichment at fb08d07): a statement
/// is matched if its best permissive similarity to any statement of the other side reaches the threshold. A whole page
/// matches every statement that it contains, and one prediction can match many.
///
/// **Honest**: statements are matched one to one, by the share of characters that both have in common in order
/// (2·common/(m + n) after normalisation), so that what is predicted beyond the statement costs. The characters
/// themselves are counted, too, and the predictions that are verbatim.
public struct StatementEvaluation: Sendable {
  public struct Document: Sendable, Equatable {
    public var label: String
    public var gold: [String]
    public var predicted: [String]
    /// For each gold statement its best permissive similarity to a prediction; 0 without predictions.
    public var goldBest: [Double]
    /// For each prediction its best permissive similarity to a gold statement; 0 without gold.
    public var predictedBest: [Double]
    /// The one-to-one matching by overlap at the threshold.
    public var pairs: [ScoredPair]
    /// One to one.
    public var honest: LevelScore
    /// Characters of gold, of the predictions, and in common within the pairs.
    public var characters: LevelScore
    /// For each prediction whether it stands, byte for byte, in the article; without an article, in a gold statement.
    public var isVerbatim: [Bool]

    public var verbatimCount: Int { isVerbatim.count { $0 } }
    /// Statements missed or made up, one to one.
    public var errorCount: Int { gold.count + predicted.count - 2 * pairs.count }
  }

  public let threshold: Double
  public private(set) var documents: [Document] = []
  /// Documents whose statements are too long to be compared. They are in no figure.
  public private(set) var failures: [(label: String, error: ScoringError)] = []

  /// Some twenty seconds for one document: pages have to be compared with pages.
  public static let workLimit = WorkLimit(steps: 20_000_000_000)

  /// - Throws: `ScoringError` where the threshold is outside 0 to 1.
  public init(
    _ documents: [StatementDocument], threshold: Double = 0.8, workLimit: WorkLimit = Self.workLimit
  ) throws(ScoringError) {
    guard threshold >= 0, threshold <= 1 else {
      throw ScoringError(.invalidParameter, "threshold is \(threshold), expected a number from 0 to 1")
    }
    self.threshold = threshold
    for document in documents {
      do throws(ScoringError) {
        self.documents.append(try Self.evaluate(document, threshold, workLimit))
      } catch {
        failures.append((document.label, error))
      }
    }
  }

  private static func evaluate(
    _ document: StatementDocument, _ threshold: Double, _ workLimit: WorkLimit
  ) throws(ScoringError) -> Document {
    if let failure = document.failure { throw failure }
    var budget = WorkBudget(workLimit)
    let gold = document.gold.map(PreparedName.init)
    let predicted = document.predicted.map(PreparedName.init)
    var goldBest = [Double](repeating: 0, count: gold.count)
    var predictedBest = [Double](repeating: 0, count: predicted.count)
    var candidates: [ScoredPair] = []
    for row in gold.indices {
      for column in predicted.indices {
        let score = try NameSimilarity.score(
          gold[row], predicted[column], mode: .permissive, threshold: 0, budget: &budget)
        goldBest[row] = max(goldBest[row], score)
        predictedBest[column] = max(predictedBest[column], score)
        let overlap = FuzzyRatio.ratio(gold[row].normalized, predicted[column].normalized) / 100
        if overlap >= threshold { candidates.append(ScoredPair(row: row, column: column, score: overlap)) }
      }
    }
    let pairs = try Assignment.best(
      candidates: candidates, rows: gold.count, columns: predicted.count, budget: &budget)
    let common = pairs.reduce(0) {
      $0 + LongestCommonSubsequence.length(gold[$1.row].normalized, predicted[$1.column].normalized)
    }
    let sources = document.article.map { [$0] } ?? document.gold
    return Document(
      label: document.label, gold: document.gold, predicted: document.predicted, goldBest: goldBest,
      predictedBest: predictedBest, pairs: pairs,
      honest: LevelScore(gold: gold.count, predicted: predicted.count, matched: Double(pairs.count)),
      characters: LevelScore(
        gold: gold.reduce(0) { $0 + $1.normalized.count }, predicted: predicted.reduce(0) { $0 + $1.normalized.count },
        matched: Double(common)),
      isVerbatim: document.predicted.map { text in sources.contains { ByteText.contains(text, in: $0) } })
  }

  /// The published metric at a threshold.
  public func published(threshold: Double) -> PublishedStatementScore {
    var score = PublishedStatementScore()
    for document in documents {
      score.gold += document.goldBest.count
      score.predicted += document.predictedBest.count
      score.goldMatched += document.goldBest.count { $0 >= threshold }
      score.predictedMatched += document.predictedBest.count { $0 >= threshold }
    }
    return score
  }

  public var published: PublishedStatementScore { published(threshold: threshold) }
  public var honest: LevelScore { documents.reduce(LevelScore()) { $0 + $1.honest } }
  public var characters: LevelScore { documents.reduce(LevelScore()) { $0 + $1.characters } }

  /// The documents with most errors first; without those that are right.
  public var worstDocuments: [Document] {
    documents.filter { $0.errorCount > 0 }.enumerated()
      .sorted { ($1.element.errorCount, $0.offset) < ($0.element.errorCount, $1.offset) }.map(\.element)
  }

  /// Share of the predictions that are verbatim; 0 without predictions.
  public var verbatimRate: Double {
    let predicted = documents.reduce(0) { $0 + $1.predictedBest.count }
    return predicted > 0 ? Double(documents.reduce(0) { $0 + $1.verbatimCount }) / Double(predicted) : 0
  }
}

/// The published statement metric: each side is matched on its own, so that there are two counts of matches.
public struct PublishedStatementScore: Sendable, Equatable {
  public var gold = 0
  public var predicted = 0
  public var goldMatched = 0
  public var predictedMatched = 0

  public init() {}

  public var precision: Double { predicted > 0 ? Double(predictedMatched) / Double(predicted) : 0 }
  public var recall: Double { gold > 0 ? Double(goldMatched) / Double(gold) : 0 }
  public var f1: Double { LevelScore.fMeasure(precision: precision, recall: recall, beta: 1) }
  public var f0_5: Double { LevelScore.fMeasure(precision: precision, recall: recall, beta: 0.5) }
  public var f1_5: Double { LevelScore.fMeasure(precision: precision, recall: recall, beta: 1.5) }
}

enum ByteText {
  /// Whether the bytes of a text that is not empty stand in another's, by Knuth, Morris and Pratt: linear time.
  static func contains(_ needle: String, in text: String) -> Bool {
    let needle = Array(needle.utf8)
    if needle.isEmpty { return false }
    var borders = [Int](repeating: 0, count: needle.count)
    var length = 0
    for index in needle.indices.dropFirst() {
      while length > 0 && needle[index] != needle[length] { length = borders[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      borders[index] = length
    }
    length = 0
    for byte in text.utf8 {
      while length > 0 && byte != needle[length] { length = borders[length - 1] }
      if byte == needle[length] { length += 1 }
      if length == needle.count { return true }
    }
    return false
  }
}
