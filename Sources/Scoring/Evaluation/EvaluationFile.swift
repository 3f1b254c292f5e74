import Funding
import JSON
import Text

/// A file of predictions or gold annotations: JSON objects in any of the forms of ``JSONRows``.
///
/// The reference's `{"results": {file: {"funding_statements": […]}}}` is read as one row per file.
public struct EvaluationFile: Sendable {
  public enum Role: Sendable { case predictions, gold }

  /// An object of the file.
  public struct Entry: Sendable {
    /// The element of an array, from 1; otherwise the line.
    public var number: Int
    public var object: JSONObject
  }

  public let entries: [Entry]
  /// The reference's form of predicted statements, in which it drops objects with an empty text.
  let isReferenceResults: Bool

  /// - Throws: `ScoringError.unreadableFile` where a row cannot be read or is no object.
  public init(_ bytes: [UInt8]) throws(ScoringError) {
    let rows = try JSONRows.read(bytes).map { row throws(ScoringError) in try Self.entry(row) }
    guard rows.count == 1, let results = rows[0].object["results"]?.object else {
      (entries, isReferenceResults) = (rows, false)
      return
    }
    entries = results.members.enumerated().map { index, member in
      let statements = member.value["funding_statements"] ?? .array([])
      return Entry(
        number: index + 1,
        object: JSONObject([("filename", .string(member.key)), ("funding_statements", statements)]))
    }
    isReferenceResults = true
  }

  public var isEmpty: Bool { entries.isEmpty }

  /// Whether any row has funders.
  public var holdsFunders: Bool {
    entries.contains { $0.object["funders"] != nil || $0.object["predicted_funders"] != nil }
  }

  /// Whether any row has a list of statements.
  public var holdsStatements: Bool { entries.contains { StatementJoin.statementList(of: $0.object) != nil } }

  private static func entry(_ row: JSONRow) throws(ScoringError) -> Entry {
    let value: JSON
    do throws(JSONError) {
      value = try row.value.get()
    } catch {
      throw ScoringError(
        .unreadableFile,
        "row \(row.number) is not JSON (\(error.message) at byte \(error.offset)); expected one JSON object a line, or "
          + "an array of objects")
    }
    guard let object = value.object else {
      throw ScoringError(.unreadableFile, "row \(row.number) is \(value.kindDescription), expected an object")
    }
    return Entry(number: row.number, object: object)
  }
}

extension JSONObject {
  /// The first member of these that is a whole number or a text in which something stands.
  func text(_ keys: String...) -> String? {
    for key in keys {
      if let string = self[key]?.string, !PythonText.isBlank(string) { return string }
      if let int = self[key]?.int { return String(int) }
    }
    return nil
  }

  /// The row's DOI in the form by which rows are joined (``DOI``); nil if it has none.
  var doi: String? { text("doi", "ref").flatMap(DOI.joinedName) }

  /// Why an input has no result, as `patron extract` writes it.
  var failure: String? { self["error"]?.string }
}
