import Files
import Funding
import PatronKit

/// The articles of a run, or what else its inputs hold, one after the other. An input is read when the one before it is
/// used up.
struct ArticleQueue {
  /// What is read at a time, and where it stands.
  struct Article: Sendable {
    let item: InputItem
    /// Counts the articles of the run.
    let number: Int
    let place: Place
  }

  struct Place: Sendable {
    /// The input, and which of its articles it is.
    let input: Int
    let part: Int
    let partCount: Int

    var endsInput: Bool { part + 1 == partCount }
  }

  private let sources: [InputSource]
  private let readsStatements: Bool
  private let maximumByteCount: Int
  private var input = 0
  private var items: [InputItem] = []
  private var part = 0
  private var number = 0

  init(_ sources: [InputSource], readsStatements: Bool, maximumByteCount: Int) {
    self.sources = sources
    self.readsStatements = readsStatements
    self.maximumByteCount = maximumByteCount
  }

  /// - Returns: nil at the end. An input that cannot be read, or holds nothing, is one article with a failure.
  /// - Throws: `CancellationError` when the run is interrupted.
  mutating func next() throws -> Article? {
    try Interruption.check()
    if part == items.count {
      guard input < sources.count else { return nil }
      items = try items(of: sources[input])
      part = 0
      input += 1
    }
    defer {
      // Its text is let go with the article.
      items[part].contents = .success(.statements([]))
      part += 1
      number += 1
    }
    return Article(
      item: items[part], number: number, place: Place(input: input - 1, part: part, partCount: items.count))
  }

  private func items(of source: InputSource) throws -> [InputItem] {
    let contents: [UInt8]
    do {
      contents = try source.contents(
        limit: maximumByteCount, advice: "an article is smaller, --max-file-size raises the limit",
        checkInterruption: Interruption.check)
    } catch let error as InputError {
      return [InputItem(id: source.id, contents: .failure(error))]
    }
    let items =
      readsStatements
      ? InputItem.statements(in: contents, id: source.id) : InputItem.articles(in: contents, id: source.id)
    if items.isEmpty {
      return [InputItem(id: source.id, failure: "found no \(readsStatements ? "statement" : "article")")]
    }
    return items
  }
}
