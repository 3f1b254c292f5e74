/// Tells text from what cannot be read as text.
enum TextCheck {
  /// - Throws: `FundingError` with code `emptyText`, `binaryContent` or `invalidUTF8`.
  static func check(_ bytes: [UInt8]) throws(FundingError) {
    guard !bytes.isEmpty else { throw FundingError(.emptyText, "The file is empty.") }
    if let kind = FileKind(bytes) {
      throw FundingError(kind.code, "Found \(kind.name); expected text in UTF-8. \(kind.advice).")
    }
    let (controls, characters) = controlCharacters(in: bytes)
    if controls > characters / 10 {
      let isWide = bytes.count(where: { $0 == 0 }) > characters / 3
      throw FundingError(
        .binaryContent,
        "\(controls) of \(characters) characters are control characters; expected text in UTF-8."
          + (isWide ? " If this is UTF-16, convert it, for example with iconv." : ""))
    }
    if let wrong = firstInvalidOffset(in: bytes) {
      throw FundingError(
        .invalidUTF8,
        "Byte 0x\(String(bytes[wrong], radix: 16, uppercase: true)) at \(wrong) is not UTF-8; convert the file.")
    }
  }

  /// How many control characters would be cleaned away, of how many characters. The bytes need not be UTF-8.
  private static func controlCharacters(in bytes: [UInt8]) -> (Int, of: Int) {
    var controls = 0
    TextCleaning.walk(bytes) { _, piece in controls += piece == .controlCharacter ? 1 : 0 }
    return (controls, bytes.count { $0 & 0xC0 != 0x80 })
  }

  private static func firstInvalidOffset(in bytes: [UInt8]) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let scalar): offset += scalar.count
      case .error, .emptyInput: return min(offset, bytes.count - 1)
      }
    }
  }
}
