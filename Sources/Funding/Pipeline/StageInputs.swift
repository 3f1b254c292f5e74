import Generation
import Text

/// Cuts articles and statements into what the prompts of the two stages hold. It counts tokens, and needs no model.
package struct StageInputs: Sendable {
  let tokenizer: any PromptTokenizer
  let options: ExtractionOptions

  package init(tokenizer: any PromptTokenizer, options: ExtractionOptions) {
    self.tokenizer = tokenizer
    self.options = options
  }

  // MARK: Stage 1

  /// The UTF-8 ranges of an unwrapped article that stage 1 reads, one at a time, where no selection leaves them out.
  package func chunks(of article: ArticleText) throws -> [Range<Int>] {
    try statementChunker().chunks(of: article.cleaned)
  }

  /// Those that the selection does not leave out, with their texts, and how many there are in all.
  package func readChunks(of article: ArticleText) throws -> (chunks: [Range<Int>], texts: [String], all: Int) {
    let all = try chunks(of: article)
    var chunks: [Range<Int>] = []
    var texts: [String] = []
    for chunk in all {
      let text = String(decoding: article.bytes[chunk], as: UTF8.self)
      guard options.chunkSelection.includes(text) else { continue }
      chunks.append(chunk)
      texts.append(text)
    }
    return (chunks, texts, all.count)
  }

  /// Most tokens of a chunk, and tokens that neighbours share: those of the options, fewer where the context is
  /// smaller.
  package func chunkSize() throws -> (tokens: Int, overlap: Int) {
    let chunker = try statementChunker()
    return (chunker.limit, chunker.usedOverlap)
  }

  private func statementChunker() throws -> Chunker {
    try chunker(
      newTokens: options.maximumStatementTokens, chunking: options.chunking, overlap: options.overlapTokens
    ) {
      Prompts.statements(in: $0)
    }
  }

  // MARK: Stage 2

  /// A statement that stands by itself, as stage 2 reads it.
  package func stage2Text(_ statement: String) -> String {
    cleanedUp((try? ArticleText(statement).unwrapped())?.cleaned ?? statement)
  }

  /// A statement out of an unwrapped article, as stage 2 reads it.
  func cleanedUp(_ statement: String) -> String {
    options.cleansStatements ? StatementCleanup.clean(statement) : statement
  }

  /// What stage 2 reads of what stage 1 wrote for chunks of an unwrapped article: the statements of each of its
  /// prompts. Empty where there is no statement.
  package func groups(
    of article: ArticleText, answers: [(completion: Completion, chunk: Range<Int>)]
  ) throws -> [[String]] {
    var gathering = StatementGathering(article, options: options)
    for (index, answer) in answers.enumerated() { _ = gathering.add(answer.completion, chunk: index, answer.chunk) }
    let found = gathering.merged
    return found.isEmpty ? [] : try groups(of: found.map { cleanedUp(ReadStatement($0, of: article).text) })
  }

  /// The chat that asks for the funders of a group.
  package static func prompt(ofGroup statements: [String]) -> [Message] {
    Prompts.funders(in: joined(statements))
  }

  /// Statements that share a prompt: all of them if that fits into the context, else in as few groups as do.
  package func groups(of statements: [String]) throws -> [[String]] {
    let chunker = try chunker(newTokens: options.maximumFunderTokens, chunking: .paragraphs, overlap: 0) {
      Prompts.funders(in: $0)
    }
    if try chunker.fits(Self.joined(statements)) { return [statements] }
    var groups: [[String]] = []
    for statement in statements {
      if let last = groups.last, try chunker.fits(Self.joined(last + [statement])) {
        groups[groups.count - 1].append(statement)
      } else if try chunker.fits(statement) {
        groups.append([statement])
      } else {
        let bytes = Array(statement.utf8)
        groups += try chunker.chunks(of: statement).map { [String(decoding: bytes[$0], as: UTF8.self)] }
      }
    }
    return groups
  }

  /// The statements of a group as the prompt holds them.
  static func joined(_ statements: [String]) -> String { statements.joined(separator: "\n") }

  // MARK: Both

  /// - Parameter prompt: the chat around a piece of text.
  private func chunker(
    newTokens: Int, chunking: Chunking, overlap: Int, prompt: @escaping (String) -> [Message]
  ) throws -> Chunker {
    let room = tokenizer.contextLength.subtractingReportingOverflow(newTokens).partialValue
    let frame = try tokenizer.promptTokenCount(of: prompt(""), specialTokens: options.specialTokens)
    guard frame >= 0, room > frame else { throw Chunker.tooSmall }
    return Chunker(
      chunking: chunking, limit: min(options.chunkTokens, room - frame), overlap: overlap,
      tokenOffsets: tokenizer.tokenOffsets,
      fits: { [tokenizer, options] text in
        try tokenizer.promptTokenCount(of: prompt(text), specialTokens: options.specialTokens) <= room
      })
  }
}
