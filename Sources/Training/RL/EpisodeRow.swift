import Funding
import Generation
import TrainingData

/// What the policy is asked, and what is right.
public struct EpisodeRow: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    /// A whole article, and the statements that are known to stand in it.
    case article(String, statements: [String])
    case statement(String)
  }

  public var id: String
  public var content: Content
  /// The funders that are to be found.
  public var gold: [Funder]

  public init(id: String, content: Content, gold: [Funder]) {
    self.id = id
    self.content = content
    self.gold = gold
  }

  public var task: Stage {
    if case .article = content { .statements } else { .funders }
  }

  /// Rows with gold: a statement's own funders; an article's are those of the row of the same id in `gold`, else its
  /// own. An article that is known to have no statement has none. Articles of which the funders are not known, and
  /// chats, are passed over.
  /// - Parameter gold: rows of statements; all of their funders.
  public static func rows(_ rows: [DataRow], gold: [DataRow] = []) -> [EpisodeRow] {
    var clean: [String: [Funder]] = [:]
    for row in gold {
      if case .statement(_, let funders) = row.content { clean[row.id] = funders }
    }
    return rows.compactMap { row in
      switch row.content {
      case .statement(let text, let funders):
        EpisodeRow(id: row.id, content: .statement(text), gold: clean[row.id] ?? funders)
      case .article(let text, let statements):
        (statements.isEmpty ? [] : clean[row.id] ?? row.articleFunders).map {
          EpisodeRow(id: row.id, content: .article(text, statements: statements), gold: $0)
        }
      case .chat: nil
      }
    }
  }

  private var isEmptyArticle: Bool {
    if case .article(_, let statements) = content { statements.isEmpty } else { false }
  }

  /// Without so many articles that have no statement, chosen by the seed, that those left are more than a share of the
  /// articles.
  public static func limitingEmptyArticles(
    _ rows: [EpisodeRow], toShare share: Double = 0.2, seed: UInt64
  ) -> [EpisodeRow] {
    let empty = rows.indices.filter { rows[$0].isEmptyArticle }
    let others = rows.count { $0.task == .statements } - empty.count
    let most = share < 1 ? Int(Double(others) * share / (1 - share)) : empty.count
    let kept = Set(
      empty.sorted { (mixed(seed, UInt64($0)), $0) < (mixed(seed, UInt64($1)), $1) }.prefix(most))
    return rows.indices.filter { !rows[$0].isEmptyArticle || kept.contains($0) }.map { rows[$0] }
  }
}
