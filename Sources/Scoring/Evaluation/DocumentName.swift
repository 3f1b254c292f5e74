import JSON

/// A name by which rows of two files are joined: an id, a file's name, a DOI or a statement.
///
/// Names are compared as bytes: `String` would take canonically equivalent texts for one.
public struct DocumentName: Hashable, Sendable {
  public let text: String
  /// The reference's form of a file's name. Such names only find one another.
  private var isCanonicalFile = false

  public init(_ text: String) { self.text = text }

  public static func == (left: Self, right: Self) -> Bool {
    left.isCanonicalFile == right.isCanonicalFile && left.text.utf8.elementsEqual(right.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(isCanonicalFile)
    for byte in text.utf8 { hasher.combine(byte) }
  }

  /// The names that a row with this id may have in the other file, the most exact one first.
  ///
  /// The first is the id itself. `patron extract` names its records after the files that it read. So the id without a
  /// text file's extension follows, and where it is a path, the file's name with and without it. Other endings are
  /// part of the name: `2001.00001` is not `2001`. A DOI is the same however it is written.
  ///
  ///     DocumentName.candidates("d/2001.00001.md").map(\.text)
  ///     // ["d/2001.00001.md", "d/2001.00001", "2001.00001.md", "2001.00001"]
  public static func candidates(_ id: String) -> [DocumentName] {
    let isPath = id.contains("/")
    let file = isPath ? id.split(separator: "/").last.map(String.init) : nil
    return [id, file].compactMap { $0 }.flatMap { name in [name] + (withoutExtension(name).map { [$0] } ?? []) }
      .map { name in DocumentName(DOI(name).flatMap { $0.isWholeText ? $0.name : nil } ?? name) }
  }

  /// The id of a row: its `id`, else its `filename`. Numbers are read as their digits.
  public static func id(of row: JSONObject) -> String? { row.text("id", "filename") }

  /// The name under which the reference joins files.
  static func canonicalFile(_ name: String) -> DocumentName {
    var name = DocumentName(StatementJoin.canonicalFilename(name))
    name.isCanonicalFile = true
    return name
  }

  /// Nil for a name that does not end as a text file's does, or that is nothing else.
  private static func withoutExtension(_ name: String) -> String? {
    let file = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let ending = [".md", ".markdown", ".txt", ".text"].first { file.lowercased().hasSuffix($0) }
    guard let ending, file.utf8.count > ending.utf8.count else { return nil }
    return String(name.dropLast(ending.count))
  }
}
