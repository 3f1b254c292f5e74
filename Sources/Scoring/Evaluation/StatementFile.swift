import JSON

/// Reads predicted and gold statements and joins them.
///
/// Gold: a JSON array or JSONL of objects with `filename` or `id`, and `statements` (strings, or objects with `text` or
/// `statement`); `article` if the text is at hand. Predictions: the same, the records of `patron extract`, or the
/// reference's `{"results": {file: {"funding_statements": […]}}}`.
public struct StatementJoin: Sendable {
  public private(set) var documents: [StatementDocument] = []
  /// Statements in the prediction file, and those of documents that gold does not know: they are left out, as the
  /// reference does.
  public private(set) var predictedInFile = 0
  public private(set) var predictedDiscarded = 0
  public private(set) var filesWithoutGold: [String] = []
  public var goldWithStatements: Int { documents.count { !$0.gold.isEmpty } }

  /// - Throws: `ScoringError.unreadableFile` where a file does not have one of the forms above.
  public init(predictions: [UInt8], gold: [UInt8]) throws(ScoringError) {
    let goldRows = try Self.rows(gold)
    var predicted: [[UInt8]: (name: String, statements: [String])] = [:]
    var order: [[UInt8]] = []
    for row in try Self.predictionRows(predictions) {
      let key = Array(row.name.utf8)
      if predicted[key] == nil { order.append(key) }
      predicted[key] = (row.name, row.statements)
    }
    var known: Set<[UInt8]> = []
    for row in goldRows {
      let key = Array(row.name.utf8)
      known.insert(key)
      documents.append(
        StatementDocument(
          label: row.name, gold: row.statements, predicted: predicted[key]?.statements ?? [], article: row.article))
    }
    for key in order {
      guard let row = predicted[key] else { continue }
      predictedInFile += row.statements.count
      if !known.contains(key) {
        predictedDiscarded += row.statements.count
        filesWithoutGold.append(row.name)
      }
    }
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

  private struct Row {
    var name: String
    var statements: [String]
    var article: String?
  }

  private static func predictionRows(_ bytes: [UInt8]) throws(ScoringError) -> [Row] {
    if let value = try? JSON.parse(bytes, options: .python), let results = value["results"]?.object {
      return results.members.map { name, payload in
        let items = payload["funding_statements"]?.array ?? []
        return Row(name: canonicalFilename(name), statements: items.compactMap { statement($0, dropsEmpty: true) })
      }
    }
    return try rows(bytes)
  }

  private static func rows(_ bytes: [UInt8]) throws(ScoringError) -> [Row] {
    try EvaluationFile.objects(bytes).map { number, object throws(ScoringError) in
      let name: String
      if let filename = object["filename"]?.string {
        name = canonicalFilename(filename)
      } else if let id = object["id"]?.string ?? object["id"]?.int.map(String.init) {
        name = id
      } else {
        throw ScoringError(.unreadableFile, "row \(number) has neither a filename nor an id")
      }
      let items = (object["statements"] ?? object["funding_statements"])?.array ?? []
      return Row(
        name: name, statements: items.compactMap { statement($0, dropsEmpty: false) },
        article: object["article"]?.string)
    }
  }

  /// The reference drops empty texts of objects, but keeps empty strings.
  private static func statement(_ value: JSON, dropsEmpty: Bool) -> String? {
    if let string = value.string { return string }
    let text = value["statement"]?.string ?? value["text"]?.string
    return dropsEmpty && text?.isEmpty == true ? nil : text
  }
}
