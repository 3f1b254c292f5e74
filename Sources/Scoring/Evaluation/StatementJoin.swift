import JSON
import Text

/// Joins predicted with gold statements.
///
/// Gold: rows with `filename` or `id`, and `statements` or `funding_statements` (strings, or objects with `text` or
/// `statement`); `article` if the text is at hand. Predictions: the same, the records of `patron extract`, or the
/// reference's `{"results": {file: {"funding_statements": […]}}}`.
public struct StatementJoin: Sendable {
  public let key: EvaluationRow.Key
  /// The gold rows in their order, each with what was predicted for it; those without a prediction if they were asked
  /// for.
  public private(set) var documents: [StatementDocument] = []
  /// Predictions that have a gold row.
  public private(set) var joinedCount = 0
  /// Statements in the prediction file, and those of documents that gold does not know: they are left out, as the
  /// reference does.
  public private(set) var predictedInFile = 0
  public private(set) var predictedDiscarded = 0
  public private(set) var filesWithoutGold: [String] = []
  /// Documents that no prediction is for.
  public private(set) var goldWithoutPrediction: [String] = []
  /// Gold rows under the name of an earlier one. They are ignored.
  public private(set) var duplicateGold: [String] = []
  /// Predictions under the name of an earlier one, which they replace, as in the reference.
  public private(set) var repeatedPredictions: [String] = []
  private let countsMissing: Bool
  /// Why nothing was joined; nil if anything was.
  public private(set) var mismatch: String?
  public var goldWithStatements: Int { documents.count { !$0.gold.isEmpty } }

  /// Joins by the given key, or by the id (or file name) if any prediction finds a gold row that way, else by the DOI.
  ///
  /// - Parameter countsMissing: whether gold rows without a prediction count as if nothing was predicted, as the
  ///   reference has it.
  /// - Throws: `ScoringError.invalidParameter` for the key `statement`: statements are what is compared.
  public init(
    predictions: EvaluationFile, gold: EvaluationFile, key: EvaluationRow.Key? = nil, countsMissing: Bool = true
  ) throws(ScoringError) {
    if key == .statement {
      throw ScoringError(.invalidParameter, "statements cannot be joined by their text; join them by id or doi")
    }
    let goldRows = gold.entries.map { Row($0, dropsEmpty: false) }
    let predictionRows = predictions.entries.map { Row($0, dropsEmpty: predictions.isReferenceResults) }
    self.countsMissing = countsMissing
    let givenKey = key
    let key = key ?? [.id, .doi].first { Self.anyJoins(predictionRows, goldRows, $0) } ?? .id
    self.key = key

    var placeByName: [DocumentName: Int] = [:]
    for row in goldRows {
      let name = row.names(key).first ?? DocumentName(row.label)
      if placeByName[name] == nil {
        placeByName[name] = documents.count
        documents.append(row.goldDocument)
      } else {
        duplicateGold.append(row.label)
      }
    }
    add(predictionRows, placeByName)
    if joinedCount == 0 {
      func name(_ row: Row?) -> String? { givenKey == .doi ? row?.doi : row?.label }
      mismatch = DocumentJoin.mismatch(
        givenKey?.plural ?? "ids, file names or DOIs", name(predictionRows.first),
        name(goldRows.first))
    }
  }

  private mutating func add(_ rows: [Row], _ placeByName: [DocumentName: Int]) {
    // The last of several predictions for a document counts.
    var last: [Int: Row] = [:]
    var lastWithoutGold: [DocumentName: Row] = [:]
    var order: [DocumentName] = []
    for row in rows {
      let names = row.names(key)
      if let place = names.lazy.compactMap({ placeByName[$0] }).first {
        joinedCount += 1
        if last.updateValue(row, forKey: place) != nil { repeatedPredictions.append(row.label) }
      } else {
        let name = names.first ?? DocumentName(row.label)
        if lastWithoutGold.updateValue(row, forKey: name) == nil {
          order.append(name)
        } else {
          repeatedPredictions.append(row.label)
        }
      }
    }
    for place in documents.indices {
      guard let row = last[place] else {
        goldWithoutPrediction.append(documents[place].label)
        continue
      }
      switch row.statements {
      case .success(let statements):
        documents[place].predicted = statements
        predictedInFile += statements.count
      case .failure(let error): documents[place].failure = documents[place].failure ?? error
      }
    }
    if !countsMissing { documents = last.keys.sorted().map { documents[$0] } }
    for row in order.compactMap({ lastWithoutGold[$0] }) {
      let count = (try? row.statements.get().count) ?? 0
      predictedInFile += count
      predictedDiscarded += count
      filesWithoutGold.append(row.label)
    }
  }

  private static func anyJoins(_ predictions: [Row], _ gold: [Row], _ key: EvaluationRow.Key) -> Bool {
    let known = Set(gold.compactMap { $0.names(key).first })
    return predictions.contains { $0.names(key).contains(where: known.contains) }
  }

  /// One line for each thing that was not joined; empty if all is well.
  public var warnings: [String] {
    [
      DocumentJoin.line(
        filesWithoutGold, "prediction",
        "without a gold row (joined by \(key.rawValue)), left out with \(predictedDiscarded) statements"),
      DocumentJoin.line(
        repeatedPredictions, "prediction", "under the \(key.rawValue) of an earlier one, which it replaces"),
      DocumentJoin.line(
        goldWithoutPrediction, "gold row",
        "without a prediction, " + (countsMissing ? "counted as empty" : "in no figure")),
      DocumentJoin.line(duplicateGold, "gold row", "under the \(key.rawValue) of an earlier one, ignored"),
    ].compactMap { $0 }
  }

  /// The name under which the reference joins files: without folders, the first hyphen a dot (arXiv numbers are written
  /// both ways), ending in `.md`.
  ///
  ///     StatementJoin.canonicalFilename("d/2001-00001")  // "2001.00001.md"
  public static func canonicalFilename(_ name: String) -> String {
    // Python's `Path.name`: trailing slashes do not count.
    var base = name.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? ""
    if base == "." { base = "" }
    if base.utf8.count >= 3 && base.hasSuffix(".md") { base.removeLast(3) }
    if let hyphen = base.unicodeScalars.firstIndex(of: "-") {
      base.unicodeScalars.replaceSubrange(hyphen...hyphen, with: ["."])
    }
    return base + ".md"
  }

  /// A row's list of statements; nil if it has none.
  package static func statementList(of object: JSONObject) -> [JSON]? {
    (object["statements"] ?? object["funding_statements"])?.array
  }

  /// The text of an element of such a list.
  package static func text(of statement: JSON) -> String? {
    statement.string ?? statement["statement"]?.string ?? statement["text"]?.string
  }

  private struct Row {
    var id: String?
    var filename: String?
    var doi: String?
    /// What a reader recognises the document by: in the reference's form, where it is a file's name.
    var label: String
    var statements: Result<[String], ScoringError>
    var article: String?

    /// - Parameter dropsEmpty: the reference drops objects with an empty text (but keeps empty strings) in its own
    ///   form.
    init(_ entry: EvaluationFile.Entry, dropsEmpty: Bool) {
      let object = entry.object
      filename = object["filename"]?.string.flatMap { PythonText.isBlank($0) ? nil : $0 }
      id = object.text("id")
      doi = object.doi
      label = filename.map(canonicalFilename) ?? id ?? doi ?? "row \(entry.number)"
      article = object["article"]?.string
      if let list = statementList(of: object) {
        statements = .success(
          list.compactMap { $0.string == nil && dropsEmpty && text(of: $0) == "" ? nil : text(of: $0) })
      } else if let failure = object.failure {
        statements = .failure(
          ScoringError(.unreadableRow, "row \(entry.number) holds an error instead of a result: \(failure)"))
      } else {
        statements = .failure(ScoringError(.unreadableRow, "row \(entry.number) has no list \"statements\""))
      }
    }

    /// What the row may be called in the other file, the most exact name first.
    func names(_ key: EvaluationRow.Key) -> [DocumentName] {
      if key == .doi { return doi.map { [DocumentName($0)] } ?? [] }
      let ids = (filename ?? id).map(DocumentName.candidates) ?? []
      let file = (filename ?? id).map { [DocumentName.canonicalFile($0)] } ?? []
      return filename == nil ? ids + file : file + ids
    }

    var goldDocument: StatementDocument {
      var document = StatementDocument(label: label, gold: [], predicted: [], article: article)
      switch statements {
      case .success(let texts): document.gold = texts
      case .failure(let error): document.failure = error
      }
      return document
    }
  }
}
