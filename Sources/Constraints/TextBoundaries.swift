/// Where sentences and lines begin and end in a text.
///
/// - A line begins at its first visible character, and again behind words without letters that it begins with (`-`,
///   `##`, `|`, `3.`), so that list items and headings can be taken without their marks. It ends after its last visible
///   character.
/// - A sentence ends after `.`, `!`, `?` or `…` and the closing quotes and brackets that follow, if whitespace or the
///   line's end comes then; after `。`, `！`, `？` and `｡` whatever comes. The next begins at the next visible character.
///   A sentence also begins after a colon and whitespace (`Funding: We thank …`).
///
/// - A full stop ends no sentence behind an abbreviation (`grant No. 12`, `A. Person`, `the U.S. Department`), nor
///   where a lower-case letter comes next, unless the line ends there.
struct TextBoundaries {
  enum Kind: UInt8, Comparable {
    case none, sentence, line
    static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
  }

  /// For each character what begins with it.
  private(set) var starts: [Kind]
  /// `ends[i]`: what ends before character i. One longer than the text.
  private(set) var ends: [Kind]

  init(_ text: [Unicode.Scalar]) {
    starts = Array(repeating: .none, count: text.count)
    ends = Array(repeating: .none, count: text.count + 1)
    var start = 0
    while start < text.count {
      var end = start
      while end < text.count, !CharacterClass.isLineBreak(text[end]) { end += 1 }
      addLine(text, start..<end)
      start = end + 1
    }
  }

  private mutating func addLine(_ text: [Unicode.Scalar], _ line: Range<Int>) {
    func skipInvisible(_ index: Int) -> Int {
      var index = index
      while index < line.upperBound, !CharacterClass.isVisible(text[index]) { index += 1 }
      return index
    }
    var last = line.upperBound
    while last > line.lowerBound, !CharacterClass.isVisible(text[last - 1]) { last -= 1 }
    guard last > line.lowerBound else { return }
    ends[last] = .line

    var index = skipInvisible(line.lowerBound)
    starts[index] = .line
    var place = index
    for _ in 0..<Self.mostMarks {
      var hasLetter = false
      while place < last, CharacterClass.isVisible(text[place]) {
        hasLetter = hasLetter || CharacterClass.isLetter(text[place])
        place += 1
      }
      place = skipInvisible(place)
      if hasLetter || place >= last { break }
      starts[place] = .line
    }

    while index < last {
      let scalar = text[index]
      let stop = index
      index += 1
      switch scalar {
      case ":":
        let next = skipInvisible(index)
        if next > index, next < last { starts[next] = max(starts[next], .sentence) }
      case ".", "!", "?", "…", "。", "！", "？", "｡":
        while index < last, Self.closers.contains(text[index]) { index += 1 }
        let next = skipInvisible(index)
        guard index == last || next > index || scalar.value >= 0x3000 else { continue }
        if scalar == ".", next < last, isInsideSentence(text, line, stop: stop, next: text[next]) { continue }
        ends[index] = max(ends[index], .sentence)
        if next < last { starts[next] = max(starts[next], .sentence) }
      default: break
      }
    }
  }

  /// Whether a full stop belongs to an abbreviation, or something goes on behind it that begins no sentence.
  private func isInsideSentence(
    _ text: [Unicode.Scalar], _ line: Range<Int>, stop: Int, next: Unicode.Scalar
  ) -> Bool {
    if next.properties.isLowercase { return true }
    var start = stop
    while start > line.lowerBound, stop - start < Self.longestAbbreviation,
      CharacterClass.isLetter(text[start - 1]) || text[start - 1] == "."
    {
      start -= 1
    }
    let word = String(String.UnicodeScalarView(text[start..<stop]))
    // "A. Person", "U.S. Department"
    let isInitials = word.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { $0.count == 1 }
    return isInitials && word.first?.isUppercase == true || Self.abbreviations.contains(word.lowercased())
  }

  private static let longestAbbreviation = 8
  /// What is seldom a sentence's last word.
  static let abbreviations: Set<String> = [
    "no", "nos", "nr", "dr", "drs", "prof", "profs", "mr", "mrs", "ms", "st", "e.g", "i.e", "cf", "vs", "fig", "figs",
    "eq", "ref", "refs", "approx", "dept", "univ", "inst", "vol", "pp", "gov", "contr", "proj", "prog", "nat", "natl",
    "int", "intl", "sci", "acad",
  ]

  private static let mostMarks = 3
  private static let closers = Set("\"')]}*_”’»›」』）】".unicodeScalars)
}
