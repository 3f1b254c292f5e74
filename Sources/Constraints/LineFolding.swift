import Text

/// Reads paragraphs as if they had no lines: a line break as a space, a word that a line's end divides in one piece.
///
/// What comes out folds like its source in `FoldedText` of `Funding`, so that its place is found again.
enum LineFolding {
  /// The paragraphs of a text, without the whitespace around them: what empty lines part.
  static func paragraphs(of text: [Unicode.Scalar]) -> [Range<Int>] {
    var paragraphs: [Range<Int>] = []
    var start: Int?
    var end = 0  // after the last visible character
    var breaks = 0
    for (index, scalar) in text.enumerated() {
      if CharacterClass.isVisible(scalar) {
        if let first = start, breaks > 1 {
          paragraphs.append(first..<end)
          start = nil
        }
        start = start ?? index
        end = index + 1
        breaks = 0
      } else if CharacterClass.isLineBreak(scalar), !(scalar == "\n" && index > 0 && text[index - 1] == "\r") {
        breaks += 1
      }
    }
    if let start { paragraphs.append(start..<end) }
    return paragraphs
  }

  /// - Runs of whitespace that hold a line break, a tab or several characters become one space.
  /// - Whitespace goes after a hyphen inside a word that a line break follows, and after one inside an identifier
  ///   (`DMS- 2308440`), where an earlier clean-up may have made the line break a space.
  /// - With `keepsHyphens` false, a hyphen goes where it and a line break part letters.
  /// - Soft hyphens go, and a line break after them.
  static func fold(_ text: [Unicode.Scalar], _ paragraph: Range<Int>, keepsHyphens: Bool) -> [CopyText.Unit] {
    var units: [CopyText.Unit] = []
    units.reserveCapacity(paragraph.count)
    var index = paragraph.lowerBound
    while index < paragraph.upperBound {
      let scalar = text[index]
      let place = index
      index += 1
      if scalar == "\u{AD}" {
        let next = text[index..<paragraph.upperBound].firstIndex { !" \t\n\r\u{B}\u{C}".unicodeScalars.contains($0) }
        let end = next ?? paragraph.upperBound
        if text[index..<end].contains(where: { $0 == "\n" || $0 == "\r" }) { index = end }
      } else if isHyphen(scalar) {
        var next = index
        while next < paragraph.upperBound, CharacterClass.isWhitespace(text[next]) { next += 1 }
        let hasBreak = text[index..<next].contains(where: CharacterClass.isLineBreak)
        if next > index, next < paragraph.upperBound, let previous = units.last?.scalar,
          isWordCharacter(previous), isWordCharacter(text[next])
        {
          let areLetters = CharacterClass.isLetter(previous) && CharacterClass.isLetter(text[next])
          let isIdentifier = !(areLetters && text[next].properties.isLowercase)
          if hasBreak || isIdentifier {
            index = next
            if hasBreak, areLetters, !keepsHyphens { continue }
          }
        }
        units.append(CopyText.Unit(scalar: scalar, source: place))
      } else if !CharacterClass.isWhitespace(scalar) {
        units.append(CopyText.Unit(scalar: scalar, source: place))
      } else {
        while index < paragraph.upperBound, CharacterClass.isWhitespace(text[index]) { index += 1 }
        let isKept = index == place + 1 && scalar != "\t" && !CharacterClass.isLineBreak(scalar)
        units.append(CopyText.Unit(scalar: isKept ? scalar : " ", source: place))
      }
    }
    return units
  }

  private static func isHyphen(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "-" || scalar == "\u{2010}"
  }

  private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    WordCharacter(scalar) != nil || CharacterClass.isLetter(scalar)
  }
}
