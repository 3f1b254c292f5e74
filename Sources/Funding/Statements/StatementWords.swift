import Text

/// Which statements of stage 1 are kept, by their words.
///
/// A model now and then takes a list entry, a reference or an address for a statement, and is sure of it. Of the 835
/// annotated statements of the training articles all but three hold a word of funding or thanks, and two of these stand
/// under a heading with one.
public enum StatementWords: String, Sendable, Hashable, CaseIterable {
  /// All of them.
  case any
  /// Those that hold a word by which `ChunkSelection.likely` chooses chunks, or stand under a heading with one.
  case funding

  /// Whether a statement is kept.
  /// - Parameters:
  ///   - range: where it stands in the article; nil if that is not known.
  ///   - article: its UTF-8.
  func keeps(_ statement: String, at range: Range<Int>?, in article: [UInt8]) -> Bool {
    if self == .any || ChunkSelection.likely.includes(statement) { return true }
    return range.map { ChunkSelection.likely.includes(Self.heading(before: $0.lowerBound, in: article)) } ?? false
  }

  /// The heading under which the text at `place` stands: the few words before it on its line, or else the next line
  /// above that looks like a heading. Empty if there is none near.
  private static func heading(before place: Int, in article: [UInt8]) -> String {
    var end = place
    for lineCount in 0..<mostLines {
      let start = article[..<end].lastIndex { $0 == 0x0A || $0 == 0x0D }.map { $0 + 1 } ?? 0
      let line = PythonText.strip(String(decoding: article[start..<end].suffix(mostBytes), as: UTF8.self))
      if !line.isEmpty, lineCount == 0 ? isShort(line) : isHeading(line) { return line }
      guard start > 0 else { break }
      end = start - 1
    }
    return ""
  }

  /// A line with a heading's mark, or a short one that ends no sentence.
  private static func isHeading(_ line: String) -> Bool {
    if line.hasPrefix("#") || line.hasPrefix("**") { return true }
    return isShort(line) && !line.hasSuffix(".") && !line.hasSuffix(";") && !line.hasSuffix(",")
  }

  private static func isShort(_ line: String) -> Bool { line.unicodeScalars.count <= longestHeading }

  private static let longestHeading = 60
  /// Lines above a statement in which its heading is looked for, empty ones among them.
  private static let mostLines = 40
  /// Of a line: one can be as long as an article.
  private static let mostBytes = 400
}
