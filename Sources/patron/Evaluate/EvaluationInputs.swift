import Generation
import JSON
import PatronKit
import Runs
import Scoring

/// The files of `patron evaluate`, read.
struct EvaluationInputs {
  private let options: EvaluationInputOptions
  private let predictions: EvaluationFile
  private let gold: EvaluationFile
  private let other: EvaluationFile?
  let stage: Stage
  /// Whether statements were chosen where funders could have been.
  let isOtherTaskPossible: Bool

  /// - Throws: `InputError` where a file cannot be read, is empty, or where the files hold nothing to compare.
  init(_ options: EvaluationInputOptions, stage: Stage?) throws {
    func read(_ path: String) throws -> EvaluationFile {
      try ScoringInput.file(path, mebibytes: options.maxFileSize)
    }
    self.options = options
    predictions = try read(options.predictions)
    gold = try read(options.gold)
    other = try options.compare.map(read)
    let shareFunders = predictions.holdsFunders && gold.holdsFunders
    let shareStatements = predictions.holdsStatements && gold.holdsStatements
    isOtherTaskPossible = stage == nil && shareStatements && shareFunders
    if let stage {
      self.stage = stage
    } else if shareStatements || shareFunders {
      self.stage = shareStatements ? .statements : .funders
    } else if predictions.holdsFunders || predictions.holdsStatements {
      let found = [
        ("funders", predictions.holdsFunders, gold.holdsFunders),
        ("statements", predictions.holdsStatements, gold.holdsStatements),
      ]
      func list(_ names: [String]) -> String {
        names.isEmpty ? "neither funders nor statements" : names.joined(separator: " and ")
      }
      throw InputError(
        "\(options.predictions): found \(list(found.filter(\.1).map(\.0))), and in \(options.gold) "
          + "\(list(found.filter(\.2).map(\.0))); expected the same in both")
    } else {
      self.stage = gold.holdsStatements ? .statements : .funders
    }
  }

  func evaluate(_ measure: MeasureOptions) throws -> EvaluationResult {
    stage == .statements ? try statements(measure) : try funders(measure)
  }

  private func funders(_ measure: MeasureOptions) throws -> EvaluationResult {
    let goldRows = gold.rows(role: .gold)
    return try result { file, path, key -> EvaluatedFile<EntityEvaluation> in
      let join = DocumentJoin(
        predictions: file.rows(role: .predictions), gold: goldRows, key: key, countsMissing: options.missing == .empty)
      try check(join.mismatch, path)
      let evaluation = try EntityEvaluation(join, options: measure.comparison)
      guard !join.documents.isEmpty else {
        throw InputError("\(options.gold): the rows that \(path) has predictions for have no \"funders\"")
      }
      return EvaluatedFile(
        evaluation: evaluation, key: join.key, failures: evaluation.failures, warnings: join.warnings
      ) {
        let report = try EntityReport(evaluation, join: join, bootstrap: measure.bootstrap)
        return EvaluationResult(
          table: report.table(), json: report.json, csv: report.csv(), documents: DocumentRows(evaluation),
          errorFiles: ErrorReport(evaluation).files(), failures: evaluation.failures, warnings: report.warnings)
      }
    } compare: {
      try EvaluationComparison($0, $1, bootstrap: measure.bootstrap)
    }
  }

  private func statements(_ measure: MeasureOptions) throws -> EvaluationResult {
    try result { file, path, key -> EvaluatedFile<StatementEvaluation> in
      let join = try StatementJoin(predictions: file, gold: gold, key: key, countsMissing: options.missing != .skip)
      try check(join.mismatch, path)
      let evaluation = try StatementEvaluation(join.documents, threshold: measure.threshold)
      return EvaluatedFile(
        evaluation: evaluation, key: join.key, failures: evaluation.failures, warnings: join.warnings
      ) {
        let report = try StatementReport(evaluation, join: join, bootstrap: measure.bootstrap)
        return EvaluationResult(
          table: report.table(), json: report.json, csv: report.csv(), documents: DocumentRows(evaluation),
          errorFiles: StatementErrorReport(evaluation).files(), failures: evaluation.failures, warnings: join.warnings)
      }
    } compare: {
      try EvaluationComparison($0, $1, bootstrap: measure.bootstrap)
    }
  }

  /// The result of the predictions, and how the other ones compare where there are some. These are joined as the first.
  private func result<Evaluation>(
    _ evaluate: (EvaluationFile, _ path: String, EvaluationRow.Key?) throws -> EvaluatedFile<Evaluation>,
    compare: (Evaluation, Evaluation) throws -> EvaluationComparison
  ) throws -> EvaluationResult {
    let first = try evaluate(predictions, options.predictions, options.join.key)
    var result = try first.result()
    if let other, let path = options.compare {
      let second = try evaluate(other, path, first.key)
      result.add(
        try compare(first.evaluation, second.evaluation), paths: (options.predictions, path),
        failures: second.failures, warnings: second.warnings)
    }
    return result
  }

  /// All figures would be 0, for a reason that has nothing to do with the predictions.
  private func check(_ mismatch: String?, _ path: String) throws {
    guard let mismatch else { return }
    let advice = options.join == .auto ? "check that the files belong together" : "choose another --join"
    throw InputError("\(path) and \(options.gold): \(mismatch); \(advice)")
  }
}

/// A file of predictions, evaluated.
private struct EvaluatedFile<Evaluation> {
  let evaluation: Evaluation
  /// What its rows were joined by.
  let key: EvaluationRow.Key
  let failures: [(label: String, error: ScoringError)]
  let warnings: [String]
  /// All that is said of this file alone; its intervals take time.
  let result: () throws -> EvaluationResult
}

/// What an evaluation has to say, in all its forms.
struct EvaluationResult {
  private(set) var table: String
  private(set) var json: JSON
  private(set) var csv: String
  let documents: DocumentRows
  let errorFiles: [(name: String, contents: String)]
  /// Documents that could not be scored, in words.
  private(set) var failures: [String]
  private(set) var warnings: [String]

  init(
    table: String, json: JSON, csv: String, documents: DocumentRows, errorFiles: [(name: String, contents: String)],
    failures: [(label: String, error: ScoringError)], warnings: [String]
  ) {
    self.table = table
    self.json = json
    self.csv = csv
    self.documents = documents
    self.errorFiles = errorFiles
    self.failures = failures.map { "not scored: \($0.label): \($0.error.message)" }
    self.warnings = warnings
  }

  /// - Parameters:
  ///   - failures: what could not be scored of the second file.
  ///   - warnings: what was not joined of it.
  mutating func add(
    _ comparison: EvaluationComparison, paths: (first: String, second: String),
    failures: [(label: String, error: ScoringError)], warnings: [String]
  ) {
    let failures = failures.map { "\(paths.second): not scored: \($0.label): \($0.error.message)" }
    let warnings = warnings.map { "\(paths.second): \($0)" }
    table += "\nfirst: \(paths.first)\nsecond: \(paths.second)\n\n" + comparison.table()
    table += failures.map { $0 + "\n" }.joined() + warnings.map { "warning: \($0)\n" }.joined()
    json = .object((json.object?.members ?? []).map { ($0.key, $0.value) } + [("comparison", comparison.json)])
    csv = comparison.csv()
    self.failures += failures
    self.warnings += warnings + comparison.warnings
  }
}
