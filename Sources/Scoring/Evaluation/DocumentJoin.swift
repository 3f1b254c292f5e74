import Funding
import Text

/// Predictions with the gold rows they belong to, and what belongs to nothing.
public struct DocumentJoin: Sendable {
  public struct Document: Sendable {
    public var label: String
    /// What the document is joined by; the same for every prediction file.
    public var identity: String
    public var gold: Result<[Funder], ScoringError>
    public var predicted: Result<[Funder], ScoringError>
    public var isTruncated: Bool
  }

  public var key: EvaluationRow.Key
  /// In the order of the predictions; then the gold rows without one, if they were asked for.
  public private(set) var documents: [Document] = []
  /// Predictions that have a gold row.
  public private(set) var joinedCount = 0
  /// Predictions whose gold row was not found. They are among `documents`, with empty gold, as the reference has it.
  public private(set) var predictionsWithoutGold: [EvaluationRow] = []
  /// Predictions whose gold row an earlier prediction has, too. Each counts, as in the reference.
  public private(set) var repeatedPredictions: [EvaluationRow] = []
  /// Gold rows that no prediction has.
  public private(set) var goldWithoutPrediction: [EvaluationRow] = []
  /// Gold rows whose key an earlier row has; they are ignored, as the reference does.
  public private(set) var duplicateGold: [EvaluationRow] = []
  /// Gold rows without annotation of funders. They and their predictions are left out.
  public private(set) var unannotatedGold: [EvaluationRow] = []
  private let countsMissing: Bool
  /// Why nothing was joined; nil if anything was.
  public private(set) var mismatch: String?

  /// Joins by the given key, or by the first of id, statement and DOI under which any prediction finds a gold row.
  ///
  /// A DOI comes last because one article can have several statements. An id that is a path is also found under the
  /// file's name, with or without its extension.
  ///
  /// - Parameter countsMissing: whether gold rows without a prediction count as documents with an empty one. The
  ///   reference ignores them, which flatters a file with rows left out.
  public init(
    predictions: [EvaluationRow], gold: [EvaluationRow], key: EvaluationRow.Key? = nil, countsMissing: Bool = false
  ) {
    let givenKey = key
    let key = key ?? Self.commonKey(predictions, gold)
    self.key = key
    self.countsMissing = countsMissing
    var placeByName: [DocumentName: Int] = [:]
    for (place, row) in gold.enumerated() {
      guard let name = row.names(key).first else { continue }
      if placeByName[name] == nil {
        placeByName[name] = place
        if row.isUnannotated { unannotatedGold.append(row) }
      } else {
        duplicateGold.append(row)
      }
    }
    var isFound = [Bool](repeating: false, count: gold.count)
    for row in predictions {
      let place = row.names(key).lazy.compactMap { placeByName[$0] }.first
      if let place {
        joinedCount += 1
        if isFound[place] { repeatedPredictions.append(row) }
        isFound[place] = true
        if gold[place].isUnannotated { continue }
      } else {
        predictionsWithoutGold.append(row)
      }
      documents.append(
        Document(
          label: row.label,
          identity: (place.flatMap { gold[$0].names(key).first } ?? row.names(key).first)?.text ?? row.label,
          gold: place.map { gold[$0].funders } ?? .success([]), predicted: row.funders, isTruncated: row.isTruncated))
    }
    if joinedCount == 0 {
      func name(_ row: EvaluationRow?) -> String? { givenKey == nil ? row?.label : row?.names(key).first?.text }
      mismatch = Self.mismatch(
        givenKey?.plural ?? "ids, statements or DOIs", name(predictions.first), name(gold.first))
    }
    let ignored = Set((duplicateGold + unannotatedGold).map(\.number))
    for (place, row) in gold.enumerated() where !isFound[place] && !ignored.contains(row.number) {
      goldWithoutPrediction.append(row)
    }
    if countsMissing {
      for row in goldWithoutPrediction {
        documents.append(
          Document(
            label: row.label, identity: row.names(key).first?.text ?? row.label, gold: row.funders,
            predicted: .success([]),
            isTruncated: false))
      }
    }
  }

  private static func commonKey(_ predictions: [EvaluationRow], _ gold: [EvaluationRow]) -> EvaluationRow.Key {
    for key in [EvaluationRow.Key.id, .statement, .doi] {
      let known = Set(gold.compactMap { $0.names(key).first })
      let isShared = predictions.contains { $0.names(key).contains(where: known.contains) }
      if isShared { return key }
    }
    return .statement
  }

  /// One line for each thing that was not joined; empty if all is well.
  public var warnings: [String] {
    let key = key.rawValue
    return [
      Self.line(
        predictionsWithoutGold.map(\.label), "prediction", "without a gold row (joined by \(key)), counted as made up"),
      Self.line(repeatedPredictions.map(\.label), "prediction", "under the \(key) of an earlier one, counted again"),
      Self.line(
        goldWithoutPrediction.map(\.label), "gold row",
        "without a prediction, " + (countsMissing ? "counted as empty" : "in no figure")),
      Self.line(duplicateGold.map(\.label), "gold row", "under the \(key) of an earlier one, ignored"),
      Self.line(unannotatedGold.map(\.label), "gold row", "without \"funders\", left out with what was predicted"),
    ].compactMap { $0 }
  }

  /// For example `found no ids in common: the first prediction has "a", the first gold row "b"`.
  static func mismatch(_ keys: String, _ predicted: String?, _ gold: String?) -> String {
    func name(_ name: String?) -> String { name.map { "\"\(TextTable.label($0))\"" } ?? "none" }
    return "found no \(keys) in common: the first prediction has \(name(predicted)), the first gold row \(name(gold))"
  }

  /// `2 gold rows without a prediction, in no figure: a, b`; nil if there are none.
  static func line(_ labels: [String], _ noun: String, _ what: String) -> String? {
    if labels.isEmpty { return nil }
    let first = labels.prefix(5).map { TextTable.label($0) }.joined(separator: ", ")
    return "\(TextTable.counted(labels.count, noun)) \(what): \(first)\(labels.count > 5 ? ", …" : "")"
  }
}
