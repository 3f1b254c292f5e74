import Generation
import Funding
import JSON
import Text

/// A chunk of an article as stage 1 reads it.
struct ChunkText {
  var id: String
  var text: String
  /// Whether its article has training noise.
  var isNoisy: Bool
}

extension ExampleBuilder {
  /// Chunks of an article as the pipeline cuts them. The answer to a chunk holds the statements that lie in it whole,
  /// in their order. A chunk that cuts a statement is left out; with an overlap longer than the statement, the
  /// neighbour has it whole. Where a statement is not found in the article, any of the chunks without one may hold it
  /// in other words: none of them is taken for empty.
  /// - Parameter copy: later copies begin at some later paragraph of the first chunk, and so are cut elsewhere.
  /// - Throws: `FundingError` also for a text that the pipeline would refuse.
  mutating func addArticle(_ text: String, _ statements: [String], id: String, copy: Int) throws {
    if report.extract.chunkTokens == 0 {
      (report.extract.chunkTokens, report.extract.overlapTokens) = try inputs.chunkSize()
    }
    report.extract.statements += statements.count
    let raw = try ArticleText(text)
    report.controlCharacters += raw.controlCharacterCount
    let places = statements.map { self.places(of: $0, in: raw) }
    let lost = places.count(where: \.isEmpty)
    report.extract.statementsNotFound += lost
    var occurrences = zip(statements.indices, places).flatMap { index, ranges in ranges.map { (index, $0) } }
      .sorted { ($0.1.lowerBound, $0.0) < ($1.1.lowerBound, $1.0) }
    let noisy = noisyArticle(raw, occurrences.map(\.1), id: id)
    let article = noisy?.article ?? raw.unwrapped()
    let unwrapped =
      noisy?.places ?? occurrences.map { article.cleanedRange(ofOriginal: raw.span(ofCleaned: $0.1).bytes) }
    occurrences = zip(occurrences, unwrapped).map { ($0.0, $1) }

    var isWhole = statements.map { _ in false }
    for (number, range) in try chunks(of: article, copy: copy, id: id).enumerated() {
      report.extract.chunks += 1
      let touching = occurrences.filter { $0.1.overlaps(range) }
      let chunk = ChunkText(
        id: "\(id)#\(number)", text: String(decoding: article.bytes[range], as: UTF8.self), isNoisy: noisy != nil)
      let isLikely = ChunkSelection.likely.includes(chunk.text)
      if isLikely { report.extract.likelyChunks += 1 }
      if touching.isEmpty {
        guard lost == 0 else {
          report.extract.uncertainChunks += 1
          continue
        }
        report.extract.negatives += 1
        entries.append(.negative(chunk))
        continue
      }
      let whole = touching.filter { range.lowerBound <= $0.1.lowerBound && $0.1.upperBound <= range.upperBound }
      for (index, _) in whole { isWhole[index] = true }
      guard whole.count == touching.count else {
        report.extract.cutChunks += 1
        continue
      }
      report.extract.answeredChunks += 1
      if isLikely { report.extract.likelyAnsweredChunks += 1 }
      var answer: [String] = []
      for (_, place) in whole {
        let statement = String(decoding: article.bytes[place], as: UTF8.self)
        if !answer.contains(where: { $0.utf8.elementsEqual(statement.utf8) }) { answer.append(statement) }
      }
      try addChunk(chunk, statements: answer)
    }
    report.extract.statementsNeverWhole += zip(isWhole, places).count { !$0 && !$1.isEmpty }
  }

  mutating func addChunk(_ chunk: ChunkText, statements: [String]) throws {
    try add(
      id: chunk.id, task: .statements, prompt: Prompts.statements(in: chunk.text), sources: [chunk.text],
      answer: .object([("statements", .array(statements.map(JSON.string)))]), isAnswered: !statements.isEmpty,
      isNoisy: chunk.isNoisy)
  }

  /// The article with training noise as the pipeline reads it, and where the places of its statements are in it.
  private func noisyArticle(
    _ article: ArticleText, _ places: [Range<Int>], id: String
  ) -> (article: ArticleText, places: [Range<Int>])? {
    var random = DataRandom(seed: recipe.seed, "noise", id)
    let scalars = ScalarPlaces(article.cleaned)
    guard
      zip(places, places.dropFirst()).allSatisfy({ $0.upperBound <= $1.lowerBound }),
      let damaged = recipe.noise.applied(
        to: scalars.text, keeping: places.map(scalars.scalars), isFixed: false, &random),
      // Reading may take away again what was put in.
      let noisy = try? ArticleText(String(damaged.text)).unwrapped()
    else { return nil }
    let bytes = ScalarPlaces(String(damaged.text))
    let found = damaged.kept.map { noisy.cleanedRange(ofOriginal: bytes.bytes($0)) }
    return found.contains(where: \.isEmpty) ? nil : (noisy, found)
  }

  /// Ranges of the article as the pipeline reads it.
  private func chunks(of article: ArticleText, copy: Int, id: String) throws -> [Range<Int>] {
    let chunks = try inputs.chunks(of: article)
    guard copy > 0, chunks.count > 1, let first = chunks.first else { return chunks }
    var random = DataRandom(seed: recipe.seed, "start", id)
    let paragraph = ByteSearch(Array("\n\n".utf8))
    guard
      let start = paragraph.firstRange(
        in: article.bytes, within: random.below(first.upperBound)..<article.bytes.count)?.upperBound,
      start < chunks[1].upperBound
    else { return chunks }
    let rest = try ArticleText(Array(article.bytes[start...]))
    return try inputs.chunks(of: rest).map { $0.lowerBound + start..<$0.upperBound + start }
  }

  /// Where a statement stands in the cleaned text: as a whole line or lines if it does so anywhere, else in any place.
  private func places(of statement: String, in article: ArticleText) -> [Range<Int>] {
    guard let cleaned = try? ArticleText(statement).bytes else { return [] }
    let bytes = article.bytes
    let search = ByteSearch(cleaned)
    var all: [Range<Int>] = []
    var start = 0
    while let range = search.firstRange(in: bytes, within: start..<bytes.count) {
      all.append(range)
      start = range.upperBound
    }
    func isLineEnd(_ offset: Int) -> Bool {
      offset < 0 || offset >= bytes.count || [0x0A, 0x0D].contains(bytes[offset])
    }
    let lines = all.filter { isLineEnd($0.lowerBound - 1) && isLineEnd($0.upperBound) }
    return lines.isEmpty ? all : lines
  }

  // MARK: Negatives

  /// Which of the chunks without statements are kept, as indices of `entries`: of the hard ones and of the others,
  /// each kind that is easily taken for funding, and the rest by chance.
  mutating func keptNegatives() -> Set<Int> {
    var hard: [Int] = []
    var easy: [Int] = []
    var kinds: [Int: NegativeKind] = [:]
    for (index, entry) in entries.enumerated() {
      guard case .negative(let chunk) = entry else { continue }
      kinds[index] = NegativeKind.of(chunk.text)
      if ChunkSelection.likely.includes(chunk.text) { hard.append(index) } else { easy.append(index) }
    }
    var wanted = hard.count + easy.count
    if let ratio = recipe.negativesPerPositive {
      // As numbers with a point: of a large ratio, an integer cannot hold the product.
      wanted = Int(min(Double(wanted), (ratio * Double(report[.statements].answered)).rounded()))
    }
    var random = DataRandom(seed: recipe.seed, "negatives")
    random.shuffle(&hard)
    random.shuffle(&easy)
    let wantedHard = min(hard.count, Int((recipe.hardNegativeShare * Double(wanted)).rounded()))
    let keptEasy = min(easy.count, wanted - wantedHard)
    let keptHard = wanted - keptEasy
    report.extract.negativesKept = wanted
    report.extract.hardNegativesKept = keptHard
    let kept =
      NegativeKind.chosen(keptHard, of: hard) { kinds[$0] } + NegativeKind.chosen(keptEasy, of: easy) { kinds[$0] }
    for kind in kept.compactMap({ kinds[$0] }) { report.extract.negativesKeptByKind[kind, default: 0] += 1 }
    return Set(kept)
  }
}
