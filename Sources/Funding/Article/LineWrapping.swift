import Text

/// Recognises the wrapping of a text whose lines were broken at a width, and says how its paragraphs read in one line.
///
/// Nothing says in a plain text whether a line ends because the paragraph does. What tells wrapping:
///
/// - A line that goes on: the next one begins with a lower-case letter, or this one ends with a comma, a hyphen or a
///   word that ends no sentence (`of`, `the`, `by`). A block of lines (what empty lines part) with such a pair is
///   wrapped, and so is a block about as wide as those are.
/// - In a wrapped block a line ends where the next word would not have fitted, give or take what a proportional font
///   needs. A shorter line ends a paragraph, unless it goes on.
///
/// Headings, rows of tables, items of lists and code stay on lines of their own. A paragraph goes on behind page
/// numbers, page headers and page breaks if it stops in the middle of a sentence. Line numbers in a margin go.
/// A text with a line for each paragraph is not changed.
struct LineWrapping {
  /// A stretch of the text that goes.
  struct Cut: Equatable {
    var range: Range<Int>
    /// Whether a space stands in its place.
    var leavesSpace: Bool
  }

  private let bytes: [UInt8]
  private let lines: [TextLine]
  /// For each line where its margin's number stands, if it has one.
  private let margins: [Range<Int>?]
  /// For each line that goes on the line in which it does.
  private var next: [Int?]

  /// What goes out of a text in UTF-8 so that each paragraph is one line; ascending, apart from one another.
  /// - Parameter pageStarts: offsets at which pages begin, ascending.
  /// - Complexity: linear in the text.
  static func cuts(of bytes: [UInt8], pageStarts: [Int]) -> [Cut] {
    var wrapping = LineWrapping(bytes, pageStarts)
    wrapping.join()
    return wrapping.cuts
  }

  private init(_ bytes: [UInt8], _ pageStarts: [Int]) {
    self.bytes = bytes
    (lines, margins) = MarginNumbers.removed(from: TextLine.lines(of: bytes, pageStarts: pageStarts), bytes)
    next = lines.map { _ in nil }
  }

  private var cuts: [Cut] {
    var cuts: [Cut] = []
    var index = 0
    var isJoined = false
    while index < lines.count {
      let line = lines[index]
      // The number goes with the line break before or after it, or by itself with the space beside it.
      if let margin = margins[index], !(isJoined && margin.lowerBound < line.content.lowerBound),
        !(next[index] != nil && margin.lowerBound >= line.content.upperBound)
      {
        let range =
          line.isBlank
          ? margin
          : margin.lowerBound < line.content.lowerBound
            ? margin.lowerBound..<line.content.lowerBound : line.content.upperBound..<margin.upperBound
        cuts.append(Cut(range: range, leavesSpace: false))
      }
      isJoined = next[index] != nil
      if let lower = next[index] {
        let joint = WordJoint(bytes, line, lines[lower])
        cuts.append(
          Cut(
            range: line.content.upperBound - joint.hyphenLength..<lines[lower].content.lowerBound,
            leavesSpace: joint.hasSpace))
      }
      index = next[index] ?? index + 1
    }
    return cuts
  }

  // MARK: Blocks

  /// Widest line that is taken for one of a wrapped text.
  private static let mostColumns = 140
  /// Share of a block's width that a line and the next word must exceed for the line to be full. Greedy wrapping in
  /// a font of one width would allow 1.
  private static let fullShare = 0.85
  /// Widths of blocks that are wrapped as the rest of the text is, as shares of its usual width.
  private static let usualWidths = 0.7...1.2
  /// Most lines between the two parts of a paragraph that the end of a page divides.
  private static let mostPassedLines = 12

  private mutating func join() {
    let text = lines.indices.filter { !lines[$0].isBlank }
    let isFurniture = PageFurniture.find(lines, text, bytes)
    let blocks = self.blocks(text, isFurniture)
    let pairs = blocks.flatMap { zip($0, $0.dropFirst()) }
    let widths = pairs.filter { goesOn(lines[$0], lines[$1]) }.map { lines[$0.0].length }.sorted()
    guard !widths.isEmpty else { return }
    // Not the widest: one stray line must not count.
    let usual = Double(widths[widths.count * 9 / 10])

    var isInBlock = lines.map { _ in false }
    for block in blocks { for index in block { isInBlock[index] = true } }
    for block in blocks {
      let width = block.map { lines[$0].length }.max() ?? 0
      let hasUsualWidth = Self.usualWidths.contains(Double(width) / usual)
      guard hasUsualWidth || zip(block, block.dropFirst()).contains(where: { goesOn(lines[$0], lines[$1]) })
      else { continue }
      for place in block.indices.dropLast() {
        let after = place + 2 < block.count ? lines[block[place + 2]] : nil
        if continues(lines[block[place]], lines[block[place + 1]], after: after, width: width) {
          next[block[place]] = block[place + 1]
        }
      }
      guard let last = block.last, let lower = lineBehindPage(last, isFurniture), isInBlock[lower] else { continue }
      if goesOn(lines[last], lines[lower]) || isFull(lines[last], lines[lower], width) { next[last] = lower }
    }
  }

  /// Runs of lines that may belong to paragraphs, without an empty line or one of another kind between them.
  private func blocks(_ text: [Int], _ isFurniture: [Bool]) -> [[Int]] {
    let spacing = lineSpacing(text)
    let isCode = code()
    var blocks: [[Int]] = [[]]
    for index in text {
      if isFurniture[index] || isCode[index] || lines[index].length > Self.mostColumns
        || lines[index].standsAlone(bytes)
      {
        blocks.append([])
      } else if let last = blocks[blocks.count - 1].last, index - last > spacing {
        blocks.append([index])
      } else {
        blocks[blocks.count - 1].append(index)
      }
    }
    return blocks.filter { !$0.isEmpty }
  }

  /// 1, or 2 where nearly every line is followed by an empty one, as in texts with double spacing.
  private func lineSpacing(_ text: [Int]) -> Int {
    let pairs = zip(text, text.dropFirst()).filter { lines[$0].length <= Self.mostColumns && $1 - $0 == 2 }
    guard pairs.count >= 4, Double(pairs.count) >= 0.7 * Double(text.count - 1) else { return 1 }
    let going = pairs.count { goesOn(lines[$0], lines[$1]) }
    return Double(going) >= 0.3 * Double(pairs.count) ? 2 : 1
  }

  /// For each line whether it belongs to a fenced block of code.
  private func code() -> [Bool] {
    var isInside = false
    return lines.map { line in
      let isFence = ["```", "~~~"].contains { bytes[line.content].starts(with: $0.utf8) }
      defer { if isFence { isInside.toggle() } }
      return isInside || isFence
    }
  }

  // MARK: Pairs of lines

  /// Whether the words alone say that a paragraph goes on from one line to the next.
  private func goesOn(_ upper: TextLine, _ lower: TextLine) -> Bool {
    guard lower.itemMark(bytes) == 0, !upper.endsSentence(bytes) else { return false }
    let (last, first) = (upper.lastScalar(bytes), lower.firstScalar(bytes))
    if first.properties.isLowercase || last == "," || last == "\u{AD}" { return true }
    if WordJoint.joinsWords(last), upper.lastWord(bytes).count > UTF8.width(last) { return true }
    if WordJoint.writesNoSpaces(last), WordJoint.writesNoSpaces(first) { return upper.length >= Self.leastColumns }
    return Self.openWords.contains(String(decoding: upper.lastWord(bytes), as: UTF8.self).lowercased())
  }

  /// Narrowest line that is taken for a full one where nothing but its width tells.
  private static let leastColumns = 15

  /// Words that end no line of a heading, an address or a list, nor a sentence.
  private static let openWords: Set<String> = [
    "a", "an", "and", "as", "at", "by", "for", "from", "grant", "grants", "in", "is", "number", "numbers", "of", "on",
    "or", "our", "project", "that", "the", "their", "this", "to", "under", "was", "were", "which", "with",
    "de", "der", "des", "die", "du", "la", "und", "von",
  ]

  /// Whether the next line's first word would not have fitted on a line.
  private func isFull(_ upper: TextLine, _ lower: TextLine, _ width: Int) -> Bool {
    let word = lower.firstWord(bytes).count { $0 & 0xC0 != 0x80 }
    return Double(upper.length + 1 + word) > Self.fullShare * Double(width)
  }

  /// Whether a line of a wrapped block goes on in the next one.
  /// - Parameter after: the line behind the next one, if the block has one.
  private func continues(_ upper: TextLine, _ lower: TextLine, after: TextLine?, width: Int) -> Bool {
    if lower.itemMark(bytes) > 0 {
      // A number may stand at a line's start inside a sentence.
      let isNumber = (0x30...0x39).contains(bytes[lower.content.lowerBound])
      return isNumber && upper.itemMark(bytes) == 0 && !upper.endsSentence(bytes) && isFull(upper, lower, width)
    }
    if goesOn(upper, lower) { return true }
    // The first line of a paragraph is indented; the later lines of a list's item are, too.
    if upper.itemMark(bytes) == 0, lower.indentation >= upper.indentation + 2 { return false }
    // Behind a sentence, a short line that ends none is a heading.
    let isFollowed = after.map { goesOn(lower, $0) || isFull(lower, $0, width) } ?? false
    if upper.endsSentence(bytes), !lower.endsSentence(bytes), !isFollowed { return false }
    return isFull(upper, lower, width)
  }

  /// The first line of text on the next page, if a page ends behind this line and does so inside a sentence.
  private func lineBehindPage(_ last: Int, _ isFurniture: [Bool]) -> Int? {
    guard !lines[last].endsSentence(bytes) else { return nil }
    var hasPageEnd = false
    for index in (last + 1)..<min(last + 1 + Self.mostPassedLines, lines.count) {
      hasPageEnd = hasPageEnd || lines[index].beginsPage || isFurniture[index]
      if lines[index].isBlank || isFurniture[index] { continue }
      return hasPageEnd && lines[index].itemMark(bytes) == 0 ? index : nil
    }
    return nil
  }
}

/// What stands between the last word of a line and the first of the next when the paragraph is one line.
private struct WordJoint {
  /// Bytes of the hyphen that goes; 0 if none does.
  var hyphenLength = 0
  var hasSpace = true

  init(_ bytes: [UInt8], _ upper: TextLine, _ lower: TextLine) {
    let (last, first) = (upper.lastScalar(bytes), lower.firstScalar(bytes))
    if last == "\u{AD}" {
      (hyphenLength, hasSpace) = (2, false)
      return
    }
    if Self.writesNoSpaces(last), Self.writesNoSpaces(first) {
      hasSpace = false
      return
    }
    guard Self.joinsWords(last), Self.isWord(first),
      let before = UTF8Scalar.before(bytes, upper.content.upperBound - UTF8.width(last)), Self.isWord(before)
    else { return }
    let next = lower.firstWord(bytes)
    // "low- and middle-income"
    if Self.conjunctions.contains(String(decoding: next, as: UTF8.self)) { return }
    hasSpace = false
    // A hyphen inside an identifier belongs to it.
    let hasDigit = (upper.lastWord(bytes) + next).contains { (0x30...0x39).contains($0) }
    if Self.isHyphen(last), before.properties.isLowercase, first.properties.isLowercase, !hasDigit {
      hyphenLength = UTF8.width(last)
    }
  }

  private static let conjunctions: Set<String> = ["and", "or", "to", "und", "oder", "et", "ou", "y", "e"]

  /// What stands inside words, ranges and identifiers, without spaces around it.
  static func joinsWords(_ scalar: Unicode.Scalar) -> Bool { isHyphen(scalar) || ["/", "_", "–"].contains(scalar) }

  private static func isHyphen(_ scalar: Unicode.Scalar) -> Bool { ["-", "\u{2010}", "\u{2011}"].contains(scalar) }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }

  /// Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
  static func writesNoSpaces(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2E80...0xA4CF, 0xF900...0xFAFF, 0xFE30...0xFE4F,
      0xFF00...0xFFEF, 0x20000...0x3FFFF:
      true
    default: false
    }
  }
}
