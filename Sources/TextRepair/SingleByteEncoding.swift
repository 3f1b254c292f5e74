import Text

/// A single-byte encoding that UTF-8 may have been mistaken for.
struct SingleByteEncoding: Sendable {
  /// Windows code pages in the lenient form that browsers use. Byte 1A stands for U+FFFD there: a character that an
  /// earlier program could not represent.
  var isLenientWindows: Bool
  var isMacRoman = false
  private var decoding: [UInt32]  // 256 scalars
  private var encoding: [UInt32: UInt8]

  static let latin1 = SingleByteEncoding(upper: (0x80...0xFF).map { UInt32($0) })
  static let windows1252 = SingleByteEncoding(CharmapTables.windows1252, isLenientWindows: true)

  /// In the order in which they are tried.
  static let all: [SingleByteEncoding] = [
    .latin1,
    .windows1252,
    SingleByteEncoding(CharmapTables.windows1251, isLenientWindows: true),
    SingleByteEncoding(CharmapTables.windows1250, isLenientWindows: true),
    SingleByteEncoding(CharmapTables.windows1253, isLenientWindows: true),
    SingleByteEncoding(CharmapTables.windows1254, isLenientWindows: true),
    SingleByteEncoding(CharmapTables.windows1257, isLenientWindows: true),
    SingleByteEncoding(CharmapTables.iso8859_2),
    {
      var encoding = SingleByteEncoding(CharmapTables.macRoman)
      encoding.isMacRoman = true
      return encoding
    }(),
    SingleByteEncoding(CharmapTables.cp437),
  ]

  private init(_ table: String, isLenientWindows: Bool = false) {
    let digits = Array(table.utf8)
    let upper = stride(from: 0, to: digits.count, by: 4).compactMap { start in
      UInt32(String(decoding: digits[start..<(start + 4)], as: UTF8.self), radix: 16)
    }
    self.init(upper: upper, isLenientWindows: isLenientWindows)
  }

  private init(upper: [UInt32], isLenientWindows: Bool = false) {
    decoding = (0..<0x80).map { UInt32($0) } + upper
    if isLenientWindows { decoding[0x1A] = 0xFFFD }
    encoding = [:]
    for (byte, scalar) in decoding.enumerated() { encoding[scalar] = UInt8(byte) }
    self.isLenientWindows = isLenientWindows
  }

  /// The bytes of the text, or nil where the encoding lacks one of its characters.
  func encode(_ text: Scalars) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    for scalar in text {
      if scalar < 0x80 && scalar != 0x1A {
        bytes.append(UInt8(scalar))
      } else if let byte = encoding[scalar] {
        bytes.append(byte)
      } else {
        return nil
      }
    }
    return bytes
  }

  func decode(_ byte: UInt8) -> UInt32 { decoding[Int(byte)] }
}

/// UTF-8 as ftfy reads it.
enum LenientUTF8 {
  /// The scalars of the bytes, or nil where they are not UTF-8. With `acceptsVariants` also the two deviations in
  /// common use: surrogate pairs encoded one by one (CESU-8) and C0 80 for U+0000.
  static func decode(_ bytes: [UInt8], acceptsVariants: Bool) -> Scalars? {
    var text = Scalars()
    text.reserveCapacity(bytes.count)
    var index = 0
    func continuation(_ offset: Int) -> UInt32? {
      guard index + offset < bytes.count else { return nil }
      let byte = bytes[index + offset]
      return byte & 0xC0 == 0x80 ? UInt32(byte & 0x3F) : nil
    }
    while index < bytes.count {
      let lead = UInt32(bytes[index])
      switch lead {
      case 0..<0x80:
        text.append(lead)
        index += 1
      case 0xC0 where acceptsVariants && continuation(1) == 0:
        text.append(0)
        index += 2
      case 0xC2...0xDF:
        guard let a = continuation(1) else { return nil }
        text.append((lead & 0x1F) << 6 | a)
        index += 2
      case 0xE0...0xEF:
        guard let a = continuation(1), let b = continuation(2) else { return nil }
        let value = (lead & 0x0F) << 12 | a << 6 | b
        if value >= 0xD800 && value < 0xE000 {
          guard acceptsVariants, value < 0xDC00, index + 3 < bytes.count, bytes[index + 3] == 0xED,
            let c = continuation(4), c >= 0x30, let d = continuation(5)
          else { return nil }
          let low = 0xD000 | c << 6 | d
          text.append(0x10000 + (value - 0xD800) << 10 + (low - 0xDC00))
          index += 6
        } else {
          if value < 0x800 { return nil }
          text.append(value)
          index += 3
        }
      case 0xF0...0xF4:
        guard let a = continuation(1), let b = continuation(2), let c = continuation(3) else { return nil }
        let value = (lead & 0x07) << 18 | a << 12 | b << 6 | c
        if value < 0x10000 || value > 0x10FFFF { return nil }
        text.append(value)
        index += 4
      default:
        return nil
      }
    }
    return text
  }
}
