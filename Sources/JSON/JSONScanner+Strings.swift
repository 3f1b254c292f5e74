extension JSONScanner {
  /// Reads a string.
  public mutating func string() throws(JSONError) -> String { text(of: try stringToken()) }

  /// Reads and checks a string without making one: escapes, control characters and UTF-8.
  public mutating func stringToken() throws(JSONError) -> StringToken {
    skipWhitespace()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
      throw error("expected a string, found \(found)")
    }
    let start = offset + 1
    var index = start
    var hasEscapes = false
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "\""):
        moveTo(index + 1)
        return StringToken(range: start..<index, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        index = try endOfEscape(at: index)
      case 0..<0x20:
        guard options.allowControlCharacters else {
          moveTo(index)
          throw error("a control character (\(found)) stands unescaped in a string")
        }
        index += 1
      case 0x20..<0x80: index += 1
      default:
        let length = utf8Length(at: index)
        guard length > 0 else {
          moveTo(index)
          throw error("the string is not UTF-8 (\(found))")
        }
        index += length
      }
    }
    throw JSONError(offset: bytes.count, message: "the string that begins at byte \(start - 1) is not closed")
  }

  /// The string of a token of this scanner.
  public func text(of token: StringToken) -> String {
    precondition(token.range.upperBound <= bytes.count, "the token is of another scanner")
    guard token.hasEscapes else { return String(decoding: bytes[token.range], as: UTF8.self) }
    var buffer: [UInt8] = []
    appendBytes(of: token, to: &buffer)
    return String(decoding: buffer, as: UTF8.self)
  }

  /// Appends the UTF-8 of the string of a token of this scanner.
  public func appendBytes(of token: StringToken, to buffer: inout [UInt8]) {
    precondition(token.range.upperBound <= bytes.count, "the token is of another scanner")
    guard token.hasEscapes else {
      buffer.append(contentsOf: bytes[token.range])
      return
    }
    buffer.reserveCapacity(buffer.count + token.range.count)
    var index = token.range.lowerBound
    while index < token.range.upperBound {
      let byte = bytes[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        buffer.append(byte)
        continue
      }
      let escaped = bytes[index]
      index += 1
      switch escaped {
      case UInt8(ascii: "b"): buffer.append(0x08)
      case UInt8(ascii: "f"): buffer.append(0x0C)
      case UInt8(ascii: "n"): buffer.append(0x0A)
      case UInt8(ascii: "r"): buffer.append(0x0D)
      case UInt8(ascii: "t"): buffer.append(0x09)
      case UInt8(ascii: "u"):
        let scalar = escapedScalar(at: &index, end: token.range.upperBound)
        buffer.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
      default: buffer.append(escaped)
      }
    }
  }

  /// The scalar of the checked four digits at `index`, or of a surrogate pair; a lone surrogate is U+FFFD.
  private func escapedScalar(at index: inout Int, end: Int) -> Unicode.Scalar {
    let first = hexValue(at: index) ?? 0xFFFD
    index += 4
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
    guard index + 6 <= end, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u"),
      let second = hexValue(at: index + 2), (0xDC00..<0xE000).contains(second)
    else { return "\u{FFFD}" }
    index += 6
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  /// Checks the escape that begins at `index`; returns where the text goes on.
  private mutating func endOfEscape(at index: Int) throws(JSONError) -> Int {
    guard index + 1 < bytes.count else {
      throw JSONError(offset: bytes.count, message: "the text ends inside an escape")
    }
    switch bytes[index + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return index + 2
    case UInt8(ascii: "u"):
      guard hexValue(at: index + 2) != nil else {
        throw JSONError(offset: index, message: "expected four hexadecimal digits after \\u")
      }
      return index + 6
    default:
      moveTo(index + 1)
      throw error("unknown escape \\ before \(found)")
    }
  }

  /// The value of four hexadecimal digits; nil if they are not there.
  private func hexValue(at index: Int) -> UInt32? {
    guard index + 4 <= bytes.count else { return nil }
    var value: UInt32 = 0
    for byte in bytes[index..<index + 4] {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - 48
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - 87
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - 55
      default: return nil
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// The length of the well-formed multi-byte sequence at `index` (Unicode 16, table 3-7); 0 if there is none.
  private func utf8Length(at index: Int) -> Int {
    let first = bytes[index]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return 0
    }
    guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return 0 }
    for next in bytes[index + 2..<index + length] where next & 0xC0 != 0x80 { return 0 }
    return length
  }
}
