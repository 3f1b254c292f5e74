import Funding
import JSON

/// What the model reads at a time, with the name that its record gets.
package struct InputItem: Sendable, Equatable {
  package enum Contents: Sendable, Equatable {
    /// An article or a statement, in UTF-8.
    case text([UInt8])
    /// The statements of an article.
    case statements([String])
    /// What stage 1 left of an article.
    case record(ExtractionRecord)
  }

  package var id: String
  package var contents: Result<Contents, InputError>
  /// What of the input is left out, in words.
  package var warnings: [String]

  package init(id: String, contents: Result<Contents, InputError>, warnings: [String] = []) {
    self.id = id
    self.contents = contents
    self.warnings = warnings
  }

  init(id: String, text: [UInt8]) { self.init(id: id, contents: .success(.text(text))) }
  package init(id: String, failure: String) { self.init(id: id, contents: .failure(InputError(failure))) }

  /// The articles of a file: the file itself, or those of its rows where it is JSON, by its name or its beginning.
  package static func articles(in contents: [UInt8], id: String) -> [InputItem] {
    if let found = binary(contents) ?? UnreadForm.table(contents, id: id) {
      return [
        InputItem(id: id, failure: found + ", expected the text of an article, or rows of JSON; convert the file")
      ]
    }
    guard hasJSONName(id) || JSONRows.looksLikeRows(contents) else { return [InputItem(id: id, text: contents)] }
    let rows = JSONRows.read(contents)
    let failureCount = rows.count { (try? $0.value.get()) == nil }
    // A text that only begins with JSON.
    if !hasJSONName(id), rows.count > 1, 2 * failureCount > rows.count { return [InputItem(id: id, text: contents)] }
    return items(rows, id: id, InputRow.article)
  }

  /// The statements of a file: one per line, or those of its rows where it is JSON, by its name or its beginning.
  /// Empty lines are left out.
  ///
  /// A record is named after its row, or after the file with the line, in an array the element (`statements.txt:12`).
  package static func statements(in contents: [UInt8], id: String) -> [InputItem] {
    let found =
      binary(contents) ?? UnreadForm.markup(contents, id: id) ?? UnreadForm.table(contents, id: id)
    if let found {
      return [
        InputItem(id: id, failure: found + ", expected statements, one per line, or rows of JSON; convert the file")
      ]
    }
    if hasJSONName(id) || JSONRows.looksLikeRows(contents) {
      return items(JSONRows.read(contents), id: id, InputRow.statements)
    }
    return TextLines.lines(of: contents).map { line in
      let name = "\(id):\(line.number)"
      guard JSONRows.looksLikeRows(line.bytes) else { return InputItem(id: name, text: line.bytes) }
      return InputItem(
        id: name, failure: "found JSON among lines of text, expected statements, one per line, or rows of JSON only")
    }
  }

  private static func binary(_ contents: [UInt8]) -> String? { FileKind(contents).map { "found \($0.name)" } }

  private static func hasJSONName(_ id: String) -> Bool {
    [".json", ".jsonl", ".ndjson"].contains { id.lowercased().hasSuffix($0) }
  }

  private static func items(_ rows: [JSONRow], id: String, _ read: (InputRow) -> InputItem) -> [InputItem] {
    rows.flatMap { row -> [InputItem] in
      let name = "\(id):\(row.number)"
      do throws(JSONError) {
        return InputRow.rows(of: try row.value.get(), name: name).map(read)
      } catch {
        return [InputItem(id: name, failure: "not JSON: \(error.message) at byte \(error.offset)")]
      }
    }
  }
}
