/// The rows of data files divided into parts, so that rows of the same document fall into the same part: rows that
/// share an id, a DOI, a title or a text, nearly equal texts, and articles with the statements in them.
///
/// Such rows form a cluster. A hash of the cluster's smallest text picks its part, so that the order of files and rows
/// does not matter.
public struct DataSplit: Sendable {
  /// A part of the clusters.
  public struct Part: Sendable, Equatable {
    public var name: String
    /// Of the clusters, from 0 to 1.
    public var share: Double

    public init(name: String, share: Double) {
      self.name = name
      self.share = share
    }
  }

  /// Where the rows of a file went.
  public struct File: Sendable {
    public let path: String
    /// Its rows that fell into a part, as the file has them, in its order: one for each of `partNames`.
    public let rows: [[[UInt8]]]
  }

  /// Those asked for, and behind them the rest.
  public let partNames: [String]
  public let files: [File]
  /// Clusters of each part.
  public let clusterCounts: [Int]
  /// Rows of the largest cluster.
  public let largestCluster: Int

  /// - Parameters:
  ///   - paths: data files of any of the formats that `DataRow` knows; statements need no funders here.
  ///   - rest: the name of the part that gets what the others leave.
  ///   - seed: another one gives other parts.
  /// - Throws: `DataError`, and `FileError` for files that cannot be read.
  public init(paths: [String], parts: [Part], rest: String, seed: UInt64 = 0) throws {
    try Self.check(parts, rest: rest)
    let compared = try paths.map { try ComparedFile(path: $0) }
    let rows = compared.flatMap(\.rows)
    let clusters = RowClusters(rows)
    let partOfCluster = clusters.members.map { members in
      var random = DataRandom(seed: seed, "split", Self.smallestText(of: members.map { rows[$0] }))
      var place = random.uniform()
      return parts.firstIndex { part in
        place -= part.share
        return place < 0
      } ?? parts.count
    }

    partNames = parts.map(\.name) + [rest]
    clusterCounts = (0...parts.count).map { part in partOfCluster.count { $0 == part } }
    largestCluster = clusters.members.map(\.count).max() ?? 0
    var next = 0
    files = compared.map { file in
      var divided = [[[UInt8]]](repeating: [], count: parts.count + 1)
      for line in file.lines {
        divided[partOfCluster[clusters.clusterOfRow[next]]].append(line)
        next += 1
      }
      return File(path: file.path, rows: divided)
    }
  }

  /// The first in the order of their letters.
  private static func smallestText(of rows: [ComparedRow]) -> String {
    let texts = rows.flatMap { $0.statements + ($0.article.map { [$0] } ?? []) }.map(\.letters)
    return String(decoding: texts.min { $0.lexicographicallyPrecedes($1) } ?? [], as: UTF8.self)
  }

  private static func check(_ parts: [Part], rest: String) throws(DataError) {
    func wrong(_ found: String, _ expected: String) -> DataError {
      DataError(.invalidRecipe, "found \(found), expected \(expected)")
    }
    guard !parts.isEmpty else { throw wrong("no parts", "at least one besides the rest") }
    var names: Set<String> = []
    for name in parts.map(\.name) + [rest] {
      guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else {
        throw wrong("a part called \"\(name)\"", "a name that a folder can have")
      }
      guard names.insert(name).inserted else { throw wrong("two parts called \"\(name)\"", "names that differ") }
    }
    for part in parts where !(part.share > 0 && part.share < 1) {
      throw wrong("a share of \(part.share) for \(part.name)", "a number between 0 and 1")
    }
    let sum = parts.reduce(0) { $0 + $1.share }
    guard sum < 1 else { throw wrong("shares that add up to \(sum)", "less than 1, so that \(rest) gets the rest") }
  }
}

/// Rows that are of the same document, one with another.
struct RowClusters {
  /// The index of each row's cluster.
  let clusterOfRow: [Int]
  /// The rows of each cluster, ascending; clusters in the order of their first rows.
  let members: [[Int]]

  init(_ rows: [ComparedRow]) {
    // Disjoint sets: each row leads to another one of its set, and the first of them to itself.
    var parents = Array(rows.indices)
    func root(_ row: Int) -> Int {
      var row = row
      while parents[row] != row {
        parents[row] = parents[parents[row]]
        row = parents[row]
      }
      return row
    }
    for group in RowLinks(rows).groups {
      let first = root(group.left[0])
      for row in group.left + group.right {
        let other = root(row)
        let start = root(first)
        parents[max(start, other)] = min(start, other)
      }
    }
    var indices: [Int: Int] = [:]
    var members: [[Int]] = []
    clusterOfRow = rows.indices.map { row in
      let start = root(row)
      let index = indices[start] ?? members.count
      if index == members.count {
        indices[start] = index
        members.append([])
      }
      members[index].append(row)
      return index
    }
    self.members = members
  }
}
