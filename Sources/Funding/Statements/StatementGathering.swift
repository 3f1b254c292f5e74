import Generation

/// Gathers the statements of an article from what stage 1 wrote for its chunks: read, located, and each once.
struct StatementGathering {
  /// A statement that is not kept.
  struct LeftOut {
    enum Reason {
      case unmeant(Confidence?)
      case withoutFundingWords
    }
    var text: String
    var reason: Reason
  }

  private let article: ArticleText
  private let options: ExtractionOptions
  private var locator: StatementLocator
  private var candidates: [StatementCandidate] = []

  /// - Parameter article: unwrapped.
  init(_ article: ArticleText, options: ExtractionOptions) {
    self.article = article
    self.options = options
    locator = StatementLocator(article.bytes)
  }

  /// Takes in what was written for the chunk that stands at `range`.
  mutating func add(
    _ completion: Completion, chunk: Int, _ range: Range<Int>
  ) -> (reading: Reading<OutputString>, leftOut: [LeftOut]) {
    let reading = StatementReader.read(completion.text)
    let confidences = OutputConfidence(completion, calibration: options.calibration)
    var leftOut: [LeftOut] = []
    for statement in reading.elements {
      let confidence = confidences?.confidence(of: statement, .statement)
      guard options.constraint.keepsStatement(confidence) else {
        leftOut.append(LeftOut(text: statement.text, reason: .unmeant(confidence)))
        continue
      }
      let place = locator.locate(statement.text, chunk: range)
      guard options.statementWords.keeps(statement.text, at: place?.range, in: article.bytes) else {
        leftOut.append(LeftOut(text: statement.text, reason: .withoutFundingWords))
        continue
      }
      candidates.append(
        StatementCandidate(
          modelText: statement.text, chunk: chunk, status: place?.status ?? .unverified, range: place?.range,
          confidence: confidence))
    }
    return (reading, leftOut)
  }

  /// The statements in order of place.
  var merged: [StatementCandidate] { StatementMerging.merge(candidates, in: article.bytes) }
}

extension ArticleText {
  /// Where statements stand in this text, as it reads or folded; those that do not are passed over.
  package func places(of statements: [String]) -> [Range<Int>] {
    var locator = StatementLocator(bytes)
    return statements.compactMap { locator.locate($0, chunk: bytes.indices)?.range }
  }
}
