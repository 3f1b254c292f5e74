import Funding

/// Predictions with the gold rows they belong to, and what belongs to nothing.
public struct DocumentJoin: Sendable {
  public struct Document: Sendable {
    public var label: String
    public var gold: Result<[Funder], ScoringError>
    public var predicted: Result<[Funder], ScoringError>
    public var isTruncated: Bool
  }

  public var key: EvaluationRow.Key
  /// In the order of the predictions; then the gold rows without one, if they were asked for.
  public private(set) var documents: [Document] = []
  /// Predictions whose gold row was not found. They are among `documents`, with empty gold, as the reference has it.
  public private(set) var predictionsWithoutGold: [EvaluationRow] = []
  /// Gold rows that no prediction has.
  public private(set) var goldWithoutPrediction: [EvaluationRow] = []
  /// Gold rows whose key an earlier row has; they are ignored, as the reference does.
  public private(set) var duplicateGold: [EvaluationRow] = []

  /// Joins by the given key, or by the first of id, statement and DOI under which any prediction finds a gold row.
  ///
  /// A DOI comes last because one article can have several statements.
  ///
  /// - Parameter countsMissing: whether gold rows without a prediction count as documents with an empty one. The reference
  ///   ignores them, which flatters a file with rows left out.
  public init(
    predictions: [EvaluationRow], gold: [EvaluationRow], key: EvaluationRow.Key? = nil, countsMissing: Bool = false
  ) {
    self.key = key ?? Self.commonKey(predictions, gold)
    // Keys are compared as bytes: `String` would take canonically equivalent statements for one.
    var goldByKey: [[UInt8]: EvaluationRow] = [:]
    for row in gold {
      guard let value = row.value(of: self.key) else { continue }
      if goldByKey[Array(value.utf8)] != nil {
        duplicateGold.append(row)
      } else {
        goldByKey[Array(value.utf8)] = row
      }
    }
    var found: Set<[UInt8]> = []
    for row in predictions {
      let value = row.value(of: self.key).map { Array($0.utf8) }
      let match = value.flatMap { goldByKey[$0] }
      if let value, match != nil { found.insert(value) }
      if match == nil { predictionsWithoutGold.append(row) }
      documents.append(
        Document(
          label: row.label, gold: match?.funders ?? .success([]), predicted: row.funders, isTruncated: row.isTruncated))
    }
    let duplicates = Set(duplicateGold.map(\.number))
    for row in gold where !duplicates.contains(row.number) {
      if row.value(of: self.key).map({ !found.contains(Array($0.utf8)) }) ?? true { goldWithoutPrediction.append(row) }
    }
    if countsMissing {
      for row in goldWithoutPrediction {
        documents.append(
          Document(label: row.label, gold: row.funders, predicted: .success([]), isTruncated: false))
      }
    }
  }

  private static func commonKey(_ predictions: [EvaluationRow], _ gold: [EvaluationRow]) -> EvaluationRow.Key {
    for key in [EvaluationRow.Key.id, .statement, .doi] {
      let known = Set(gold.compactMap { $0.value(of: key).map { Array($0.utf8) } })
      if predictions.contains(where: { $0.value(of: key).map { known.contains(Array($0.utf8)) } ?? false }) {
        return key
      }
    }
    return .statement
  }

  /// One line for each thing that was not joined; empty if all is well.
  public var warnings: [String] {
    func line(_ rows: [EvaluationRow], _ what: String) -> String? {
      if rows.isEmpty { return nil }
      let labels = rows.prefix(5).map(\.label).joined(separator: ", ")
      return "\(rows.count) \(what): \(labels)\(rows.count > 5 ? ", …" : "")"
    }
    return [
      line(predictionsWithoutGold, "predictions have no gold row (joined by \(key.rawValue)) and count as made up"),
      line(goldWithoutPrediction, "gold rows have no prediction"),
      line(duplicateGold, "gold rows repeat the \(key.rawValue) of an earlier one and are ignored"),
    ].compactMap { $0 }
  }
}
