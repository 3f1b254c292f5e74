/// What the model does not get to see of a text.
///
/// - Removed everywhere: U+FEFF (byte order mark), U+200B (zero width space) and U+2060 (word joiner), and the
///   joiners U+200C and U+200D where both neighbours are ASCII. In Persian, Indic scripts and emoji they belong
///   to the spelling.
/// - Removed everywhere: control characters other than tab and the ends of lines. Converters of PDF leave them where
///   they do not know a letter.
/// - The rarer line ends become line feeds (`LineEnd`).
///
/// Nothing else changes; LF, CR, CR LF and soft hyphens stay.
enum TextCleaning {
  enum Piece: Equatable {
    /// Part of the cleaned text.
    case kept
    /// The end of a line, and what stands for it in the cleaned text; nil: itself.
    case lineEnd([UInt8]?)
    /// Zero-width, removed.
    case invisible
    /// Removed.
    case controlCharacter
  }

  /// The cleaned text; without the checks of `ArticleText`.
  static func clean(_ text: String) -> String {
    let source = Array(text.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.count)
    walk(source) { range, piece in
      switch piece {
      case .kept: bytes += source[range]
      case .lineEnd(let replacement): bytes += replacement ?? Array(source[range])
      case .invisible, .controlCharacter: break
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Goes over all of the text, piece by piece.
  /// - Parameter bytes: UTF-8.
  static func walk(_ bytes: [UInt8], _ body: (Range<Int>, Piece) -> Void) {
    var index = 0
    while index < bytes.count {
      // Most bytes are plain.
      var end = index
      while end < bytes.count, isPlain(bytes[end]) { end += 1 }
      if end > index { body(index..<end, .kept) }
      guard end < bytes.count else { return }
      let (length, piece) = piece(at: end, in: bytes)
      body(end..<end + length, piece)
      index = end + length
    }
  }

  /// Whether a byte is kept whatever stands around it.
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte != 0x7F && byte != 0xC2 && byte != 0xE2 && byte != 0xEF : byte == 0x09
  }

  private static func piece(at index: Int, in bytes: [UInt8]) -> (length: Int, Piece) {
    if let length = LineEnd.length(at: index, in: bytes) {
      return (length, .lineEnd(LineEnd.replacement(at: index, in: bytes)))
    }
    if bytes[index] < 0x20 || bytes[index] == 0x7F { return (1, .controlCharacter) }
    if bytes[index] == 0xC2, index + 1 < bytes.count, (0x80..<0xA0).contains(bytes[index + 1]) {
      return (2, .controlCharacter)
    }
    guard index + 2 < bytes.count else { return (1, .kept) }
    switch (bytes[index], bytes[index + 1], bytes[index + 2]) {
    case (0xEF, 0xBB, 0xBF), (0xE2, 0x80, 0x8B), (0xE2, 0x81, 0xA0): return (3, .invisible)
    case (0xE2, 0x80, 0x8C), (0xE2, 0x80, 0x8D):
      let isBetweenASCII =
        (index == 0 || bytes[index - 1] < 0x80) && (index + 3 == bytes.count || bytes[index + 3] < 0x80)
      return (3, isBetweenASCII ? .invisible : .kept)
    default: return (1, .kept)
    }
  }
}
