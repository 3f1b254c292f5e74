import Foundation
import Text

/// Repairs text that was damaged on its way: the default settings of ftfy 6.3.1's `fix_text`
/// (https://github.com/rspeer/python-ftfy, Robyn Speer, Apache-2.0), reimplemented from a description of its steps and
/// tables.
///
/// UTF-8 that was read as Latin-1, Windows-125x, MacRoman and the like is decoded again; HTML character references,
/// ligatures, full- and half-width forms, curly quotes, line breaks, terminal escapes and control characters become
/// plain text; the result is in NFC.
public enum TextRepair {
  /// The repaired text.
  ///
  ///     TextRepair.fix("FundaÃ§Ã£o para a CiÃªncia &amp; Tecnologia")  // "Fundação para a Ciência & Tecnologia"
  ///
  /// - Complexity: O(n) for ordinary text. Each nested layer of damage costs one more round; a text of n scalars gets
  ///   at most max(64, 20,000,000/n) rounds, so that nesting (`&amp;amp;amp;…`) cannot make the time quadratic.
  public static func fix(_ text: String) -> String {
    String(scalars: fix(text.scalarValues))
  }

  /// As in ftfy: a segment is a line, or this many scalars of it.
  private static let maximumSegmentLength = 1_000_000

  package static func fix(_ text: Scalars) -> Scalars {
    if isPlain(text) { return text }
    var result = Scalars()
    result.reserveCapacity(text.count)
    var decodesReferences = true
    var start = 0
    while start < text.count {
      let limit = min(text.count, start + maximumSegmentLength)
      let end = text[start..<limit].firstIndex(of: 0x0A).map { $0 + 1 } ?? limit
      let segment = Scalars(text[start..<end])
      // Text with a less-than sign may be HTML, whose references have to stay; so may all that follows.
      if segment.contains(0x3C) { decodesReferences = false }
      result += fixSegment(segment, decodesReferences: decodesReferences)
      start = end
    }
    return result
  }

  /// ASCII without references, escapes and control characters: nothing to repair.
  static func isPlain(_ text: Scalars) -> Bool {
    text.withUnsafeBufferPointer { text in
      for value in text where value < 0x20 && value != 0x09 && value != 0x0A || value >= 0x7F || value == 0x26 {
        return false
      }
      return true
    }
  }

  private static func fixSegment(_ segment: Scalars, decodesReferences: Bool) -> Scalars {
    var text = segment
    var rounds = max(64, 20_000_000 / max(1, segment.count))
    while rounds > 0 {
      let before = text
      if decodesReferences && !text.contains(0x3C) { text = HTMLEntities.unescape(text) }
      text = EncodingRepair.fix(text)
      text = EncodingRepair.fixC1Controls(text)
      text = CharacterRepair.fix(text)
      text = CharacterRepair.removeTerminalEscapes(text)
      text.removeAll(where: CharacterRepair.isUnwantedControl)
      text = CharacterRepair.composed(text)
      if text == before { break }
      rounds -= 1
    }
    return text
  }
}

/// Decodes again what was decoded in the wrong encoding.
enum EncodingRepair {
  static func fix(_ text: Scalars) -> Scalars {
    var text = text
    while let better = step(text), better != text { text = better }
    return text
  }

  /// One layer of misreading undone, or nil where there is nothing to do.
  private static func step(_ text: Scalars) -> Scalars? {
    guard text.contains(where: { $0 >= 0x80 }), MojibakeDetection.isBad(text[...]) else { return nil }

    // The whole text may be UTF-8 read in one encoding.
    var isLatin1 = false
    var isWindows1252 = false
    for (index, encoding) in SingleByteEncoding.all.enumerated() {
      guard var bytes = encoding.encode(text) else { continue }
      if index == 0 { isLatin1 = true }
      if index == 1 { isWindows1252 = true }
      // In MacRoman the byte A0 is a letter with a sign, so a space there is a space.
      if !encoding.isMacRoman { bytes = DamagedUTF8.restoringNoBreakSpaces(bytes) }
      if encoding.isLenientWindows { bytes = DamagedUTF8.replacingLossySequences(bytes) }
      let hasVariants = bytes.contains(0xED) || bytes.contains(0xC0)
      if let decoded = LenientUTF8.decode(bytes, acceptsVariants: hasVariants) { return decoded }
    }

    // Or parts of it.
    let repaired = fixingParts(of: text)
    if repaired != text { return repaired }

    if isLatin1 {
      // Text that both encodings have is probably as it should be; C1 controls were meant as Windows-1252.
      if isWindows1252 { return text }
      if !text.contains(where: { [0x81, 0x8D, 0x8F, 0x90, 0x9D].contains($0) }) {
        return text.map { SingleByteEncoding.windows1252.decode(UInt8(truncatingIfNeeded: $0)) }
      }
    }
    return fixC1Controls(text)
  }

  private static func fixingParts(of text: Scalars) -> Scalars {
    var result = Scalars()
    var position = 0
    for range in MojibakeDetection.utf8LookingRanges(text) {
      result += text[position..<range.lowerBound]
      let part = text[range]
      if part.count < text.count && MojibakeDetection.isBad(part) {
        result += fix(Scalars(part))
      } else {
        result += part
      }
      position = range.upperBound
    }
    return position == 0 ? text : result + text[position...]
  }

  /// C1 control characters become what Windows-1252 has in their place.
  static func fixC1Controls(_ text: Scalars) -> Scalars {
    guard text.contains(where: { $0 >= 0x80 && $0 <= 0x9F }) else { return text }
    return text.map { value in
      value >= 0x80 && value <= 0x9F ? SingleByteEncoding.windows1252.decode(UInt8(value)) : value
    }
  }
}

/// Repairs to single characters.
enum CharacterRepair {
  /// Ligatures, full- and half-width forms, curly quotes and line breaks, in this order.
  static func fix(_ text: Scalars) -> Scalars {
    guard text.contains(where: { $0 >= 0x80 || $0 == 0x0D }) else { return text }
    var wide = Scalars()
    wide.reserveCapacity(text.count)
    for value in text {
      switch value {
      case ..<0x80: wide.append(value)
      case 0x132...0x1F3, 0xFB00...0xFB06: wide += ligatures[value] ?? [value]
      case 0x3000: wide.append(0x20)
      case 0xFF01...0xFFEE: wide += widthForms[Int(value - 0xFF01)]
      default: wide.append(value)
      }
    }
    var result = Scalars()
    result.reserveCapacity(wide.count)
    for index in wide.indices {
      switch wide[index] {
      case 0x02BC, 0x2018...0x201B: result.append(0x27)
      case 0x201C...0x201F: result.append(0x22)
      case 0x0A where index > 0 && wide[index - 1] == 0x0D: break
      case 0x0D, 0x2028, 0x2029, 0x85: result.append(0x0A)
      case let value: result.append(value)
      }
    }
    return result
  }

  /// Letters drawn as one for looks or for an old code page. Those that are letters of a language (æ, œ, ß) stay.
  private static let ligatures: [UInt32: Scalars] = {
    let table = [
      0x132: "IJ", 0x133: "ij", 0x149: "\u{2BC}n", 0x1C4: "DŽ", 0x1C5: "Dž", 0x1C6: "dž", 0x1C7: "LJ", 0x1C8: "Lj",
      0x1C9: "lj", 0x1CA: "NJ", 0x1CB: "Nj", 0x1CC: "nj", 0x1F1: "DZ", 0x1F2: "Dz", 0x1F3: "dz", 0xFB00: "ff",
      0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "ſt", 0xFB06: "st",
    ]
    return Dictionary(uniqueKeysWithValues: table.map { (UInt32($0.key), $0.value.scalarValues) })
  }()

  /// U+FF01 to U+FFEE: their compatibility forms (NFKC).
  private static let widthForms: [Scalars] = (UInt32(0xFF01)...0xFFEE).map { value in
    String(scalars: [value]).precomposedStringWithCompatibilityMapping.scalarValues
  }

  /// Removes escape sequences that colour a terminal: ESC `[`, digits and semicolons, a letter.
  static func removeTerminalEscapes(_ text: Scalars) -> Scalars {
    guard text.contains(0x1B) else { return text }
    var result = Scalars()
    var index = 0
    while index < text.count {
      if text[index] == 0x1B, let end = escapeEnd(text, from: index) {
        index = end
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }

  private static func escapeEnd(_ text: Scalars, from start: Int) -> Int? {
    var index = start + 1
    guard index < text.count, text[index] == 0x5B else { return nil }
    index += 1
    while index < text.count, text[index] == 0x3B || isDecimalDigit(text[index]) { index += 1 }
    guard index < text.count, text[index] < 0x80 else { return nil }
    let letter = text[index] | 0x20
    return letter >= 0x61 && letter <= 0x7A ? index + 1 : nil
  }

  private static func isDecimalDigit(_ value: UInt32) -> Bool {
    Unicode.Scalar(value)?.properties.generalCategory == .decimalNumber
  }

  /// Control characters without an effect on text, bidirectional overrides of old, byte-order marks.
  static func isUnwantedControl(_ value: UInt32) -> Bool {
    switch value {
    case 0x00...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
    default: false
    }
  }

  /// Normalization Form C. Scalars below U+0300 never change in it.
  static func composed(_ text: Scalars) -> Scalars {
    guard text.contains(where: { $0 >= 0x300 }) else { return text }
    return String(scalars: orderingLongRuns(text)).precomposedStringWithCanonicalMapping.scalarValues
  }

  /// Puts long runs of combining marks in canonical order, which the library does in quadratic time.
  private static func orderingLongRuns(_ text: Scalars) -> Scalars {
    let longRun = 64
    if text.count <= longRun { return text }
    func combiningClass(_ value: UInt32) -> UInt8 {
      value < 0x300 ? 0 : Unicode.Scalar(value)?.properties.canonicalCombiningClass.rawValue ?? 0
    }
    var text = text
    var start = 0
    for index in 0...text.count where index == text.count || combiningClass(text[index]) == 0 {
      if index - start > longRun {
        // Stable: marks of one class keep their order.
        let run = text[start..<index].map { (mark: $0, order: combiningClass($0)) }
        let ordered = run.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
        text.replaceSubrange(start..<index, with: ordered.map(\.element.mark))
      }
      start = index + 1
    }
    return text
  }
}
