import Funding

/// Predicted values with the model's confidence, and whether gold has them.
///
/// A statement is right if it is matched one to one by overlap (`StatementEvaluation`), a funder if its name is matched
/// (`FunderComparison`), an award id, a scheme or a title if it is matched under its funder.
public struct CalibrationData: Sendable {
  public struct Observation: Sendable, Equatable {
    /// The geometric mean of the value's token probabilities.
    public var mean: Double
    public var isCorrect: Bool
    /// The document that it is from, counted from 0.
    public var document: Int

    public init(mean: Double, isCorrect: Bool, document: Int) {
      self.mean = mean
      self.isCorrect = isCorrect
      self.document = document
    }
  }

  public private(set) var observations: [ValueKind: [Observation]] = [:]
  /// What leaving out unsure values of stage 2 does to the scores.
  public private(set) var thresholds = ValueThresholds()
  public private(set) var documentCount = 0
  /// Values without a confidence; they are left out.
  public private(set) var unknownCount = 0

  public init() {}

  /// Adds the values of a record.
  ///
  /// - Parameters:
  ///   - statements: gold; nil: the record's statements are not used.
  ///   - funders: gold; nil: the record's funders are not used.
  /// - Throws: `ScoringError` where the record is too large to be compared.
  public mutating func add(
    _ record: ExtractionRecord, statements: [String]?, funders: [Funder]?
  ) throws(ScoringError) {
    if let statements {
      let document = StatementDocument(
        label: record.id, gold: statements, predicted: record.statements.map(\.text))
      let evaluation = try StatementEvaluation([document])
      if let failure = evaluation.failures.first { throw failure.error }
      let right = Set(evaluation.documents.first?.pairs.map(\.column) ?? [])
      for (index, statement) in record.statements.enumerated() {
        add(statement.confidence, .statement, isCorrect: right.contains(index))
      }
    }
    if let funders {
      try add(record, FunderComparison(gold: funders, predicted: record.funders))
      try thresholds.add(record, gold: funders)
    }
    documentCount += 1
  }

  private mutating func add(_ confidence: Confidence?, _ kind: ValueKind, isCorrect: Bool) {
    guard let confidence else {
      unknownCount += 1
      return
    }
    observations[kind, default: []].append(
      Observation(mean: confidence.mean, isCorrect: isCorrect, document: documentCount))
  }

  private mutating func add(_ record: ExtractionRecord, _ comparison: FunderComparison) {
    let confidences = record.confidences ?? []
    // Each matched value counts once, under whichever of the merged funders it stands.
    var pairs = comparison.pairs.map(RightValues.init)
    for (index, funder) in record.funders.enumerated() where confidences.indices.contains(index) {
      let place = pairs.firstIndex { $0.isOf(funder) }
      // Confidences of another shape say nothing of these values.
      let values = funder.zip(confidences[index]) ?? funder.map { value, _ in (value, nil) }
      values.forEach { value, kind in
        let isCorrect =
          kind == .funderName
          ? place.map { pairs[$0].isMatched } : place.map { pairs[$0].take(value.0, kind) }
        add(value.1, kind, isCorrect: isCorrect ?? false)
      }
    }
  }
}

/// What of a predicted funder was matched.
private struct RightValues {
  let name: String?
  let isPredicted: Bool
  let isMatched: Bool
  private var values: [ValueKind: [String]] = [:]

  init(_ pair: FunderComparison.FunderPair) {
    name = pair.predicted?.name
    isPredicted = pair.predicted != nil
    isMatched = pair.isMatched
    func matched(_ matches: [FunderComparison.Match]) -> [String] {
      matches.compactMap { $0.gold == nil ? nil : $0.predicted }
    }
    values[.awardID] = matched(pair.awardIDs)
    values[.fundingScheme] = matched(pair.fundingSchemes)
    values[.awardTitle] = matched(pair.awardTitles)
  }

  /// Whether the funder is this one, or was merged into it.
  func isOf(_ funder: Funder) -> Bool {
    guard isPredicted else { return false }
    guard let name, let other = funder.name else { return name == nil && (funder.name ?? "").isEmpty }
    return NameSimilarity.similarity(name, other) >= ComparisonOptions().funderThreshold
  }

  mutating func take(_ value: String, _ kind: ValueKind) -> Bool {
    guard let place = values[kind]?.firstIndex(where: { $0.utf8.elementsEqual(value.utf8) }) else { return false }
    values[kind]?.remove(at: place)
    return true
  }
}
