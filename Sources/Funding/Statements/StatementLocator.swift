import Text

/// How a statement of the model relates to the article.
public enum StatementStatus: String, Sendable, Hashable, CaseIterable {
  /// It is a substring of the text as the model read it: cleaned, each paragraph in one line.
  case exact
  /// It is one after folding whitespace, hyphenation at line ends and typographic characters.
  case normalised
  /// It was not found: shortened, put together from several places, or made up.
  case unverified
}

/// Finds statements in a text.
///
/// Time is linear in the text for each statement. The folded text is made once, when it is first needed.
struct StatementLocator {
  private let bytes: [UInt8]
  private var folded: FoldedText?

  /// - Parameter bytes: UTF-8 of the cleaned text.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The first place of a statement within `chunk`, or else in the whole text; whitespace around the statement is
  /// ignored.
  /// - Returns: the status and the UTF-8 range in the text; nil if it is not there, not even folded.
  mutating func locate(_ statement: String, chunk: Range<Int>) -> (status: StatementStatus, range: Range<Int>)? {
    let whole = bytes.indices
    let exact = ByteSearch(Array(PythonText.strip(statement).utf8))
    if let found = exact.firstRange(in: bytes, within: chunk) ?? exact.firstRange(in: bytes, within: whole) {
      return (.exact, found)
    }
    let folded = self.folded ?? FoldedText(bytes)
    self.folded = folded
    let needle = ByteSearch(FoldedText(statement).bytes)
    guard
      let found = needle.firstRange(in: folded.bytes, within: folded.foldedRange(chunk), where: folded.isWhole)
        ?? needle.firstRange(in: folded.bytes, within: folded.bytes.indices, where: folded.isWhole)
    else { return nil }
    return (.normalised, folded.sourceRange(found))
  }
}
