import Foundation

extension Damage {
  /// Adds changes of one kind, at a rate drawn for the text.
  mutating func add(_ kind: DataNoise.Kind, _ random: inout DataRandom) {
    // Changes a word: from a rare flaw to a bad scan; two in a short text.
    let rate = max(random.pick([0.005, 0.01, 0.02, 0.05, 0.1]), min(0.5, 2 / Double(max(words.count, 1))))
    switch kind {
    case .letterCase: addLetterCase(rate, &random)
    case .confusions: addConfusions(rate, &random)
    case .unicode: addUnicode(rate, &random)
    case .zeroWidth: addZeroWidth(rate, &random)
    case .markup: addMarkup(rate, &random)
    case .hyphenation: addHyphenation(rate, &random)
    case .wrapping: preconditionFailure("the text is set in lines when all other damage is done")
    }
  }

  /// Words of a share of `rate`, drawn one by one.
  private func chosenWords(_ rate: Double, _ random: inout DataRandom) -> [Range<Int>] {
    words.filter { _ in random.chance(rate) }
  }

  // MARK: Letter case

  private mutating func addLetterCase(_ rate: Double, _ random: inout DataRandom) {
    for word in chosenWords(rate, &random) {
      let letters = word.filter { text[$0].properties.isAlphabetic }
      guard !letters.isEmpty else { continue }
      switch random.below(8) {
      case 0: for place in letters { changeCase(place, to: \.uppercaseMapping) }
      case 1: for place in letters { changeCase(place, to: \.lowercaseMapping) }
      case 2: changeCase(letters[0], to: \.lowercaseMapping)
      default:
        // Readers of print err where the two cases have one shape.
        let alike = letters.filter { "cCoOsSuUvVwWxXzZpPkK".unicodeScalars.contains(text[$0]) }
        let place = random.pick(alike.isEmpty ? letters : alike)
        changeCase(place, to: text[place].properties.isLowercase ? \.uppercaseMapping : \.lowercaseMapping)
      }
    }
  }

  private mutating func changeCase(_ place: Int, to mapping: KeyPath<Unicode.Scalar.Properties, String>) {
    let changed = Array(text[place].properties[keyPath: mapping].unicodeScalars)
    if changed.count == 1, changed[0] != text[place] { replace(place..<place + 1, changed) }
  }

  // MARK: Confusions

  private static let lookalikes: [(String, String)] = [
    ("0", "O"), ("O", "0"), ("1", "l"), ("l", "1"), ("1", "I"), ("I", "l"), ("I", "1"), ("l", "I"), ("5", "S"),
    ("S", "5"),
    ("8", "B"), ("B", "8"), ("6", "G"), ("2", "Z"), ("rn", "m"), ("m", "rn"), ("cl", "d"), ("d", "cl"), ("vv", "w"),
    ("w", "vv"), ("ii", "u"), ("li", "h"), ("h", "b"), ("e", "c"), ("c", "e"), ("a", "o"), ("nn", "m"), ("f", "t"),
    ("t", "f"), ("g", "q"), (",", "."), (".", ","), ("i", "í"), ("fi", "h"), ("ti", "b"),
  ]

  private mutating func addConfusions(_ rate: Double, _ random: inout DataRandom) {
    for word in chosenWords(rate, &random) {
      let possible = word.flatMap { place in
        Self.lookalikes.compactMap { from, to -> (Range<Int>, String)? in
          let range = place..<place + from.unicodeScalars.count
          guard range.upperBound <= word.upperBound, text[range].elementsEqual(from.unicodeScalars) else { return nil }
          return (range, to)
        }
      }
      if possible.isEmpty { continue }
      let (range, replacement) = random.pick(possible)
      replace(range, replacement.unicodeScalars)
    }
  }

  // MARK: Unicode

  private mutating func addUnicode(_ rate: Double, _ random: inout DataRandom) {
    let ligatures: [(String, String)] = [
      ("ffi", "\u{FB03}"), ("ffl", "\u{FB04}"), ("ff", "\u{FB00}"), ("fi", "\u{FB01}"), ("fl", "\u{FB02}"),
    ]
    // A typesetting system makes its ligatures, quotes and dashes everywhere, or loses them everywhere.
    let hasLigatures = random.chance(0.3)
    let losesLigatures = !hasLigatures && random.chance(0.1)
    let typographic = random.chance(0.5)
    let accents = random.below(4)
    for index in text.indices {
      let scalar = text[index]
      switch scalar {
      case "f" where hasLigatures || losesLigatures:
        guard
          let (letters, ligature) = ligatures.first(where: { letters, _ in
            let end = index + letters.utf8.count
            return end <= text.count && text[index..<end].elementsEqual(letters.unicodeScalars)
          })
        else { continue }
        if losesLigatures && !random.chance(0.7) { continue }
        replace(index..<index + letters.utf8.count, (hasLigatures ? ligature : random.pick(["", " "])).unicodeScalars)
      case "'" where typographic: replace(index..<index + 1, ["\u{2019}"])
      case "\"" where typographic: replace(index..<index + 1, [random.chance(0.5) ? "\u{201C}" : "\u{201D}"])
      case "\u{2019}" where !typographic: replace(index..<index + 1, [random.pick(["'", "\u{B4}", "`"])])
      case "-" where random.chance(rate * 4):
        replace(index..<index + 1, [random.pick(["\u{2010}", "\u{2011}", "\u{2013}", "\u{2212}"])])
      case "\u{2013}" where random.chance(rate * 8): replace(index..<index + 1, "--".unicodeScalars)
      case " " where random.chance(rate):
        replace(index..<index + 1, [random.pick(["\u{A0}", "\u{2009}", "\u{202F}", "\u{A0}"])])
      case _ where scalar.value >= 0xC0 && scalar.value < 0x250: damageAccent(index, accents, &random)
      default: break
      }
    }
  }

  /// A letter with an accent: apart from it, after it, as bytes read in the wrong encoding, or lost.
  private mutating func damageAccent(_ index: Int, _ manner: Int, _ random: inout DataRandom) {
    guard random.chance(0.7) else { return }
    let scalar = text[index]
    let parts = Array(String(scalar).decomposedScalars)
    switch manner {
    case 0 where parts.count == 2: replace(index..<index + 1, parts)
    case 1 where parts.count == 2:
      // As TeX's fonts give accents: a spacing one before the letter.
      guard
        let spacing = ["\u{300}": "`", "\u{301}": "\u{B4}", "\u{302}": "^", "\u{303}": "~", "\u{308}": "\u{A8}"][
          String(parts[1])]
      else { return }
      replace(index..<index + 1, spacing.unicodeScalars + [parts[0]])
    case 2:
      // UTF-8 taken for Latin-1.
      replace(index..<index + 1, String(scalar).utf8.map { Unicode.Scalar($0) })
    default:
      replace(index..<index + 1, parts.count == 2 && random.chance(0.7) ? [parts[0]] : ["\u{FFFD}"])
    }
  }

  // MARK: Zero width

  private mutating func addZeroWidth(_ rate: Double, _ random: inout DataRandom) {
    // The pipeline takes U+200B, U+2060 and U+FEFF away before a model reads the text; the others stay.
    let mark: Unicode.Scalar = random.pick([
      "\u{AD}", "\u{AD}", "\u{AD}", "\u{200B}", "\u{200B}", "\u{2060}", "\u{FEFF}", "\u{200E}", "\u{200F}", "\u{202C}",
    ])
    for word in chosenWords(rate, &random) {
      let place = word.lowerBound + random.below(word.count + 1)
      replace(place..<place, [mark])
    }
  }

  // MARK: Markup

  private mutating func addMarkup(_ rate: Double, _ random: inout DataRandom) {
    let isLaTeX = random.chance(0.35)
    let wraps =
      isLaTeX
      ? [
        ("\\textit{", "}"), ("\\textbf{", "}"), ("{\\em ", "}"), ("\\emph{", "}"), ("\\mbox{", "}"), ("$", "$"),
        ("\\underline{", "}"), ("{\\sc ", "}"),
      ]
      : [
        ("<i>", "</i>"), ("<b>", "</b>"), ("<italic>", "</italic>"), ("<bold>", "</bold>"), ("<sup>", "</sup>"),
        ("<span class=\"text\">", "</span>"),
        ("<xref ref-type=\"bibr\" rid=\"B\(random.number(in: 1...80))\">", "</xref>"),
        ("<jats:p>", "</jats:p>"), ("<a href=\"#fn\(random.number(in: 1...9))\">", "</a>"), ("<em>", "</em>"),
        ("<sc>", "</sc>"), ("<named-content>", "</named-content>"),
      ]
    let strays =
      isLaTeX
      ? [
        "~\\cite{ref\(random.number(in: 1...60))}", "$^{\(random.number(in: 1...20))}$", "\\\\", "\\ ", "\\,", "{}",
        "\\footnote{}",
      ]
      : [
        "<br/>", "<br>", "&nbsp;", "<sup>\(random.number(in: 1...40))</sup>", "<p>", "</p>", "<!-- -->", "&#160;",
        "<lb/>",
        "<hr/>", "</sec>",
      ]
    let escapes: [Unicode.Scalar: String] =
      isLaTeX
      ? ["&": "\\&", "%": "\\%", "_": "\\_", "#": "\\#", "\u{2013}": "--", "\u{A0}": "~"]
      : ["&": "&amp;", "\u{2013}": "&#x2013;", "\u{2019}": "&#8217;", "\u{A0}": "&#xa0;", "<": "&lt;"]
    for (index, scalar) in text.enumerated() {
      if let escape = escapes[scalar], random.chance(0.8) { replace(index..<index + 1, escape.unicodeScalars) }
    }
    for word in chosenWords(rate, &random) {
      if random.chance(0.6) {
        let (open, close) = random.pick(wraps)
        replace(word, open.unicodeScalars + text[word] + close.unicodeScalars)
      } else {
        replace(word.upperBound..<word.upperBound, random.pick(strays).unicodeScalars)
      }
    }
  }

  // MARK: Hyphenation

  /// Words that the ends of printed lines broke, and whose hyphens stayed when the lines were joined: `infor- mation`.
  private mutating func addHyphenation(_ rate: Double, _ random: inout DataRandom) {
    // Twice the rate: only longer words are broken.
    for word in chosenWords(min(2 * rate, 0.5), &random) where word.count >= 5 {
      let near = word.lowerBound + random.number(in: 2...word.count - 2)
      if let place = text.breakablePlace(in: word, near: near) { replace(place..<place, ["-", " "]) }
    }
  }
}

extension String {
  /// The scalars of the canonical decomposition.
  fileprivate var decomposedScalars: [Unicode.Scalar] { Array(decomposedStringWithCanonicalMapping.unicodeScalars) }
}
