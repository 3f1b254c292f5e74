/// Damage that real texts have and clean corpora lack, put into training inputs.
public struct DataNoise: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Letters read in the wrong case (`eUropean`), words in capitals.
    case letterCase = "case"
    /// Characters taken for others of their shape: `0` and `O`, `1` and `l`, `rn` and `m`.
    case confusions
    /// Ligatures, typographic quotes, dashes and spaces, accents apart from their letters, text decoded wrongly.
    case unicode
    /// Soft hyphens, direction marks, zero-width spaces, byte order marks.
    case zeroWidth = "zero-width"
    /// Tags, entities and commands of XML, HTML and LaTeX.
    case markup
    /// Hyphens that broken words keep when the lines of a printed column are joined.
    case hyphenation
    /// Lines of 40 to 100 characters, words broken at their ends, pages with their heads and numbers, line numbers.
    case wrapping
  }

  /// Share of the rows that get noise.
  public var share: Double
  /// What may happen to a row; one to three of them do.
  public var kinds: Set<Kind>

  public init(share: Double = 0.5, kinds: Set<Kind> = Set(Kind.allCases)) {
    self.share = share
    self.kinds = kinds
  }

  /// Texts as they are.
  public static let none = DataNoise(share: 0)

  /// A text with damage, or nil where the row is left as it is.
  ///
  /// - Parameters:
  ///   - kept: ranges of scalars that must stay findable, ascending and none inside another: damage inside them is
  ///     theirs, but
  ///     none reaches over their ends.
  ///   - isFixed: whether what is inside `kept` has to stay as it is, but for line breaks that the clean-up before
  ///     stage 2
  ///     takes back.
  /// - Returns: the text and where the kept ranges are in it.
  func applied(
    to text: [Unicode.Scalar], keeping kept: [Range<Int>], isFixed: Bool, _ random: inout DataRandom
  ) -> (text: [Unicode.Scalar], kept: [Range<Int>])? {
    let candidates = Kind.allCases.filter(kinds.contains)
    guard !candidates.isEmpty, random.chance(share) else { return nil }
    var chosen = candidates
    random.shuffle(&chosen)
    chosen = Array(chosen.prefix(random.number(in: 1...3)))

    var damage = Damage(text, kept: kept, isFixed: isFixed)
    // One damage may hide another; the order is that of the kinds, so that a seed keeps its meaning.
    for kind in candidates where chosen.contains(kind) && kind != .wrapping { damage.add(kind, &random) }
    let damaged = damage.result()
    guard chosen.contains(.wrapping) else { return damaged }
    let (damagedText, damagedKept) = damaged ?? (text, kept)
    // What is fixed has to come back when lines are joined; nothing takes a page's head out of a value again.
    let pages = PrintedPages(for: damagedText, hasPages: !isFixed, &random)
    let printed = pages.set(damagedText, keeping: damagedKept, &random)
    return printed.text == text ? nil : printed
  }
}

/// Changes to a text, collected and then made at once.
struct Damage {
  let text: [Unicode.Scalar]
  private let kept: [Range<Int>]
  private let isFixed: Bool
  /// What replaces which range, in the order of finding.
  private var edits: [(range: Range<Int>, replacement: [Unicode.Scalar])] = []
  /// Scalars that an edit has taken.
  private var isTaken: [Bool]
  /// For each scalar 1 + the index of the kept range that it is in, or 0.
  private let owner: [Int32]
  /// Words as ranges of scalars.
  let words: [Range<Int>]

  init(_ text: [Unicode.Scalar], kept: [Range<Int>], isFixed: Bool) {
    self.text = text
    self.kept = kept
    self.isFixed = isFixed
    isTaken = Array(repeating: false, count: text.count)
    var owner = [Int32](repeating: 0, count: text.count)
    for (index, range) in kept.enumerated() { for place in range { owner[place] = Int32(index + 1) } }
    self.owner = owner
    var words: [Range<Int>] = []
    var start: Int?
    for (index, scalar) in text.enumerated() {
      if scalar == " " || scalar == "\n" || scalar == "\t" || scalar == "\r" {
        if let begin = start { words.append(begin..<index) }
        start = nil
      } else if start == nil {
        start = index
      }
    }
    if let begin = start { words.append(begin..<text.count) }
    self.words = words
  }

  /// Notes a change, unless one was noted there before or a kept range forbids it.
  mutating func replace(_ range: Range<Int>, _ replacement: some Sequence<Unicode.Scalar>) {
    guard range.lowerBound >= 0, range.upperBound <= text.count else { return }
    // Between two scalars of different owners nothing is inserted: it would be unclear whose it is.
    let before = range.lowerBound > 0 ? owner[range.lowerBound - 1] : 0
    let after = range.upperBound < text.count ? owner[range.upperBound] : 0
    if range.isEmpty {
      guard before == after, before == 0 || !isFixed else { return }
      // Once at a place, and not at the edge of another change.
      guard range.lowerBound == 0 || !isTaken[range.lowerBound - 1] else { return }
      guard range.upperBound == text.count || !isTaken[range.upperBound] else { return }
      if range.lowerBound < text.count { isTaken[range.lowerBound] = true }
    } else {
      let own = owner[range.lowerBound]
      guard range.allSatisfy({ owner[$0] == own && !isTaken[$0] }) else { return }
      guard own == 0 || !isFixed else { return }
      for place in range { isTaken[place] = true }
    }
    edits.append((range, Array(replacement)))
  }

  /// The text with all changes made; nil if there are none.
  func result() -> (text: [Unicode.Scalar], kept: [Range<Int>])? {
    guard !edits.isEmpty else { return nil }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count + text.count / 8)
    /// New place of each old one.
    var places = [Int](repeating: 0, count: text.count + 1)
    var index = 0
    for (range, replacement) in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      while index < range.lowerBound {
        places[index] = result.count
        result.append(text[index])
        index += 1
      }
      for place in range { places[place] = result.count }
      result += replacement
      index = max(index, range.upperBound)
    }
    while index < text.count {
      places[index] = result.count
      result.append(text[index])
      index += 1
    }
    places[text.count] = result.count
    return (result, kept.map { places[$0.lowerBound]..<places[$0.upperBound] })
  }
}
