/// What the pre-tokenizer rules know of a character: `\p{L}`, `\p{N}`, `\s`, or none of them.
enum ScalarClass {
  case letter, number, space, other

  /// The class of the character at a place of a UTF-8 text and its length in bytes. A malformed byte is an `other` of
  /// its own.
  @inline(__always)
  static func read(_ text: UnsafeBufferPointer<UInt8>, at index: Int, end: Int) -> (class: ScalarClass, length: Int) {
    let byte = text[index]
    guard byte < 0x80 else { return readMultibyte(text, at: index, end: end) }
    if (byte | 0x20) &- 0x61 < 26 { return (.letter, 1) }
    if byte &- 0x30 < 10 { return (.number, 1) }
    if byte == 0x20 || byte &- 0x09 < 5 { return (.space, 1) }
    return (.other, 1)
  }

  private static func readMultibyte(
    _ text: UnsafeBufferPointer<UInt8>, at index: Int, end: Int
  ) -> (class: ScalarClass, length: Int) {
    var value: UInt32
    let length: Int
    switch text[index] {
    case 0xC2...0xDF: (value, length) = (UInt32(text[index] & 0x1F), 2)
    case 0xE0...0xEF: (value, length) = (UInt32(text[index] & 0x0F), 3)
    case 0xF0...0xF4: (value, length) = (UInt32(text[index] & 0x07), 4)
    default: return (.other, 1)
    }
    guard index + length <= end else { return (.other, 1) }
    for next in index + 1..<index + length {
      guard text[next] & 0xC0 == 0x80 else { return (.other, 1) }
      value = value << 6 | UInt32(text[next] & 0x3F)
    }
    guard let scalar = Unicode.Scalar(value) else { return (.other, 1) }
    return (ScalarClass(scalar), length)
  }

  /// The class of a scalar beyond ASCII.
  private init(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: self = .space
    case 0x4E00...0x9FFF, 0xAC00...0xD7A3: self = .letter
    default:
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
      case .decimalNumber, .letterNumber, .otherNumber: self = .number
      default: self = .other
      }
    }
  }
}
