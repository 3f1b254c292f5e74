import Files
import Funding
import JSON
import Text

/// A row of JSON that holds an article or statements.
struct InputRow {
  private let value: JSON
  /// As the row names itself; else what it was called where it stands.
  private let name: String

  private init(_ value: JSON, name: String) {
    self.value = value
    let names = ["id", "filename", "arxiv_id", "doi"].compactMap { value[$0]?.string ?? value[$0]?.number?.literal }
    self.name = names.first { !PythonText.isBlank($0) } ?? name
  }

  /// The rows of a value: itself, or those of the reference's results, `{"results": {file: row}}`.
  static func rows(of value: JSON, name: String) -> [InputRow] {
    guard let results = value["results"]?.object else { return [InputRow(value, name: name)] }
    return results.members.map { InputRow($0.value, name: $0.key) }
  }

  // MARK: Articles

  /// Members that may hold the text of an article, in order of preference.
  private static let articleKeys = ["article", "text", "full_text", "markdown", "content"]

  /// The article of a row.
  static func article(_ row: InputRow) -> InputItem {
    if let failure = row.failure { return failure }
    guard let text = row.text(articleKeys) else { return row.without("the text of an article", articleKeys) }
    return InputItem(id: row.name, text: Array(text.utf8))
  }

  // MARK: Statements

  /// Members that may hold a statement or a list of them, in order of preference.
  private static let statementKeys = [
    "statement", "funding_statement", "predicted_statements", "statements", "funding_statements", "text",
  ]

  /// The statements of a row: a record of stage 1, a list of strings or of objects, or a single statement.
  static func statements(_ row: InputRow) -> InputItem {
    if let failure = row.failure { return failure }
    if row.value["sha256"] != nil, row.value["statements"] != nil { return row.record }
    let lists = statementKeys.compactMap { row.list($0) }
    if let list = row.value.array ?? lists.first { return row.statements(list) }
    guard let text = row.text(statementKeys) else { return row.without("a statement", statementKeys) }
    return InputItem(id: row.name, text: Array(text.utf8))
  }

  private var record: InputItem {
    do throws(FundingError) {
      return InputItem(id: name, contents: .success(.record(try ExtractionRecord(json: value))))
    } catch {
      return InputItem(id: name, failure: "the record cannot be read: \(error.message)")
    }
  }

  private func statements(_ list: [JSON]) -> InputItem {
    var item = InputItem(id: name, contents: .success(.statements([])))
    var texts: [String] = []
    for element in list {
      let text = element.string ?? InputRow(element, name: name).text(["text", "statement", "funding_statement"])
      if let text, !PythonText.isBlank(text) {
        texts.append(text)
      } else {
        let found = text == nil ? element.kindDescription : "an empty statement"
        item.warnings.append("left out \(found) in the list of statements")
      }
    }
    item.contents = .success(.statements(texts))
    if texts.isEmpty, !list.isEmpty { return InputItem(id: name, failure: "found a list of statements without a text") }
    return item
  }

  /// The list under a key; also one that is written as JSON in a string, as tables have it.
  private func list(_ key: String) -> [JSON]? {
    guard let value = value[key] else { return nil }
    guard let text = value.string, JSONRows.looksLikeRows(Array(text.utf8)) else { return value.array }
    return (try? JSON.parse(text, options: .python))?.array
  }

  // MARK: Both

  /// The first text under the keys that is not blank, else the first.
  private func text(_ keys: [String]) -> String? {
    let texts = value.string.map { [$0] } ?? keys.compactMap { value[$0]?.string }
    return texts.first { !PythonText.isBlank($0) } ?? texts.first
  }

  /// What a row says that holds an error in place of a result.
  private var failure: InputItem? {
    value["error"]?.string.map { InputItem(id: name, failure: "holds an error instead of a result: \($0)") }
  }

  private func without(_ expected: String, _ keys: [String]) -> InputItem {
    let names = keys.map { "\"\($0)\"" }
    return InputItem(
      id: name,
      failure: "found \(value.kindDescription) without \(expected), expected an object with "
        + names.dropLast().joined(separator: ", ") + " or " + names.suffix(1).joined())
  }
}
