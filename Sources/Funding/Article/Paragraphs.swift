/// The paragraphs of a text that has each of them on one line.
enum Paragraphs {
  /// Longest line, in characters, that is taken for a heading without Markdown's mark.
  private static let longestHeading = 80

  /// UTF-8 ranges that together cover the text: a line that is not empty, the headings right above it, and the empty
  /// lines behind it.
  static func ranges(in bytes: [UInt8]) -> [Range<Int>] {
    let lines = TextLine.lines(of: bytes).filter { !$0.isBlank }
    var starts: [Int] = []
    var belongsToHeading = false
    for (index, line) in lines.enumerated() {
      if !belongsToHeading { starts.append(starts.isEmpty ? 0 : line.whole.lowerBound) }
      belongsToHeading = isHeading(line, next: index + 1 < lines.count ? lines[index + 1] : nil, bytes)
    }
    if starts.isEmpty, !bytes.isEmpty { starts = [0] }
    return zip(starts, starts.dropFirst() + [bytes.count]).map { $0..<$1 }
  }

  private static func isHeading(_ line: TextLine, next: TextLine?, _ bytes: [UInt8]) -> Bool {
    guard let next else { return false }
    if isMarkdownHeading(line, bytes) { return true }
    // Of several short lines, such as a list of names, none is the heading of the others.
    return looksLikeHeading(line, bytes) && !looksLikeHeading(next, bytes)
  }

  private static func isMarkdownHeading(_ line: TextLine, _ bytes: [UInt8]) -> Bool {
    bytes[line.content].first == UInt8(ascii: "#") && line.standsAlone(bytes)
  }

  private static func looksLikeHeading(_ line: TextLine, _ bytes: [UInt8]) -> Bool {
    line.length <= longestHeading && !line.standsAlone(bytes) && !line.endsSentence(bytes)
      && line.lastScalar(bytes) != ","
      && bytes[line.content].contains { (0x41...0x5A).contains($0 & 0xDF) || $0 >= 0x80 }
  }
}
