/// The byte-level alphabet of GPT-2: vocabulary files write each byte as one printable character.
///
/// Bytes that are printable in Latin-1 stand for themselves; the 68 others take U+0100, U+0101, … in order (space is
/// `Ġ`).
struct ByteLevel: Sendable {
  /// The byte of each scalar below U+0144; nil where there is none.
  private let byteOfScalar: [UInt8?]

  init() {
    var table = [UInt8?](repeating: nil, count: 0x144)
    var next = 0x100
    for byte in UInt8.min...UInt8.max {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: table[Int(byte)] = byte
      default:
        table[next] = byte
        next += 1
      }
    }
    byteOfScalar = table
  }

  /// Appends the bytes that a text in the alphabet stands for.
  ///
  /// A text with any other character is no byte-level text (some added tokens) and stands for its own UTF-8.
  func appendBytes(of text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    let start = bytes.count
    var index = 0
    while index < text.count {
      let first = text[index]
      let scalar: Int
      if first < 0x80 {
        scalar = Int(first)
        index += 1
      } else if (0xC2...0xC5).contains(first), index + 1 < text.count {
        scalar = Int(first & 0x1F) << 6 | Int(text[index + 1] & 0x3F)
        index += 2
      } else {
        scalar = Int.max
      }
      guard scalar < byteOfScalar.count, let byte = byteOfScalar[scalar] else {
        bytes.removeSubrange(start...)
        bytes.append(contentsOf: text)
        return
      }
      bytes.append(byte)
    }
  }
}
