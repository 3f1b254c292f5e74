/// Why two rows are taken to be of the same document.
public enum RowLink: String, Sendable, CaseIterable {
  /// They have the same id, DOI (or other reference) or title.
  case name
  /// They share a text, but for anything that is no letter or digit.
  case equalText = "equal"
  /// More than nine tenths of the words of two of their texts are the same.
  case nearlyEqualText = "nearly_equal"
  /// The article of one holds the statement of the other.
  case statementInArticle = "in_article"
}

/// Finds the rows that are of the same document.
struct RowLinks {
  /// Each row of `left` is linked with each row of `right`; the two may be the same.
  struct Group {
    var link: RowLink
    var left: [Int]
    var right: [Int]
  }

  let groups: [Group]

  /// - Complexity: nearly linear in the text.
  init(_ rows: [ComparedRow]) {
    var groups: [Group] = []
    var rowsByName: [String: [Int]] = [:]
    for (index, row) in rows.enumerated() { for name in row.names { rowsByName[name, default: []].append(index) } }
    groups += rowsByName.values.map { Group(link: .name, left: $0, right: $0) }

    let statements = DistinctTexts(rows.enumerated().flatMap { index, row in row.statements.map { ($0, index) } })
    let articles = DistinctTexts(rows.enumerated().compactMap { index, row in row.article.map { ($0, index) } })
    for texts in [statements, articles] {
      groups += texts.rows.map { Group(link: .equalText, left: $0, right: $0) }
      groups += ComparedText.nearlyEqualPairs(of: texts.texts).map { first, second in
        Group(link: .nearlyEqualText, left: texts.rows[first], right: texts.rows[second])
      }
    }
    groups += Self.containments(of: statements, in: articles)
    self.groups = groups.filter { $0.left.count > 1 || $0.left != $0.right }
  }

  /// Texts that differ in letters or digits, and the rows that have them.
  private struct DistinctTexts {
    var texts: [ComparedText] = []
    var rows: [[Int]] = []

    init(_ all: [(text: ComparedText, row: Int)]) {
      var indices: [[UInt8]: Int] = [:]
      for (text, row) in all {
        if let index = indices[text.letters] {
          if rows[index].last != row { rows[index].append(row) }
        } else {
          indices[text.letters] = texts.count
          texts.append(text)
          rows.append([row])
        }
      }
    }
  }

  /// Letters that a statement must have at least to be looked for in articles: shorter ones, such as "We thank the
  /// reviewers.", stand in many.
  private static let leastContainedLength = 60

  private static func containments(of statements: DistinctTexts, in articles: DistinctTexts) -> [Group] {
    // Statements by a hash of their beginnings; the same hash runs over the articles (Karp and Rabin).
    let width = leastContainedLength
    var starts: [UInt64: [Int]] = [:]
    for (index, text) in statements.texts.enumerated() where text.letters.count >= width {
      starts[text.letters[..<width].reduce(0) { $0 &* multiplier &+ UInt64($1) }, default: []].append(index)
    }
    guard !starts.isEmpty else { return [] }
    // What most places are passed over by, without a look at the dictionary.
    var mayStart = [Bool](repeating: false, count: 1 << 16)
    for hash in starts.keys { mayStart[Int(hash >> 48)] = true }
    let leading = (0..<width).reduce(UInt64(1)) { product, _ in product &* multiplier }

    var groups: [Group] = []
    for (article, text) in articles.texts.enumerated() {
      text.letters.withUnsafeBufferPointer { letters in
        var hash: UInt64 = 0
        for end in letters.indices {
          hash = hash &* multiplier &+ UInt64(letters[end])
          if end >= width { hash = hash &- leading &* UInt64(letters[end - width]) }
          guard end >= width - 1, mayStart[Int(hash >> 48)], let candidates = starts[hash] else { continue }
          for statement in candidates
          where letters[(end - width + 1)...].starts(with: statements.texts[statement].letters) {
            groups.append(
              Group(link: .statementInArticle, left: statements.rows[statement], right: articles.rows[article]))
          }
        }
      }
    }
    return groups
  }

  private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
}
