import Generation

/// How an article is read. The defaults are the recipe's.
public struct ExtractionOptions: Sendable, Equatable {
  /// What is looked for in an article; without `.funders` the records have none.
  public var stages: Set<Stage> = [.statements, .funders]
  /// Most tokens of a chunk; fewer where the model's context is smaller.
  public var chunkTokens = 7_500
  /// Where chunks begin and end.
  public var chunking = Chunking.paragraphs
  /// Tokens that neighbouring chunks share; of chunks of paragraphs only those of a paragraph that had to be cut.
  public var overlapTokens = 1_024
  /// Which chunks are read.
  public var chunkSelection = ChunkSelection.all
  /// Which statements are kept, by their words.
  public var statementWords = StatementWords.funding
  /// Most tokens that the model may write for one chunk.
  public var maximumStatementTokens = 512
  /// Most tokens that the model may write for one article's statements.
  public var maximumFunderTokens = 1_024
  /// How tokens are chosen in both stages.
  public var sampling: Sampling = .greedy
  /// What special-token strings inside the article mean.
  public var specialTokens: SpecialTokenPolicy = .plain
  /// Whether statements are cleaned as the reference does before stage 2 (`StatementCleanup`). The record keeps them as
  /// they stand in the article either way.
  public var cleansStatements = true
  /// What the model is held to while it writes.
  public var constraint = ConstraintOptions()
  /// Turns the model's confidence into probabilities; nil: the record has the raw figures only.
  public var calibration: Calibration?
  /// Whether the record holds the places of the funders' values and the raw outputs.
  public var includesEvidence = true

  public init() {}

  func check() throws(FundingError) {
    for (name, value, least) in [
      ("chunk tokens", chunkTokens, 1), ("overlap tokens", overlapTokens, 0),
      ("new tokens of stage 1", maximumStatementTokens, 1), ("new tokens of stage 2", maximumFunderTokens, 1),
    ] where value < least {
      throw FundingError(.invalidOption, "Found \(value) as \(name); expected at least \(least).")
    }
    for (name, value) in [
      ("statement", constraint.leastStatementProbability), ("value", constraint.leastValueProbability),
    ] where !(0...1).contains(value) {
      throw FundingError(
        .invalidOption, "Found \(value) as the least probability of a \(name); expected 0 to 1.")
    }
    if overlapTokens >= chunkTokens {
      throw FundingError(
        .invalidOption, "Found an overlap of \(overlapTokens) tokens for chunks of \(chunkTokens); it must be smaller.")
    }
  }
}

extension Set<Stage> {
  /// As records and flags spell it: `statements`, `parse` or `both`.
  package var name: String { count == 1 ? map(\.rawValue).joined() : "both" }
}

/// How far an extraction is.
public struct ExtractionProgress: Sendable, Equatable {
  public enum Event: Sendable, Equatable {
    /// So many tokens of the prompt have been read.
    case prefill(done: Int, total: Int)
    /// So many tokens have been written.
    case generated(tokens: Int)
    /// The part is finished.
    case finished
  }
  public var stage: Stage
  /// The chunk (stage 1) or the group of statements (stage 2), counted from 0.
  public var part: Int
  public var partCount: Int
  public var event: Event
}
