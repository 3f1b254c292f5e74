import Foundation
import Synchronization

/// Makes letters plain: lower case, without accents and other marks, each in its simplest form.
struct PlainLetters {
  private struct Letter {
    /// Its plain UTF-8 in `plain`.
    let range: Range<Int>
    let isLetter: Bool
  }

  /// The letters beyond ASCII that were asked for, which are few: Unicode's tables are slow.
  private var letters: [Unicode.Scalar: Letter] = [:]
  private var plain: [UInt8] = []

  private static let known = Mutex(PlainLetters())

  /// The plain UTF-8 of a text, without the space behind a letter that stands alone, where another such letter follows,
  /// or more capitals after a capital: a PDF gives spaced letters and small capitals so.
  static func bytes(of text: [UInt8]) -> [UInt8] { known.withLock { $0.bytes(of: text) } }

  private mutating func bytes(of text: [UInt8]) -> [UInt8] {
    // No text needs so many; hostile ones do not fill the memory.
    if letters.count > 10_000 { self = PlainLetters() }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var lettersBefore = 0  // without a break; 2 stands for more, too
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte < 0x80 {
        let lowercase = byte | 0x20
        let isLetter = lowercase >= UInt8(ascii: "a") && lowercase <= UInt8(ascii: "z")
        if byte != 0x20 || lettersBefore != 1 || !Self.isInsideSpacedWord(index, text) {
          bytes.append(isLetter ? lowercase : byte)
        }
        lettersBefore = isLetter ? min(lettersBefore + 1, 2) : 0
        index += 1
      } else {
        let (scalar, length) = UTF8Scalar.decode(text, at: index)
        let letter = letter(scalar)
        bytes += plain[letter.range]
        lettersBefore = letter.isLetter ? min(lettersBefore + 1, 2) : 0
        index += length
      }
    }
    return bytes
  }

  private mutating func letter(_ scalar: Unicode.Scalar) -> Letter {
    if let letter = letters[scalar] { return letter }
    let simple = String(Character(scalar)).decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars
    let start = plain.count
    for scalar in simple where scalar.properties.generalCategory != .nonspacingMark {
      plain += String(Character(scalar == "ı" ? "i" : scalar)).utf8
    }
    let letter = Letter(range: start..<plain.count, isLetter: scalar.properties.isAlphabetic)
    letters[scalar] = letter
    return letter
  }

  /// - Parameter space: behind a letter that stands alone.
  private static func isInsideSpacedWord(_ space: Int, _ text: [UInt8]) -> Bool {
    guard let (next, length) = letter(in: text, at: space + 1) else { return false }
    guard let (afterNext, _) = letter(in: text, at: space + 1 + length) else { return true }
    return [UTF8Scalar.before(text, space) ?? " ", next, afterNext].allSatisfy(\.properties.isUppercase)
  }

  /// The letter that begins at `index`, and its length; nil where none does.
  private static func letter(in text: [UInt8], at index: Int) -> (Unicode.Scalar, Int)? {
    guard index < text.count else { return nil }
    let (scalar, length) = UTF8Scalar.decode(text, at: index)
    return scalar.properties.isAlphabetic ? (scalar, length) : nil
  }
}
