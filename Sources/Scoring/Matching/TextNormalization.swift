import Text
import TextRepair

/// What the reference does to names and titles before it compares them.
public enum TextNormalization {
  /// The reference's `normalize_text`: ftfy's repairs, then quotation marks made plain, asterisks and bullets removed,
  /// whitespace collapsed, and the backslash removed before an ASCII lower-case letter.
  ///
  ///     TextNormalization.normalize("  *Wellcome \u{2019}s\tTrust")  // "Wellcome 's Trust"
  public static func normalize(_ text: String) -> String {
    String(scalars: normalize(text.scalarValues))
  }

  static func normalize(_ text: Scalars) -> Scalars {
    if isNormal(text) { return text }
    let repaired = TextRepair.fix(text)
    var plain = Scalars()
    plain.reserveCapacity(repaired.count)
    // Curly quotes are plain by now. Two grave accents or two apostrophes are a quotation mark; the pairs are found
    // from left to right.
    var index = 0
    while index < repaired.count {
      let value = repaired[index]
      switch value {
      case 0x60 where index + 1 < repaired.count && repaired[index + 1] == 0x60,
        0x27 where index + 1 < repaired.count && repaired[index + 1] == 0x27:
        plain.append(0x22)
        index += 1
      case 0x2A, 0x2022, 0x22C6: break
      default: plain.append(value)
      }
      index += 1
    }
    return withoutEscapes(collapsed(plain))
  }

  /// ASCII letters, digits and harmless signs with single spaces inside: most names.
  private static func isNormal(_ text: Scalars) -> Bool {
    text.withUnsafeBufferPointer { text in
      var previous: UInt32 = 0x20
      for value in text {
        switch value {
        case 0x20 where previous != 0x20, 0x21, 0x23...0x25, 0x28, 0x29, 0x2B...0x5B, 0x5D...0x5F, 0x61...0x7A: break
        default: return false
        }
        previous = value
      }
      return previous != 0x20 || text.isEmpty
    }
  }

  private static func collapsed(_ text: Scalars) -> Scalars {
    var result = Scalars()
    result.reserveCapacity(text.count)
    var pendingSpace = false
    for value in text {
      if PythonText.isWhitespace(value) {
        pendingSpace = !result.isEmpty
      } else {
        if pendingSpace { result.append(0x20) }
        pendingSpace = false
        result.append(value)
      }
    }
    return result
  }

  private static func withoutEscapes(_ text: Scalars) -> Scalars {
    guard text.contains(0x5C) else { return text }
    var result = Scalars()
    result.reserveCapacity(text.count)
    for index in text.indices {
      if text[index] == 0x5C, index + 1 < text.count, text[index + 1] >= 0x61, text[index + 1] <= 0x7A { continue }
      result.append(text[index])
    }
    return result
  }
}
