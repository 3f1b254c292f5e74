import Generation

/// A funding statement and its place in the article.
public struct FundingStatement: Sendable, Equatable {
  /// As it stands in the file; as the model wrote it if it is unverified.
  public var text: String
  public var status: StatementStatus
  /// Its place in the file; nil if it is unverified.
  public var span: TextSpan?
  /// The chunk that it was found in, counted from 0.
  public var chunk: Int
  /// How sure the model was; nil if it did not write it, or not in a form whose tokens can be told.
  public var confidence: Confidence?

  public init(
    text: String, status: StatementStatus, span: TextSpan? = nil, chunk: Int = 0, confidence: Confidence? = nil
  ) {
    self.text = text
    self.status = status
    self.span = span
    self.chunk = chunk
    self.confidence = confidence
  }
}

/// Where a value stands.
public struct ValuePlace: Sendable, Equatable {
  /// Index of the statement in the record.
  public var statement: Int
  /// UTF-8 range in the statement's text.
  public var inStatement: Range<Int>
  /// Place in the file; nil if the statement is unverified.
  public var span: TextSpan?

  public init(statement: Int, inStatement: Range<Int>, span: TextSpan?) {
    self.statement = statement
    self.inStatement = inStatement
    self.span = span
  }
}

/// Places of a funder's values, in the funder's shape. Nil: the value stands in no statement.
public typealias FunderEvidence = FunderTree<ValuePlace?>

/// A completion that a record rests on.
public struct ModelCall: Sendable, Equatable {
  public var stage: Stage
  /// The chunk or the group of statements, counted from 0.
  public var part: Int
  /// The part of the file that the model read; nil in stage 2.
  public var span: TextSpan?
  /// What the model wrote, unchanged.
  public var output: String
  public var finishReason: FinishReason
  /// Whether the output was closed near its token limit, so that something may be missing.
  public var closedAtLimit: Bool = false
  /// Sum of the natural logarithms of the tokens' probabilities under the model (temperature 1), and under the model
  /// held to the constraint; nil where the generator did not tell them.
  public var logProbability: Double?
  public var constrainedLogProbability: Double?
  public var promptTokens: Int
  /// The stop token included.
  public var newTokens: Int
  public var prefillSeconds: Double
  public var decodeSeconds: Double
}

/// What was found in one article, and what that rests on.
public struct ExtractionRecord: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  /// Name of the article, as the caller gave it.
  public var id: String
  /// SHA-256 of the file's bytes, in hexadecimal.
  public var sha256: String
  /// In order of place, unverified ones last.
  public var statements: [FundingStatement]
  public var funders: [Funder]
  /// Parallel to `funders`; nil if it was not asked for.
  public var evidence: [FunderEvidence]?
  /// Parallel to `funders`; nil if it is not known.
  public var confidences: [FunderConfidence]?
  /// What stage 1 read of the article; nil if it did not run.
  public var chunks: ChunkCounts?
  /// Completions in the order of stages and parts; nil if evidence was not asked for.
  public var calls: [ModelCall]?
  /// What may be missing or doubtful, in words.
  public var warnings: [String]
  /// What made this record: version, prompts, settings, model and adapters.
  public var provenance: [Entry]
  /// Wall-clock time of the whole extraction.
  public var seconds: Double

  public init(
    id: String, sha256: String, statements: [FundingStatement] = [], funders: [Funder] = [],
    evidence: [FunderEvidence]? = nil, confidences: [FunderConfidence]? = nil, chunks: ChunkCounts? = nil,
    calls: [ModelCall]? = nil, warnings: [String] = [], provenance: [Entry] = [], seconds: Double = 0
  ) {
    self.id = id
    self.sha256 = sha256
    self.statements = statements
    self.funders = funders
    self.evidence = evidence
    self.confidences = confidences
    self.chunks = chunks
    self.calls = calls
    self.warnings = warnings
    self.provenance = provenance
    self.seconds = seconds
  }
}
