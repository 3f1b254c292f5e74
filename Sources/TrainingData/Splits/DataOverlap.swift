import JSON

/// How many rows of one data file are, in some form, in another one, too: figures measured on rows that were trained on
/// say nothing of other texts.
public struct DataOverlap: Sendable, Equatable {
  public var first: String
  public var second: String
  /// Rows of the first file, by what links them with a row of the second. A row may count under several.
  public var rows: [RowLink: Int]
  /// Rows of the first file that anything links with a row of the second.
  public var linkedRows: Int

  /// The pairs of files that overlap, in the order of the files.
  /// - Parameter skipsBadRows: passes over rows that cannot be read; otherwise the first one is an error.
  /// - Throws: `FileError` for a file that cannot be read, `DataError` for a row that is none.
  public static func all(paths: [String], skipsBadRows: Bool = false) throws -> [DataOverlap] {
    let files = try paths.map { try ComparedFile(path: $0, skipsBadRows: skipsBadRows) }
    let fileOfRow = files.indices.flatMap { file in files[file].rows.map { _ in file } }

    struct Pair: Hashable { var first, second: Int }
    var linked: [Pair: [RowLink: Set<Int>]] = [:]
    for group in RowLinks(files.flatMap(\.rows)).groups {
      func note(_ rows: [Int], against others: [Int]) {
        let otherFiles = Set(others.map { fileOfRow[$0] })
        for row in rows {
          for file in otherFiles where fileOfRow[row] < file {
            linked[Pair(first: fileOfRow[row], second: file), default: [:]][group.link, default: []].insert(row)
          }
        }
      }
      note(group.left, against: group.right)
      if group.left != group.right { note(group.right, against: group.left) }
    }
    return linked.sorted { ($0.key.first, $0.key.second) < ($1.key.first, $1.key.second) }.map { pair, links in
      DataOverlap(
        first: paths[pair.first], second: paths[pair.second], rows: links.mapValues(\.count),
        linkedRows: links.values.reduce(into: Set<Int>()) { $0.formUnion($1) }.count)
    }
  }
}

extension DataOverlap {
  public var json: JSON {
    .object(
      [("first", .string(first)), ("second", .string(second)), ("rows", .number(linkedRows))]
        + RowLink.allCases.map { ($0.rawValue, .number(rows[$0] ?? 0)) })
  }
}
