import Text

/// Numbers that count the lines of a text in its margin, as preprints for reviewers have them.
enum MarginNumbers {
  /// Fewest lines that a run of numbers must span, and fewest numbers in it.
  private static let leastLines = 6
  private static let leastNumbers = 3

  /// The lines without such numbers, and where those stood.
  static func removed(from lines: [TextLine], _ bytes: [UInt8]) -> (lines: [TextLine], numbers: [Range<Int>?]) {
    var lines = lines
    var all = [Range<Int>?](repeating: nil, count: lines.count)
    for isAtStart in [true, false] where all.allSatisfy({ $0 == nil }) {
      let numbers = find(in: lines, bytes, isAtStart: isAtStart)
      guard !numbers.isEmpty else { continue }
      for (index, range) in numbers {
        all[index] = range
        let content = lines[index].content
        lines[index].content = isAtStart ? range.upperBound..<content.upperBound : content.lowerBound..<range.lowerBound
        lines[index].trim(bytes)
      }
      // Where only some lines are numbered, the others are indented by as much as a number takes.
      if isAtStart { for index in lines.indices { lines[index].indentation = 0 } }
    }
    return (lines, all)
  }

  private struct Place {
    var line: Int
    /// Of the lines that are not empty.
    var ordinal: Int
    var number: Int
    var range: Range<Int>
  }

  /// - Parameter isAtStart: false looks at the lines' ends.
  private static func find(
    in lines: [TextLine], _ bytes: [UInt8], isAtStart: Bool
  ) -> [(line: Int, range: Range<Int>)] {
    var runs: [[Place]] = [[]]
    var ordinal = 0
    for (index, line) in lines.enumerated() where !line.isBlank {
      ordinal += 1
      guard let (number, range) = Self.number(of: line, bytes, isAtStart: isAtStart) else { continue }
      if let last = runs[runs.count - 1].last, number - last.number != ordinal - last.ordinal { runs.append([]) }
      runs[runs.count - 1].append(Place(line: index, ordinal: ordinal, number: number, range: range))
    }
    func span(_ run: [Place]) -> Int { (run.last?.ordinal ?? 0) - (run.first?.ordinal ?? 1) + 1 }
    // The rows of a table may be numbered, too; a numbered text is so from end to end, each page anew or not.
    let covered = runs.filter { $0.count >= leastNumbers && span($0) >= leastLines }.reduce(0) { $0 + span($1) }
    guard covered * 2 >= ordinal, covered > 0 else { return [] }
    return runs.filter { $0.count > 1 }.joined().map { ($0.line, $0.range) }
  }

  /// A number of one to five digits that whitespace parts from the text of a line, or that is alone on it.
  private static func number(of line: TextLine, _ bytes: [UInt8], isAtStart: Bool) -> (Int, Range<Int>)? {
    let text = bytes[line.content]
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let digits = isAtStart ? text.prefix(while: isDigit) : text.suffix(while: isDigit)
    guard (1...5).contains(digits.count), let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
    let rest = isAtStart ? text[digits.endIndex...] : text[..<digits.startIndex]
    // A number that ends a line of text has one space before it, one in the margin has several.
    let isApart =
      isAtStart
      ? rest.first == 0x20 || rest.first == 0x09 : rest.last == 0x09 || rest.suffix(2).elementsEqual("  ".utf8)
    return rest.isEmpty || isApart ? (number, digits.startIndex..<digits.endIndex) : nil
  }
}

/// Page numbers, headers and footers.
enum PageFurniture {
  /// Longest line that is taken for one.
  private static let mostColumns = 100
  /// Fewest letters of a line that is known as a header by coming again.
  private static let leastLetters = 5

  /// Most lines of one header.
  private static let mostLines = 2

  /// For each line whether it looks like one: a page's number, the first line behind a page break that an empty line
  /// follows, or a short line that comes again between other lines, with other digits perhaps.
  /// - Parameter text: indices of the lines that are not empty, ascending.
  static func find(_ lines: [TextLine], _ text: [Int], _ bytes: [UInt8]) -> [Bool] {
    var isFurniture = lines.map { _ in false }
    var counts: [[UInt8]: Int] = [:]
    let letters = lines.map { line in
      line.length > mostColumns
        ? [] : bytes[line.content].filter { $0 >= 0x80 || (0x61...0x7A).contains($0 | 0x20) }.map { $0 | 0x20 }
    }
    for index in text { counts[letters[index], default: 0] += 1 }
    // A paragraph that is printed twice has more such lines in a row, or ends a sentence.
    for run in text.split(whereSeparator: { counts[letters[$0], default: 0] == 1 || letters[$0].count < leastLetters })
    where run.count <= mostLines && !run.contains(where: { lines[$0].endsSentence(bytes) }) {
      for index in run { isFurniture[index] = true }
    }
    for index in text where lines[index].length <= mostColumns {
      let line = lines[index]
      let isAbove = index + 1 == lines.count || lines[index + 1].isBlank || lines[index + 1].beginsPage
      let isBelow = index == 0 || lines[index - 1].isBlank || line.beginsPage
      if isPageNumber(line, bytes, letters[index]) {
        // Inside a block only where the line is too short to be one of the paragraph's.
        let next = index + 1 < lines.count ? lines[index + 1].firstWord(bytes).count : 0
        isFurniture[index] = isAbove || isBelow || line.length + next < lines[index - 1].length / 2
      } else if line.beginsPage, isAbove, !line.firstScalar(bytes).properties.isLowercase, !line.endsSentence(bytes) {
        isFurniture[index] = true
      }
    }
    return isFurniture
  }

  /// `12`, `- 12 -`, `Page 12 of 30`: up to four digits, so that no identifier is one.
  private static func isPageNumber(_ line: TextLine, _ bytes: [UInt8], _ letters: [UInt8]) -> Bool {
    let text = bytes[line.content]
    let digits = text.split { !(0x30...0x39).contains($0) }
    guard line.length <= 20, (1...2).contains(digits.count), digits.allSatisfy({ $0.count <= 4 }) else { return false }
    let marks = text.filter { !(0x30...0x39).contains($0) && !(0x61...0x7A).contains($0 | 0x20) }
    guard digits.count == 1 || !letters.isEmpty || marks.contains(UInt8(ascii: "/")) else { return false }
    return ["", "p", "page", "pageof", "of", "seite"].contains(String(decoding: letters, as: UTF8.self))
      && marks.allSatisfy { " -|./[]".utf8.contains($0) || $0 >= 0x80 }
  }
}
