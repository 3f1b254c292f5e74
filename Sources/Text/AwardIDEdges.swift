extension ValueEdges {
  /// Where award ids may begin and end.
  ///
  /// A word that touches an id is parted from it: `grant|2016-04512|and`, `award|DMS-1855568`, `No.|DE-SC0012704`,
  /// `doi.org/|10.35802/203141`. What looks like a piece of the same id is not: hyphens, slashes, dots and underscores
  /// between digits and capitals hold together, so that `2020` cannot be taken out of `UIDB/04650/2020`.
  ///
  /// In detail:
  ///
  /// - Letters that touch digits or capitals are a word if they end (before the id) or begin (behind it) with small
  ///   letters: three, or two that stand between no digits, or any of a script without capitals. A few abbreviations of
  ///   *number* are words, too. Between a word and something else is an edge.
  /// - The parts of a word's or a number's surroundings that hyphens, slashes, dots and underscores join form a chain.
  ///   A slash and a hyphen may be followed by white space where a line was broken (`EP/ M025020/1`). A chain ends at a
  ///   word, at an em dash, and before three capitals or more that begin something else (`…/KAW 2020.0239`).
  /// - A chain is several ids if a slash (or a dash) parts it into equal numbers of parts that look alike and are each
  ///   long enough for an id: `JP19K03425/JP20H05639`, `EP/K029797/1/EP/K503125/1`, `20-72-10112–20-72-10114`.
  /// - A DOI begins anywhere behind a slash.
  package static func awardIDs(in text: [Unicode.Scalar]) -> ValueEdges {
    var edges = words(in: text)
    let classes = CharacterRun.classes(of: text)
    for run in CharacterRun.all(in: classes) where !run.isDigits { edges.partWords(text, classes, run) }
    for chain in IDChain.all(in: text, classes, edges) {
      let separators = chain.separators(text)
      for (index, gap) in chain.gaps.enumerated() where !separators.contains(index) {
        for place in gap.lowerBound...gap.upperBound { edges.set(place, false) }
      }
    }
    edges.addDOIStarts(text)
    return edges
  }

  // MARK: Words that touch ids

  private mutating func partWords(_ text: [Unicode.Scalar], _ classes: [WordCharacter?], _ run: CharacterRun) {
    let letters = run.range.filter { !WordCharacter.isMark(text[$0]) }
    guard let first = letters.first else { return }
    let touchesDigits = (left: run.touchesLeft, right: run.touchesRight)

    /// Whether so many letters that are not capitals make a word.
    func isWord(_ count: Int) -> Bool { count >= 3 || count == 2 && !(touchesDigits.left && touchesDigits.right) }
    var small = 0  // letters before `index` that are not capitals, without a capital between
    var hasCaseless = false
    for (place, index) in letters.enumerated() {
      if classes[index] == .upper {
        // `award|DMS`
        if small > 0, isWord(small) || hasCaseless || Self.isNumberWord(text[first..<index]) { set(index, true) }
        (small, hasCaseless) = (0, false)
        continue
      }
      if small == 0, place > 0 {
        let following = letters[place...].prefix { classes[$0] != .upper }.count
        // `AB22G|and`: after a capital that may be the id's last, an id can end. (It can also end before it: `22|The`.)
        let capitals = letters[..<place].reversed().prefix { classes[$0] == .upper }.count
        if capitals > 1 || touchesDigits.left && capitals == place, isWord(following) { ends[index] = true }
      }
      small += 1
      hasCaseless = hasCaseless || classes[index] == .caseless
    }
    // `grant|2016`, `No|2016`
    if run.touchesRight, isWord(small) || hasCaseless || Self.isNumberWord(text[run.range]) {
      set(run.range.upperBound, true)
    }
    // `04512|and`, `04512|The`
    if run.touchesLeft {
      let rest = letters.dropFirst(classes[first] == .upper ? 1 : 0)
      let following = rest.prefix { classes[$0] != .upper }
      if isWord(following.count) || classes[first] == .caseless { set(first, true) }
    }
  }

  static func isNumberWord(_ letters: ArraySlice<Unicode.Scalar>) -> Bool {
    guard letters.count <= 4 else { return false }
    return numberWords.contains(String(String.UnicodeScalarView(letters)).lowercased())
  }

  /// The same of a word that others may be glued to, as in `CONTRACTNO.`.
  static func endsWithNumberWord(_ letters: ArraySlice<Unicode.Scalar>) -> Bool {
    isNumberWord(letters)
      || [2, 3].contains { count in
        isNumberWord(letters.suffix(count)) && letters.allSatisfy { WordCharacter($0)?.isLetter == true }
      }
  }

  private static let numberWords: Set = ["no", "nos", "nr", "nrs", "n", "num", "n\u{BA}"]

  // MARK: DOIs

  private mutating func addDOIStarts(_ text: [Unicode.Scalar]) {
    let digits = Unicode.Scalar("0")..."9"
    for index in text.indices.dropFirst()
    where text[index] == "1" && text[index - 1] == "/" && text[index...].starts(with: "10.".unicodeScalars) {
      let registrant = text[(index + 3)...].prefix { digits.contains($0) }
      if (4...9).contains(registrant.count), registrant.endIndex < text.count, text[registrant.endIndex] == "/" {
        starts[index] = true
      }
    }
  }
}

/// Parts of an award id, or of several, that signs hold together.
struct IDChain {
  /// The letters and digits between the signs.
  private(set) var parts: [Range<Int>]
  /// `gaps[i]`: the sign, and white space after it, between parts i and i + 1.
  private(set) var gaps: [Range<Int>] = []

  /// The chains of two parts or more.
  static func all(in text: [Unicode.Scalar], _ classes: [WordCharacter?], _ edges: ValueEdges) -> [IDChain] {
    var parts: [Range<Int>] = []
    var index = 0
    while index < text.count {
      let start = index
      index += 1
      guard classes[start] != nil else { continue }
      while index < text.count, !edges.starts[index], classes[index] != nil { index += 1 }
      parts.append(start..<index)
    }
    var chains: [IDChain] = []
    var chain: IDChain?
    for (part, next) in zip(parts, parts.dropFirst()) {
      let gap = part.upperBound..<next.lowerBound
      if holds(text, classes, part, gap, next) {
        chain = chain ?? IDChain(parts: [part])
        chain?.parts.append(next)
        chain?.gaps.append(gap)
      } else if let whole = chain {
        chains.append(whole)
        chain = nil
      }
    }
    if let chain { chains.append(chain) }
    return chains
  }

  private enum Sign { case slash, hyphen, dash, dot }

  private static func sign(_ scalar: Unicode.Scalar) -> Sign? {
    switch scalar.value {
    case 0x2F, 0x2044, 0x2215, 0xFF0F: .slash
    case 0x2D, 0x2010, 0x2011, 0x2212, 0xFF0D: .hyphen
    case 0x2012, 0x2013: .dash
    case 0x2E, 0x5F: .dot
    default: nil
    }
  }

  /// Whether what stands between two parts holds them together.
  private static func holds(
    _ text: [Unicode.Scalar], _ classes: [WordCharacter?], _ part: Range<Int>, _ gap: Range<Int>, _ next: Range<Int>
  ) -> Bool {
    guard let first = gap.first, let sign = sign(text[first]), !isWord(classes[part]), !isWord(classes[next]) else {
      return false
    }
    let space = text[gap.dropFirst()]
    guard space.allSatisfy({ PythonText.isWhitespace($0.value) }) else { return false }
    let hasBreak = space.contains { $0 == "\n" || $0 == "\r" }
    switch sign {
    case .dot: return space.isEmpty && !(text[first] == "." && ValueEdges.endsWithNumberWord(text[part]))
    case .dash where !space.isEmpty: return false
    case .hyphen where !space.isEmpty && !hasBreak && !classes[part].contains(.digit): return false
    case .slash, .hyphen, .dash: return !beginsAnother(text, classes, sign, next)
    }
  }

  /// Whether three capitals or more begin something else: the last part behind a slash or a dash, and behind a hyphen
  /// if a number follows (`273811115-|SFB 1225`).
  private static func beginsAnother(
    _ text: [Unicode.Scalar], _ classes: [WordCharacter?], _ sign: Sign, _ part: Range<Int>
  ) -> Bool {
    guard part.count >= 3, !classes[part].contains(.digit) else { return false }
    let end = part.upperBound
    if end + 1 < text.count, Self.sign(text[end]) != nil, classes[end + 1] != nil { return false }
    let isBeforeNumber = end + 1 < text.count && PythonText.isWhitespace(text[end].value) && classes[end + 1] == .digit
    return sign != .hyphen || isBeforeNumber
  }

  /// Letters of which two are no capitals, or one is of a script without them.
  private static func isWord(_ classes: ArraySlice<WordCharacter?>) -> Bool {
    if classes.contains(.digit) { return false }
    return classes.contains(.caseless) || classes.count { $0 == .lower } >= 2
  }

  // MARK: Several ids

  /// The gaps that part one id from the next.
  func separators(_ text: [Unicode.Scalar]) -> Set<Int> {
    for sign in [Sign.slash, .dash, .hyphen] {
      let places = gaps.indices.filter { Self.sign(text[gaps[$0].lowerBound]) == sign }
      if places.isEmpty { continue }
      let bounds = [0] + places.map { $0 + 1 } + [parts.count]
      let elementCount = bounds.count - 1
      for size in 1...Self.mostElements where elementCount % size == 0 && elementCount > size {
        let shapes = stride(from: 0, to: elementCount, by: size).map {
          Shape(text, parts[bounds[$0]].lowerBound..<parts[bounds[$0 + size] - 1].upperBound)
        }
        guard shapes.allSatisfy({ sign == .hyphen ? $0.isPlainlyID : $0.isLongEnough }),
          shapes.allSatisfy({ $0.isLike(shapes[0]) })
        else { continue }
        return Set(stride(from: size, to: elementCount, by: size).map { bounds[$0] - 1 })
      }
    }
    return []
  }

  /// Most parts by slashes that an id has.
  private static let mostElements = 8

  /// What an id looks like: its runs of letters and digits, and its signs.
  private struct Shape {
    private var runs: [UInt8] = []
    private var count = 0

    init(_ text: [Unicode.Scalar], _ range: Range<Int>) {
      for index in range {
        let code: UInt8
        switch WordCharacter(text[index]) {
        case .digit: code = 0x39
        case .upper, .lower, .caseless: code = 0x41
        case .mark: continue
        case nil:
          guard let sign = IDChain.sign(text[index]) else { continue }
          code = sign == .slash ? 0x2F : sign == .dot ? 0x2E : 0x2D
        }
        if code >= 0x39 { count += 1 }
        if runs.last != code { runs.append(code) }
      }
    }

    private var hasLettersAndDigits: Bool { runs.contains(0x39) && runs.contains(0x41) }
    var isLongEnough: Bool { count >= 5 && runs.contains(0x39) }
    /// A hyphen seldom parts ids.
    var isPlainlyID: Bool { count >= 7 && hasLettersAndDigits }

    /// The same runs; a single number must be as long. Letters and numbers that the first id has before it may be
    /// missing in the next (`JP19K03425/20H05639`).
    func isLike(_ other: Shape) -> Bool {
      if runs == other.runs { return runs.count > 1 || count == other.count }
      let (short, long) = runs.count < other.runs.count ? (self, other) : (other, self)
      return short.runs.count > 1 && short.hasLettersAndDigits && long.runs.ends(with: short.runs)
    }
  }
}

extension Array where Element == UInt8 {
  fileprivate func ends(with other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}
