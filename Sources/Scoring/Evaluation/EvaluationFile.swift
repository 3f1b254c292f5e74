import Funding
import JSON
import Text

/// A file of predictions or gold annotations: one JSON object a line, a JSON array of objects, or a single object.
///
/// The reference's `{"results": {file: {"funding_statements": […]}}}` is read as one row per file.
public struct EvaluationFile: Sendable {
  public enum Role: Sendable { case predictions, gold }

  /// A line, or an element of the array.
  struct Entry: Sendable {
    /// The line, or the place in the array, from 1.
    var number: Int
    var object: JSONObject
  }

  let entries: [Entry]
  /// The reference's form of predicted statements, in which it drops objects with an empty text.
  let isReferenceResults: Bool

  /// - Throws: `ScoringError.unreadableFile` where the bytes have none of the forms.
  public init(_ bytes: [UInt8]) throws(ScoringError) {
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    let first = bytes.first { !JSONLines.isWhitespace($0) }
    if first == UInt8(ascii: "["), let elements = try Self.parse(bytes, place: "the file").array {
      entries = try elements.enumerated().map { index, value throws(ScoringError) in
        try Self.entry(value, number: index + 1, place: "element \(index + 1)")
      }
      isReferenceResults = false
    } else if first == UInt8(ascii: "{"), let object = (try? JSON.parse(bytes, options: .python))?.object {
      if let results = object["results"]?.object {
        entries = results.members.enumerated().map { index, member in
          let statements = member.value["funding_statements"] ?? .array([])
          return Entry(
            number: index + 1,
            object: JSONObject([("filename", .string(member.key)), ("funding_statements", statements)]))
        }
        isReferenceResults = true
      } else {
        entries = [Entry(number: 1, object: object)]
        isReferenceResults = false
      }
    } else {
      entries = try Self.lines(bytes)
      isReferenceResults = false
    }
  }

  public var isEmpty: Bool { entries.isEmpty }

  /// Whether any row has funders.
  public var holdsFunders: Bool {
    entries.contains { $0.object["funders"] != nil || $0.object["predicted_funders"] != nil }
  }

  /// Whether any row has a list of statements.
  public var holdsStatements: Bool { entries.contains { StatementJoin.statementList(of: $0.object) != nil } }

  private static func lines(_ bytes: [UInt8]) throws(ScoringError) -> [Entry] {
    try JSONLines.lines(of: bytes).map { number, line throws(ScoringError) in
      let place = "line \(number)"
      return try entry(try parse(line, place: place), number: number, place: place)
    }
  }

  private static func parse(_ bytes: some Sequence<UInt8>, place: String) throws(ScoringError) -> JSON {
    do throws(JSONError) {
      return try JSON.parse(bytes, options: .python)
    } catch {
      throw ScoringError(
        .unreadableFile,
        "\(place) is not JSON (\(error.message) at byte \(error.offset)); expected one JSON object a line, or an array "
          + "of objects")
    }
  }

  private static func entry(_ value: JSON, number: Int, place: String) throws(ScoringError) -> Entry {
    guard let object = value.object else {
      throw ScoringError(.unreadableFile, "\(place) is \(value.kindDescription), expected an object")
    }
    return Entry(number: number, object: object)
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
