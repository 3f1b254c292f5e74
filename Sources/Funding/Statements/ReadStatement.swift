import Text

/// A funding statement as stage 2 reads it, and the way from there to its place in the file.
struct ReadStatement {
  /// Each paragraph in one line, control characters gone.
  let text: String
  /// Where a UTF-8 range of the text stands, counted from the statement's start and in the file.
  let place: (Range<Int>) -> (inStatement: Range<Int>, span: TextSpan?)

  /// A statement of an article.
  init(_ found: StatementCandidate, of article: ArticleText) {
    text = found.text(in: article)
    place = { range in
      guard let whole = found.range else { return (range, nil) }
      // A line break inside the value, or before it, may have another length in the file.
      let span = article.span(ofCleaned: whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
      let start = article.span(ofCleaned: whole).bytes.lowerBound
      return (span.bytes.lowerBound - start..<span.bytes.upperBound - start, span)
    }
  }

  /// A statement of a record, whose article is not at hand.
  init(_ statement: FundingStatement) {
    let article = (try? ArticleText(statement.text))?.unwrapped()
    text = article?.cleaned ?? statement.text
    place = { range in
      let inStatement = article?.span(ofCleaned: range).bytes ?? range
      return (inStatement, statement.span?.part(inStatement, of: statement.text))
    }
  }
}

extension TextSpan {
  /// The span of a part of this span's text; `range` counts its UTF-8 bytes.
  func part(_ range: Range<Int>, of text: String) -> TextSpan {
    let before = text.utf8.prefix(range.lowerBound)
    let inside = text.utf8.dropFirst(range.lowerBound).prefix(range.count)
    let start = scalars.lowerBound + before.count { $0 & 0xC0 != 0x80 }
    return TextSpan(
      bytes: bytes.lowerBound + range.lowerBound..<bytes.lowerBound + range.upperBound,
      scalars: start..<start + inside.count { $0 & 0xC0 != 0x80 },
      line: line + LineEnd.count(in: Array(before)))
  }
}
