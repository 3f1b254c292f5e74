/// A letter or a digit of a script that puts spaces between words.
///
/// Words and numbers are cut between two of them, and nowhere else. Scripts that put no spaces between words (Chinese,
/// Japanese, Thai, Lao, Tibetan, Burmese, Khmer and others) have only digits here, so that their texts can be cut
/// between any two letters. So can Korean, which has spaces but attaches its particles to words.
package enum WordCharacter {
  case upper
  case lower
  /// Of a script without capitals, such as Arabic, Hebrew or Devanagari.
  case caseless
  case digit
  /// Belongs to the character before it.
  case mark

  /// Nil for everything else.
  package init?(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x30...0x39: self = .digit
    case 0x41...0x5A: self = .upper
    case 0x61...0x7A: self = .lower
    case 0..<0x80: return nil
    default:
      let properties = scalar.properties
      if Self.hasNoSpaces(scalar) {
        guard properties.numericType == .decimal else { return nil }
        self = .digit
      } else if Self.isMark(scalar) {
        self = .mark
      } else if properties.numericType != nil {
        self = .digit
      } else if properties.isUppercase || properties.generalCategory == .titlecaseLetter {
        self = .upper
      } else if properties.isLowercase {
        self = .lower
      } else if properties.isAlphabetic {
        self = .caseless
      } else {
        return nil
      }
    }
  }

  package var isLetter: Bool { self == .upper || self == .lower || self == .caseless }

  /// Whether a word, a number, or a letter with its marks is cut between the two.
  package static func areJoined(_ left: Unicode.Scalar, _ right: Unicode.Scalar) -> Bool {
    isMark(right) || WordCharacter(left) != nil && WordCharacter(right) != nil
  }

  /// A character that belongs to the one before it, in any script. Vowels and finals of a Korean syllable that is
  /// written letter by letter are such, too.
  package static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value >= 0x300 else { return false }
    if (0x1160...0x11FF).contains(scalar.value) { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return true
    default: return false
    }
  }

  /// Whether a character is of a script in which words stand side by side, by the blocks of Unicode.
  private static func hasNoSpaces(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0E00...0x109F,  // Thai, Lao, Tibetan, Burmese
      0x1100...0x11FF,  // Korean, letter by letter
      0x1780...0x17FF,  // Khmer
      0x1950...0x19FF,  // Tai Le, New Tai Lue
      0x1A20...0x1AAF, 0x1B00...0x1B7F,  // Tai Tham, Balinese
      0x2E80...0xA4CF,  // Chinese, Japanese, Yi
      0xA960...0xA9FF, 0xAA60...0xAADF,  // Javanese, more Burmese, Tai Viet
      0xAC00...0xD7FF,  // Korean
      0xF900...0xFAFF, 0xFF65...0xFFDC,  // compatibility, half-width kana
      0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x20000...0x3FFFF:  // rarer ones
      true
    default: false
    }
  }
}
