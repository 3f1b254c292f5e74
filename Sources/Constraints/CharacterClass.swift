import Text

/// What the machines know of characters.
enum CharacterClass {
  /// Neither whitespace nor a control character. Values begin and end with one.
  static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x20, 0x7F...0xA0: false
    case 0x21..<0x7F, 0xA1..<0x1680: true
    default: !scalar.properties.isWhitespace
    }
  }

  /// What Python calls whitespace, as the readers of outputs do.
  static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool { PythonText.isWhitespace(scalar) }

  /// Hyphens and dashes, visible ones.
  static func isHyphen(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x2D, 0x2010...0x2015, 0x2212: true
    default: false
    }
  }

  /// A letter of any script.
  static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x80
      ? ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) : scalar.properties.isAlphabetic
  }

  /// A character that ends a line. CR LF is one line break of two such characters.
  static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A...0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}

/// JSON's escapes, as the machines write them: only what must be escaped is.
enum JSONEscape {
  /// The UTF-8 of a scalar inside a JSON string.
  static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    switch scalar.value {
    case 0x22, 0x5C: bytes += [UInt8(ascii: "\\"), UInt8(scalar.value)]
    case 0x08: bytes += Array("\\b".utf8)
    case 0x09: bytes += Array("\\t".utf8)
    case 0x0A: bytes += Array("\\n".utf8)
    case 0x0C: bytes += Array("\\f".utf8)
    case 0x0D: bytes += Array("\\r".utf8)
    case 0..<0x20:
      let digits = Array("0123456789abcdef".utf8)
      bytes += Array("\\u00".utf8) + [digits[Int(scalar.value >> 4)], digits[Int(scalar.value & 15)]]
    case 0x20..<0x80: bytes.append(UInt8(scalar.value))
    default: bytes.append(contentsOf: UTF8.encode(scalar)!)
    }
  }

  static func bytes(of text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars { append(scalar, to: &bytes) }
    return bytes
  }
}
