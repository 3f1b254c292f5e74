/// A part of a regular expression, as ``PatternParser`` reads it.
indirect enum PatternNode: Sendable {
  /// One character of the set.
  case character(ASCIISet)
  case sequence([PatternNode])
  /// The first of the alternatives that lets the rest match.
  case choice([PatternNode])
  /// - maximum: nil: without end.
  case repetition(PatternNode, minimum: Int, maximum: Int?, isLazy: Bool)
  /// A group whose place in the name is asked for.
  case captured(PatternNode)
  case place(PatternPlace)
  /// Look-ahead, or look-behind of `behind` characters.
  case look(PatternNode, behind: Int?, isNegated: Bool)
  /// What matched stays as it is: an atomic group, or what a possessive quantifier repeats.
  case atomic(PatternNode)

  /// Least and most characters that it matches; nil: without end.
  var width: (least: Int, most: Int?) {
    switch self {
    case .character: return (1, 1)
    case .sequence(let parts):
      return parts.map(\.width).reduce((0, 0)) { sum, part in
        (Self.bounded(sum.0, +, part.least), sum.1.flatMap { most in part.most.map { Self.bounded(most, +, $0) } })
      }
    case .choice(let parts):
      let widths = parts.map(\.width)
      let isEndless = widths.contains { $0.most == nil }
      return (widths.map(\.least).min() ?? 0, isEndless ? nil : widths.compactMap(\.most).max() ?? 0)
    case .repetition(let part, let minimum, let maximum, _):
      let width = part.width
      let least = Self.bounded(width.least, *, minimum)
      if width.most == 0 { return (least, 0) }
      guard let maximum, let most = width.most else { return (least, nil) }
      return (least, Self.bounded(most, *, maximum))
    case .captured(let part), .atomic(let part): return part.width
    case .place, .look: return (0, 0)
    }
  }

  /// Whether a part that may match nothing is repeated in it. Where Python then stops depends on more than the place in
  /// the name.
  var repeatsNothing: Bool {
    switch self {
    case .character, .place: false
    case .sequence(let parts), .choice(let parts): parts.contains(where: \.repeatsNothing)
    case .repetition(let part, _, let maximum, _):
      part.repeatsNothing || (maximum ?? .max) > 1 && part.width.least == 0
    case .captured(let part), .atomic(let part), .look(let part, _, _): part.repeatsNothing
    }
  }

  /// Names are far shorter than a million characters.
  private static func bounded(_ left: Int, _ operation: (Int, Int) -> Int, _ right: Int) -> Int {
    min(operation(min(left, 1_000_000), min(right, 1_000_000)), 1_000_000)
  }
}

/// Places between characters.
enum PatternPlace: Sendable {
  /// `^` and `\A`, `$` and `\Z`: a name has one line.
  case start, end
  case wordBoundary, noWordBoundary
}

/// Why an expression is not used.
struct PatternProblem: Error {
  /// What was found in it.
  let found: String
  /// What to do.
  let advice: String
  /// Whether Python refuses it, too.
  let isPythons: Bool

  static func python(
    _ found: String, _ advice: String = "Python's re refuses it, too; correct the expression"
  ) -> PatternProblem {
    PatternProblem(found: found, advice: advice, isPythons: true)
  }

  static func unsupported(_ found: String, _ advice: String = "write the expression without it") -> PatternProblem {
    PatternProblem(found: found, advice: advice, isPythons: false)
  }
}
