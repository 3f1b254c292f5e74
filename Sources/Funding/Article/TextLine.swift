import Text

/// A line of a text, as far as it matters whether the next one goes on where it ends.
struct TextLine {
  /// The bytes from its first to its last visible character, without a line number in the margin.
  var content: Range<Int>
  /// The bytes of the line with what ends it.
  var whole: Range<Int>
  /// Columns before the content; a tab counts as eight.
  var indentation: Int
  /// Of the content, in scalars.
  var length: Int
  /// Whether a page ends between the line before and this one.
  var beginsPage = false

  var isBlank: Bool { content.isEmpty }

  /// The lines of a text in UTF-8.
  /// - Parameter pageStarts: offsets at which pages begin, ascending.
  static func lines(of bytes: [UInt8], pageStarts: [Int] = []) -> [TextLine] {
    var lines: [TextLine] = []
    var pages = pageStarts[...]
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, LineEnd.length(at: end, in: bytes) == nil { end += 1 }
      let next = end < bytes.count ? end + (LineEnd.length(at: end, in: bytes) ?? 0) : end
      var line = TextLine(content: start..<end, whole: start..<next, indentation: 0, length: 0)
      while let page = pages.first, page <= start {
        line.beginsPage = true
        pages.removeFirst()
      }
      line.trim(bytes)
      lines.append(line)
      start = next
    }
    return lines
  }

  /// Takes the whitespace off the content and measures it anew.
  mutating func trim(_ bytes: [UInt8]) {
    var start = content.lowerBound
    while start < content.upperBound {
      let (scalar, length) = UTF8Scalar.decode(bytes, at: start)
      guard PythonText.isWhitespace(scalar) else { break }
      indentation += scalar == "\t" ? 8 - indentation % 8 : 1
      start += length
    }
    var end = content.upperBound
    while end > start, let scalar = UTF8Scalar.before(bytes, end), PythonText.isWhitespace(scalar) {
      end -= UTF8.width(scalar)
    }
    content = start..<end
    length = bytes[content].count { $0 & 0xC0 != 0x80 }
  }

  // MARK: What it looks like

  /// Whether the line is one of Markdown's, or the row of a table, that nothing goes on from and that goes on from
  /// nothing: a heading, a table's row, a rule.
  func standsAlone(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes[content].first else { return true }
    let marks = bytes[content].prefix { $0 == first }.count
    let next = marks < content.count ? bytes[content.lowerBound + marks] : 0x20
    switch first {
    case UInt8(ascii: "#"): return marks <= 6 && (next == 0x20 || next == 0x09)
    case UInt8(ascii: "|"), UInt8(ascii: ">"): return true
    case UInt8(ascii: "`"), UInt8(ascii: "~"): return marks >= 3
    default: return isRule(bytes) || columns(bytes) >= 3
    }
  }

  /// A line of one kind of mark, such as `---` and `* * *`.
  private func isRule(_ bytes: [UInt8]) -> Bool {
    let marks = bytes[content].filter { $0 != 0x20 }
    guard marks.count >= 3, let first = marks.first, "-=*_".utf8.contains(first) else { return false }
    return marks.allSatisfy { $0 == first }
  }

  /// Pieces that three spaces or more, or a tab, part.
  private func columns(_ bytes: [UInt8]) -> Int {
    var columns = 1
    var spaces = 0
    for byte in bytes[content] {
      if byte == 0x20 {
        spaces += 1
        if spaces == 3 { columns += 1 }
      } else {
        if byte == 0x09 { columns += 1 }
        spaces = 0
      }
    }
    return columns
  }

  /// Length of the mark of a list's item (`- `, `• `, `3. `, `[12] `) at the content's start; 0 without one.
  func itemMark(_ bytes: [UInt8]) -> Int {
    let text = bytes[content]
    guard let first = text.first else { return 0 }
    func followed(_ length: Int) -> Int {
      length < text.count && text[text.startIndex + length] == 0x20 ? length : 0
    }
    if "-*+".utf8.contains(first) { return followed(1) }
    if text.starts(with: "•".utf8) { return followed(3) }
    let isBracketed = first == UInt8(ascii: "[") || first == UInt8(ascii: "(")
    let digits = text.dropFirst(isBracketed ? 1 : 0).prefix { (0x30...0x39).contains($0) }
    guard (1...3).contains(digits.count), digits.endIndex < text.endIndex else { return 0 }
    let closers = isBracketed ? "])" : ".)"
    return closers.utf8.contains(text[digits.endIndex]) ? followed(digits.count + (isBracketed ? 2 : 1)) : 0
  }

  func firstScalar(_ bytes: [UInt8]) -> Unicode.Scalar { UTF8Scalar.decode(bytes, at: content.lowerBound).0 }

  func lastScalar(_ bytes: [UInt8]) -> Unicode.Scalar { UTF8Scalar.before(bytes, content.upperBound) ?? " " }

  func firstWord(_ bytes: [UInt8]) -> ArraySlice<UInt8> { bytes[content].prefix { $0 != 0x20 && $0 != 0x09 } }

  func lastWord(_ bytes: [UInt8]) -> ArraySlice<UInt8> { bytes[content].suffix(while: { $0 != 0x20 && $0 != 0x09 }) }

  /// Whether its last character can end a sentence.
  func endsSentence(_ bytes: [UInt8]) -> Bool {
    var end = content.upperBound
    while end > content.lowerBound, let scalar = UTF8Scalar.before(bytes, end) {
      if "\"')]}*_”’»›」』）】".unicodeScalars.contains(scalar) {
        end -= UTF8.width(scalar)
      } else {
        return ".!?…:;。！？｡；：".unicodeScalars.contains(scalar)
      }
    }
    return false
  }
}

extension ArraySlice<UInt8> {
  /// The longest end of which all bytes satisfy the predicate.
  func suffix(while predicate: (UInt8) -> Bool) -> Self {
    var start = endIndex
    while start > startIndex, predicate(self[start - 1]) { start -= 1 }
    return self[start...]
  }
}
