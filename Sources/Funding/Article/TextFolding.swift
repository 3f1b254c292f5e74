import Text

/// Takes what a text becomes when it is folded.
protocol FoldingOutput {
  /// A folded byte, and where in the source the scalar stands that it is made of.
  mutating func append(_ folded: UInt8, for range: Range<Int>)
  /// Bytes of the source that stay, each a scalar of its own.
  mutating func append(_ source: [UInt8], asciiIn range: Range<Int>)
}

/// The rules of ``FoldedText``.
enum TextFolding {
  private enum Kind { case whitespace, hyphen, dropped, softHyphen, text }

  static func fold(_ source: [UInt8], into output: inout some FoldingOutput) {
    var space: Range<Int>?  // a run of whitespace not yet written
    var hyphen: (range: Range<Int>, followsLetter: Bool)?  // a hyphen not yet written
    var previous: Unicode.Scalar?  // the last scalar that was text
    /// Writes what stands before the next text.
    func writePending(before scalar: Unicode.Scalar) {
      if let hyphen, !(hyphen.followsLetter && isLetter(scalar)) {
        output.append(UInt8(ascii: "-"), for: hyphen.range)
      }
      if let space { output.append(UInt8(ascii: " "), for: space) }
      (hyphen, space) = (nil, nil)
    }
    var index = 0
    while index < source.count {
      // Most of a text is this: a run of ASCII that stays as it is.
      var end = index
      while end < source.count, isPlain(source[end]) { end += 1 }
      if end > index {
        if hyphen != nil || space != nil { writePending(before: Unicode.Scalar(source[index])) }
        output.append(source, asciiIn: index..<end)
        (previous, index) = (Unicode.Scalar(source[end - 1]), end)
        continue
      }
      let (scalar, length) = UTF8Scalar.decode(source, at: index)
      let range = index..<index + length
      index += length
      switch kind(scalar) {
      case .dropped: continue
      case .softHyphen: index = endOfBrokenLine(source, from: index)
      case .whitespace:
        if hyphen == nil, previous != nil { space = (space?.lowerBound ?? range.lowerBound)..<range.upperBound }
      case .hyphen where hyphen == nil && space == nil && previous != nil:
        hyphen = (range, previous.map(isLetter) ?? false)
      default:
        writePending(before: scalar)
        if let folded = folded(scalar) {
          for index in 0..<folded.utf8CodeUnitCount { output.append(folded.utf8Start[index], for: range) }
        } else {
          for offset in range { output.append(source[offset], for: range) }
        }
        previous = scalar
      }
    }
    if let hyphen { output.append(UInt8(ascii: "-"), for: hyphen.range) }
  }

  /// ASCII that folding neither changes nor drops, and that no rule but the hyphen's looks at.
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "-") && byte != UInt8(ascii: "`")
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
