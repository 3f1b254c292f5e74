import Text

/// A text in which differences of typesetting are folded away, and the way back.
///
/// - A run of whitespace becomes one space; none at the ends.
/// - Typographic quotes and dashes become `'`, `"` and `-`; ligatures are spelled out; `…` becomes `...`.
/// - Whitespace after a hyphen is dropped, and so is a hyphen between letters: `inter-\nnational`, `inter-national` and
///   `international` fold alike, `12-\n34` and `12-34` too, but not `1234`.
/// - Soft hyphens (with a line break after them), zero-width characters and control characters are dropped.
///
/// Letter case, digits and everything else stay: `5%` never folds like `6%`.
struct FoldedText {
  /// The folded UTF-8.
  private(set) var bytes: [UInt8] = []
  /// For each folded byte where the scalar that it stands for begins and ends in the source.
  private var starts: [Int] = []
  private var ends: [Int] = []

  init(_ source: [UInt8]) {
    bytes.reserveCapacity(source.count)
    starts.reserveCapacity(source.count)
    ends.reserveCapacity(source.count)
    fold(source)
  }

  init(_ text: String) { self.init(Array(text.utf8)) }

  /// The source range of a non-empty folded range.
  func sourceRange(_ range: Range<Int>) -> Range<Int> { starts[range.lowerBound]..<ends[range.upperBound - 1] }

  /// Whether a folded range stands for whole scalars of the source: a full stop is no part of an ellipsis.
  func isWhole(_ range: Range<Int>) -> Bool {
    (range.lowerBound == 0 || starts[range.lowerBound - 1] != starts[range.lowerBound])
      && (range.upperBound == bytes.count || starts[range.upperBound] != starts[range.upperBound - 1])
  }

  /// The folded bytes that stand for source bytes within the range.
  func foldedRange(_ source: Range<Int>) -> Range<Int> {
    let lower = starts.partitioningIndex { $0 >= source.lowerBound }
    let upper = ends.partitioningIndex { $0 > source.upperBound }
    return lower..<max(lower, upper)
  }

  // MARK: Folding

  private enum Kind { case whitespace, hyphen, dropped, softHyphen, text }

  private mutating func fold(_ source: [UInt8]) {
    var space: Range<Int>?  // a run of whitespace not yet written
    var hyphen: (range: Range<Int>, followsLetter: Bool)?  // a hyphen not yet written
    var previous: Unicode.Scalar?  // the last scalar that was text
    var index = 0
    while index < source.count {
      let (scalar, length) = UTF8Scalar.decode(source, at: index)
      let range = index..<index + length
      index += length
      switch Self.kind(scalar) {
      case .dropped: continue
      case .softHyphen:
        index = Self.endOfBrokenLine(source, from: index)
      case .whitespace:
        if hyphen == nil, previous != nil { space = (space?.lowerBound ?? range.lowerBound)..<range.upperBound }
      case .hyphen where hyphen == nil && space == nil && previous != nil:
        hyphen = (range, previous.map(Self.isLetter) ?? false)
      default:
        if let pending = hyphen, !(pending.followsLetter && Self.isLetter(scalar)) { append("-", pending.range) }
        if let space { append(" ", space) }
        append(Self.folded(scalar), range, source)
        (hyphen, space, previous) = (nil, nil, scalar)
      }
    }
    if let hyphen { append("-", hyphen.range) }
  }

  private mutating func append(_ text: StaticString, _ range: Range<Int>) {
    for index in 0..<text.utf8CodeUnitCount {
      bytes.append(text.utf8Start[index])
      starts.append(range.lowerBound)
      ends.append(range.upperBound)
    }
  }

  private mutating func append(_ folded: StaticString?, _ range: Range<Int>, _ source: [UInt8]) {
    if let folded { return append(folded, range) }
    for offset in range {
      bytes.append(source[offset])
      starts.append(range.lowerBound)
      ends.append(range.upperBound)
    }
  }

  /// The end of whitespace that begins at `index`, if it holds a line break; else `index`.
  private static func endOfBrokenLine(_ source: [UInt8], from index: Int) -> Int {
    var end = index
    while end < source.count, source[end] == 0x20 || (0x09...0x0D).contains(source[end]) { end += 1 }
    return source[index..<end].contains { $0 == 0x0A || $0 == 0x0D } ? end : index
  }

  private static func kind(_ scalar: Unicode.Scalar) -> Kind {
    switch scalar.value {
    case 0x2D, 0x2010...0x2015, 0x2212: .hyphen
    case 0x21...0x7E: .text
    case 0xAD: .softHyphen
    case 0x09...0x0D, 0x85: .whitespace
    case 0x200B...0x200D, 0x2060, 0xFEFF, 0..<0x20, 0x7F...0x9F: .dropped
    default: PythonText.isWhitespace(scalar) ? .whitespace : .text
    }
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII
      ? ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) : scalar.properties.isAlphabetic
  }

  /// What a scalar becomes; nil if it stays.
  private static func folded(_ scalar: Unicode.Scalar) -> StaticString? {
    switch scalar.value {
    case 0..<0x80: scalar == "`" ? "'" : nil
    case 0x2010...0x2015, 0x2212: "-"
    case 0x2018...0x201B, 0x2032, 0xB4: "'"
    case 0x201C...0x201F, 0x2033, 0xAB, 0xBB: "\""
    case 0x2026: "..."
    case 0xFB00...0xFB06: StatementCleanup.ligature(scalar)
    default: nil
    }
  }
}

/// Scalars in bytes that are known to be UTF-8.
enum UTF8Scalar {
  /// The scalar that begins at `index` and its length; U+FFFD and 1 where none begins.
  static func decode(_ bytes: [UInt8], at index: Int) -> (Unicode.Scalar, Int) {
    let first = UInt32(bytes[index])
    if first < 0x80 { return (Unicode.Scalar(UInt8(first)), 1) }
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard first >= 0xC0, index + length <= bytes.count else { return ("\u{FFFD}", 1) }
    var value = first & (0xFF >> UInt32(length + 1))
    for offset in 1..<length { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
    return Unicode.Scalar(value).map { ($0, length) } ?? ("\u{FFFD}", 1)
  }

  /// The scalar that ends before `index`; nil at the start.
  static func before(_ bytes: [UInt8], _ index: Int) -> Unicode.Scalar? {
    guard index > 0 else { return nil }
    var start = index - 1
    while start > 0, bytes[start] & 0xC0 == 0x80, index - start < 4 { start -= 1 }
    return decode(bytes, at: start).0
  }
}
