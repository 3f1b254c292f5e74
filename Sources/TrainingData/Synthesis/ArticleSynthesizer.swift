import Files
import Foundation
import JSON

/// Makes articles with funding statements: paragraphs of given articles, or of a small grammar, around given
/// statements, or those of `StatementSynthesizer`.
///
/// The statements that a given article has are taken out; the new ones take their places, or stand under a heading near
/// the end. One article in four has none; some of these say so. Conflicts of interest that name funders are put in as
/// what is easily taken for a statement.
public struct ArticleSynthesizer: Sendable {
  private let statements: StatementSynthesizer
  private let seed: UInt64
  private let articles: [(license: String?, blocks: [Block])]
  private let texts: [StatementText]

  private struct Block: Sendable {
    var text: String
    var isStatement = false
    /// Of a given statement.
    var license: String?
  }

  /// - Parameters:
  ///   - articles: rows with articles, whose paragraphs are used; other rows are passed over.
  ///   - texts: real statements to take instead of synthetic ones; those of several lines are passed over.
  public init(
    seed: UInt64, statements: StatementSynthesizer, articles rows: [DataRow] = [], texts: [StatementText] = []
  ) {
    self.seed = seed
    self.statements = statements
    self.texts = texts.filter { !$0.text.contains(where: \.isNewline) }
    articles = rows.compactMap { row in
      guard case .article(let text, let gold) = row.content else { return nil }
      let blocks = Self.lines(of: text).map { line in
        Block(text: line, isStatement: gold.contains { $0.utf8.elementsEqual(line.utf8) })
      }
      // A statement that is no line of its own cannot be taken out.
      let isClean = gold.allSatisfy { statement in blocks.contains { $0.text.utf8.elementsEqual(statement.utf8) } }
      return isClean ? (row.license, blocks) : nil
    }
  }

  /// A row in the form of `extract.jsonl`. Row `n` of a seed and of the same articles is always the same.
  public func row(_ number: Int) -> DataRow {
    var random = DataRandom(seed: seed, "article", String(number))
    var licenses: [String] = []
    var blocks: [Block]
    if articles.isEmpty {
      blocks = (0..<random.number(in: 3...14)).map { _ in Block(text: Self.paragraph(&random)) }
    } else {
      let article = random.pick(articles)
      licenses.append(article.license ?? "not stated")
      blocks = Self.window(article.blocks, &random)
    }
    blocks = filled(blocks, &random)
    let statements = blocks.filter(\.isStatement).map(\.text)
    licenses += blocks.compactMap(\.license)
    let distinct = licenses.enumerated().filter { !licenses[..<$0.offset].contains($0.element) }.map(\.element)
    return DataRow(
      id: "synthetic-article-\(seed)-\(number)", license: (distinct + ["synthetic"]).joined(separator: "; "),
      content: .article(blocks.map(\.text).joined(separator: "\n\n") + "\n", statements: statements))
  }

  /// At most 40 blocks with a statement among them, or the last ones.
  private static func window(_ blocks: [Block], _ random: inout DataRandom) -> [Block] {
    let count = random.number(in: 10...40)
    guard blocks.count > count else { return blocks }
    let places = blocks.indices.filter { blocks[$0].isStatement }
    let focus = places.isEmpty || random.chance(0.2) ? random.below(blocks.count) : random.pick(places)
    let start = min(max(0, focus - random.below(count)), blocks.count - count)
    return Array(blocks[start..<start + count])
  }

  /// The blocks with new statements.
  private func filled(_ blocks: [Block], _ random: inout DataRandom) -> [Block] {
    let hasStatement = random.chance(0.75)
    var result: [Block] = []
    var count = 0
    for block in blocks {
      guard block.isStatement else {
        result.append(block)
        continue
      }
      if hasStatement, random.chance(0.9) {
        result.append(statement(&random))
        count += 1
      }
    }
    if hasStatement, count == 0 {
      let place = Self.backMatter(result, &random)
      result.insert(statement(&random), at: place)
      if random.chance(0.75) { result.insert(Block(text: random.pick(Self.headings)), at: place) }
    } else if !hasStatement, random.chance(0.4) {
      let place = Self.backMatter(result, &random)
      let text = random.pick([WordLists.withoutFunding, WordLists.thanks])
      result.insert(Block(text: WordLists.fill(random.pick(text), &random)), at: place)
      result.insert(Block(text: random.pick(Self.headings)), at: place)
    }
    if random.chance(0.3) { result.insert(Block(text: interests(&random)), at: Self.backMatter(result, &random)) }
    if articles.isEmpty, random.chance(0.6) {
      result.append(Block(text: "# References"))
      for number in 1...random.number(in: 2...8) { result.append(Block(text: "\(number). " + Self.reference(&random))) }
    }
    // Whatever else equals a statement is one.
    let texts = Set(result.filter(\.isStatement).map { Array($0.text.utf8) })
    return result.map { Block(text: $0.text, isStatement: texts.contains(Array($0.text.utf8)), license: $0.license) }
  }

  /// A place before the references, else near the end, else after the first paragraph.
  private static func backMatter(_ blocks: [Block], _ random: inout DataRandom) -> Int {
    if random.chance(0.15) { return min(blocks.count, 1 + random.below(3)) }
    let references = blocks.lastIndex { $0.text.hasPrefix("#") && $0.text.lowercased().contains("references") }
    return references ?? max(0, blocks.count - random.below(min(6, blocks.count + 1)))
  }

  private func statement(_ random: inout DataRandom) -> Block {
    if !texts.isEmpty {
      let given = random.pick(texts)
      return Block(text: given.text, isStatement: true, license: given.license ?? "not stated")
    }
    var phrase = statements.statement(&random)
    for _ in 0..<20 where phrase.facts.isEmpty { phrase = statements.statement(&random) }
    return Block(text: phrase.text, isStatement: !phrase.facts.isEmpty)
  }

  private func interests(_ random: inout DataRandom) -> String {
    let names = (0..<random.number(in: 1...3)).map { _ in LocalFunders.make(&random).name }
    let list = names.joined(separator: random.pick([", ", " and "]))
    return WordLists.fill(
      random.pick([
        "{who} has received consulting fees from \(list).",
        "Conflict of interest: {who} reports grants from \(list), outside the submitted work.",
        "{who} serves on the advisory board of \(list) and has received speaker honoraria.",
        "{who} is an employee of \(list). The other authors declare no conflicts of interest.",
        "Competing interests: {who} and {who} hold shares in \(list).",
        "Dr. {last} has received research grants and personal fees from \(list).",
      ]), &random)
  }

  // MARK: Texts

  private static func lines(of text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map(String.init).filter { $0.contains { !$0.isWhitespace } }
  }

  private static let headings = [
    "# Acknowledgements", "# Acknowledgments", "# Funding", "## Funding", "# ACKNOWLEDGMENTS", "## Acknowledgements",
    "# Financial support", "# Funding information",
    "# Acknowledgement", "# Financial Disclosure", "## Funding Statement", "# Sources of Funding",
  ]

  private static func paragraph(_ random: inout DataRandom) -> String {
    if random.chance(0.15) {
      return "# "
        + random.pick([
          "Introduction", "Materials and Methods", "Results", "Discussion", "Conclusions", "Data availability",
          "Author contributions", "Statistical analysis",
        ])
    }
    return (0..<random.number(in: 1...6)).map { _ in WordLists.fill(random.pick(sentences), &random) }.joined(
      separator: " ")
  }

  private static let sentences = [
    "{Method} of {topic2} was performed in {n} samples from {place2}.",
    "Previous studies of {topic2} were limited to {place2} [{n}].",
    "We found that {topic2} depends on {topic2} (p < 0.05, n = {n}).",
    "Table {n} shows the effect of {thing} on {topic2}.",
    "In contrast to {last} et al., we did not observe {topic2} in {place2}.",
    "The results suggest that {thing} contribute to {goal}.",
    "Samples were stored at 4 °C for {n} days before {topic2} was measured.",
    "These findings support the view that {topic2} shapes {place2}.",
    "The model explains {n} % of the variance in {topic2}.", "Participants gave written informed consent.",
    "The data sets are available from the corresponding author on reasonable request.",
    "{who}, {who} and {who} conceived the study; {who} analysed the data.",
    "Our approach is based on {thing} and was granted approval by the ethics committee of the University of {city}.",
    "Further work is needed to understand {topic2}.",
    "The University of {cityEU} provided access to the archive of {place2}.",
    "Fundamental questions about {topic2} remain open.",
    "The award of contracts in {place2} was studied by {last} and {last} ({n} cases).",
    "Supporting information on {topic2} can be found in the online version.",
  ]

  private static func reference(_ random: inout DataRandom) -> String {
    WordLists.fill(
      "{last} {initial}, {last} {initial}. " + random.pick(WordLists.titles)
        + ". J. {topic} {n}, {n} (20\(random.number(in: 10...23))).", &random)
  }
}

/// A funding statement of which it need not be known whom it names.
public struct StatementText: Sendable, Equatable {
  public var text: String
  public var license: String?

  public init(_ text: String, license: String? = nil) {
    self.text = text
    self.license = license
  }

  /// The statements of a file of rows with `statement` or `funding_statement`. Rows whose list of funders is empty are
  /// no funding statements and are passed over.
  ///
  /// - Throws: `FileError` if the file cannot be read, `DataError.unreadableRow` that names a line without statement.
  public static func all(path: String) throws -> [StatementText] {
    var statements: [StatementText] = []
    for row in JSONRows.read(try MappedFile(path: path).copy()) {
      let value = try? row.value.get()
      guard let text = value?["statement"]?.string ?? value?["funding_statement"]?.string else {
        throw DataError(
          .unreadableRow,
          "\(path):\(row.number): found \(value?.kindDescription ?? "no JSON"), expected an object with a statement")
      }
      if value?["funders"]?.array?.isEmpty == true { continue }
      let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
      if !trimmed.isEmpty { statements.append(StatementText(trimmed, license: value?["license"]?.string)) }
    }
    return statements
  }
}
