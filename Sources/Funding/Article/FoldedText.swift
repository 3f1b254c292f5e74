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
struct FoldedText: FoldingOutput {
  /// The folded UTF-8.
  private(set) var bytes: [UInt8] = []
  /// For each folded byte where the scalar that it stands for begins and ends in the source.
  private var starts: [Int] = []
  private var ends: [Int] = []

  init(_ source: [UInt8]) {
    bytes.reserveCapacity(source.count)
    starts.reserveCapacity(source.count)
    ends.reserveCapacity(source.count)
    TextFolding.fold(source, into: &self)
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

  mutating func append(_ folded: UInt8, for range: Range<Int>) {
    bytes.append(folded)
    starts.append(range.lowerBound)
    ends.append(range.upperBound)
  }

  mutating func append(_ source: [UInt8], asciiIn range: Range<Int>) {
    bytes += source[range]
    starts += range
    ends += range.lowerBound + 1...range.upperBound
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
