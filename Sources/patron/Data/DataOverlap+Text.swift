import Text
import TrainingData

extension DataOverlap {
  /// What the files share, in words.
  static func text(_ overlaps: [DataOverlap]) -> String {
    guard !overlaps.isEmpty else { return "\nno row of one file is in another one\n" }
    return "\nrows of one file that are in another one\n"
      + overlaps.map { overlap in
        let links = RowLink.allCases.compactMap { link in
          overlap.rows[link].map { "\(NumberText.grouped($0)) \(link.words)" }
        }
        return "  \(NumberText.grouped(overlap.linkedRows)) of \(overlap.first) in \(overlap.second): "
          + links.joined(separator: ", ") + "\n"
      }.joined()
  }
}

extension RowLink {
  fileprivate var words: String {
    switch self {
    case .name: "by id, DOI or title"
    case .equalText: "equal"
    case .nearlyEqualText: "nearly equal"
    case .statementInArticle: "statement in article"
    }
  }
}
