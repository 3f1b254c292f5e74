import Text

/// Finds the character sequences that hardly ever occur in intended text but often when UTF-8 was decoded in the wrong
/// encoding.
///
/// The sequences are those of ftfy 6.3.1 (`badness.py`, Robyn Speer, Apache-2.0), here as sequences of character
/// classes; as in a regular expression the first alternative that matches at a position counts.
enum MojibakeDetection {
  private struct Sequence {
    var elements: [MojibakeKinds]
    var onlyAtStart = false

    init(_ elements: MojibakeKinds..., onlyAtStart: Bool = false) {
      self.elements = elements
      self.onlyAtStart = onlyAtStart
    }
  }

  private static let sequences: [Sequence] = [
    Sequence(.c1),
    Sequence(
      [.bad, .accented, .box, .startPunctuation, .endPunctuation, .currency, .numeric, .law], .bad),
    Sequence(.asciiLetter, [.lowerCommon, .upperCommon], .bad),
    Sequence(
      .bad, [.accented, .box, .startPunctuation, .endPunctuation, .currency, .numeric, .law]),
    Sequence([.lowerAccented, .lowerCommon, .box, .endPunctuation, .currency, .numeric], .upperAccented),
    Sequence([.box, .endPunctuation, .currency, .numeric], .lowerAccented),
    Sequence([.lowerAccented, .box, .endPunctuation], .currency),
    Sequence(.whitespace, .upperAccented, .currency),
    Sequence([.upperAccented, .box], [.numeric, .law]),
    Sequence([.accented, .box, .currency, .endPunctuation], .startPunctuation, .numeric),
    Sequence([.accented, .currency, .numeric, .box, .law], .endPunctuation, .startPunctuation),
    Sequence([.currency, .numeric, .box], .startPunctuation),
    Sequence(.lowerASCII, .upperAccented, [.startPunctuation, .currency]),
    Sequence(.box, .kaomoji),
    Sequence([.accented, .currency, .numeric, .startPunctuation, .endPunctuation, .law], .box),
    Sequence(.box, .endPunctuation),
    Sequence(.accented, [.startPunctuation, .endPunctuation], .word),
    // The ligature œ not followed by an unaccented Latin letter, a degree sign after a capital.
    Sequence(.ligatureOE, .notASCIILetter),
    Sequence(.upperAccented, .degree),
    // Windows-1252: two characters, Arabic words (four characters, because common ones take part), South Asian scripts.
    Sequence(.windowsLead, [.windowsTrail, .startPunctuation, .endPunctuation]),
    Sequence(.multiplication, .twoOrThree),
    Sequence(.arabicLead, arabicTrail, .arabicLead, arabicTrail),
    Sequence(.southAsianLead, .southAsianTrail),
    // MacRoman.
    Sequence(.squareRoot, .squareRootTrail),
    Sequence(.almostEqual, .almostEqualTrail),
    Sequence(.lowQuote, .umlautA, .umlautATrail),
    Sequence(.lowQuote, .circumflexOrAcute, .circumflexTrail),
    // Windows-1251: characters of U+2000, Latin-1 or Cyrillic letters, and a double misreading.
    Sequence(.cyrillicVe, .cyrillicDje),
    Sequence(
      .cyrillicLead, [.c1, .bad, .startPunctuation, .endPunctuation, .currency, .degree, .micro], .cyrillicLead),
    Sequence(
      .cyrillicGhe, .cyrillicShortU, .cyrillicCapitalVe, .cyrillicDje, .cyrillicCapitalVe, .notNewline,
      [.asciiLetter, .space]),
    // Windows-1252 à, á and no-break space; Â and Ã before a space.
    Sequence(.aTilde, .aTildeTrail),
    Sequence(.lowerASCII, .whitespace, .aTildeOrCircumflex, .space),
    Sequence(.lowerASCII, .aTildeOrCircumflex, .space),
    Sequence(.aTildeOrCircumflex, .space, onlyAtStart: true),
    Sequence(
      [.lowerASCII, .sentenceEnd, .endPunctuation], .aCircumflex, [.space, .startPunctuation, .endPunctuation]),
    // Windows-1253: characters of U+2000, Latin-1 or Greek letters. Windows-1257: characters of U+2000.
    Sequence(.beta, .euro, .betaTrail),
    Sequence(
      .greekLead, [.c1, .bad, .startPunctuation, .endPunctuation, .currency, .degree], .greekLead),
    Sequence(.aMacron, .euro),
  ]

  private static let arabicTrail: MojibakeKinds = [
    .common, .currency, .bad, .numeric, .startPunctuation, .arabicTrail,
  ]

  /// Kinds that can begin a sequence: most positions are dismissed by them alone.
  private static let beginnings = sequences.reduce(MojibakeKinds()) { $0.union($1.elements[0]) }

  static func isBad(_ text: ArraySlice<UInt32>) -> Bool {
    let kinds = MojibakeKinds.all(of: text)
    return kinds.indices.contains { match(at: $0, in: kinds) != nil }
  }

  /// The number of suspicious sequences, counted without overlap.
  static func badness(_ text: Scalars) -> Int {
    let kinds = MojibakeKinds.all(of: text[...])
    var count = 0
    var position = 0
    while position < kinds.count {
      if let length = match(at: position, in: kinds) {
        count += 1
        position += length
      } else {
        position += 1
      }
    }
    return count
  }

  private static func match(at position: Int, in kinds: [MojibakeKinds]) -> Int? {
    if kinds[position].isDisjoint(with: beginnings) { return nil }
    search: for sequence in sequences {
      let length = sequence.elements.count
      if position + length > kinds.count || sequence.onlyAtStart && position > 0 { continue }
      for offset in 0..<length where kinds[position + offset].isDisjoint(with: sequence.elements[offset]) {
        continue search
      }
      return length
    }
    return nil
  }

  /// Stretches that look like UTF-8 sequences of two to four bytes read as single characters, longest first found.
  /// A stretch does not begin right after a character that could continue a sequence.
  static func utf8LookingRanges(_ text: Scalars) -> [Range<Int>] {
    let kinds = MojibakeKinds.all(of: text[...])
    var ranges: [Range<Int>] = []
    var position = 0
    while position < kinds.count {
      var end = position
      if position == 0 || !kinds[position - 1].contains(.strictContinuation) {
        while let length = sequenceLength(at: end, in: kinds) { end += length }
      }
      if end > position {
        ranges.append(position..<end)
        position = end
      } else {
        position += 1
      }
    }
    return ranges
  }

  private static func sequenceLength(at position: Int, in kinds: [MojibakeKinds]) -> Int? {
    guard position < kinds.count else { return nil }
    let length: Int
    if kinds[position].contains(.firstOfTwo) {
      length = 2
    } else if kinds[position].contains(.firstOfThree) {
      length = 3
    } else if kinds[position].contains(.firstOfFour) {
      length = 4
    } else {
      return nil
    }
    guard position + length <= kinds.count else { return nil }
    for next in (position + 1)..<(position + length) where !kinds[next].contains(.continuation) { return nil }
    return length
  }
}
