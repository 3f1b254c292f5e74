import Files
import JSON
import Text

/// What tells of a row which document it is about: names of the document, and its texts.
struct ComparedRow: Sendable {
  /// Such as `id jats-1`, `ref 10.1000/5`, `title …`.
  let names: [String]
  /// Funding statements, or the whole of a chat.
  let statements: [ComparedText]
  let article: ComparedText?

  /// - Throws: `DataError.unreadableRow` for a row with none of the members that hold texts.
  init(_ value: JSON) throws(DataError) {
    func expected(_ found: String) -> DataError {
      DataError(.unreadableRow, "found \(found), expected article, statement (or funding_statement), or messages")
    }
    guard let object = value.object else { throw expected(value.kindDescription) }
    let article = object["article"]?.string
    var texts = (object["statements"]?.array ?? []).compactMap {
      $0.string ?? $0["text"]?.string ?? $0["statement"]?.string
    }
    if let statement = object["statement"]?.string ?? object["funding_statement"]?.string { texts.append(statement) }
    if let messages = object["messages"]?.array {
      texts.append(messages.compactMap { $0["content"]?.string }.joined(separator: "\n"))
    }
    guard article != nil || !texts.isEmpty else {
      throw expected(
        object.isEmpty ? "no members" : object.keys.prefix(8).map { String($0.prefix(40)) }.joined(separator: ", "))
    }
    statements = texts.map(ComparedText.init).filter { !$0.letters.isEmpty }
    self.article = article.map(ComparedText.init).flatMap { $0.letters.isEmpty ? nil : $0 }

    var names: [String] = []
    if let id = object["id"]?.string ?? object["id"]?.int.map(String.init), !PythonText.isBlank(id) {
      names.append("id " + id)
    }
    for member in ["ref", "doi"] {
      if let ref = object[member]?.string.map(Self.bareReference), !ref.isEmpty { names.append("ref " + ref) }
    }
    if let title = object["title"]?.string ?? article.flatMap(Self.firstHeading) {
      let letters = ComparedText(title).letters
      // A short one may be that of a section or a series.
      if letters.count >= Self.leastTitleLength { names.append("title " + String(decoding: letters, as: UTF8.self)) }
    }
    self.names = names
  }

  private static let leastTitleLength = 30

  /// `10.1000/5` of `doi:10.1000/5` and of `https://doi.org/10.1000/5`.
  private static func bareReference(_ text: String) -> String {
    let text = PythonText.strip(text.lowercased())
    for prefix in ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:"]
    where text.hasPrefix(prefix) {
      return PythonText.strip(String(text.dropFirst(prefix.count)))
    }
    return text
  }

  /// What an article in Markdown begins with, if that is a heading of the first level.
  private static func firstHeading(_ article: String) -> String? {
    let line = article.prefix { $0 != "\n" && $0 != "\r\n" }
    return line.hasPrefix("# ") ? String(line.dropFirst(2)) : nil
  }
}

/// A data file as rows are compared: what its rows tell, and their own bytes.
struct ComparedFile: Sendable {
  let path: String
  /// One for each row, in the order of the file.
  let rows: [ComparedRow]
  /// The rows as the file has them, each in one line without its end.
  let lines: [[UInt8]]

  /// - Parameter skipsBadRows: passes over rows that cannot be read.
  /// - Throws: `FileError` if the file cannot be read; `DataError` for a row that is none, and for a file without rows.
  init(path: String, skipsBadRows: Bool = false) throws {
    self.path = path
    var rows: [ComparedRow] = []
    var lines: [[UInt8]] = []
    for row in JSONRows.read(try MappedFile(path: path).copy()) {
      do throws(DataError) {
        let value = try row.json()
        rows.append(try ComparedRow(value))
        let isLine = !row.bytes.contains(UInt8(ascii: "\n"))
        lines.append(isLine ? Array(row.bytes) : Array(value.text(.compact).utf8))
      } catch {
        if !skipsBadRows { throw DataError(.unreadableRow, "\(path):\(row.number): \(error.message)") }
      }
    }
    guard !rows.isEmpty else {
      throw DataError(.unreadableFile, "\(path): no rows; expected JSON Lines or a JSON array of objects")
    }
    self.rows = rows
    self.lines = lines
  }
}
