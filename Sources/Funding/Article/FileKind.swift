/// A file that is no text in UTF-8, by its first bytes.
package struct FileKind: Sendable {
  /// For example `a PDF file`.
  package let name: String
  /// What to do with it.
  let advice: String

  /// Of the error that an article of this kind is.
  let code: FundingError.Code

  private static let utf16 = FileKind("text in UTF-16", "Convert it, for example with iconv", .invalidUTF8)
  private static let unpack = "Unpack it first"
  private static let convert = "Convert it to plain text first"
  private static let writeRows = "Write its rows as JSON Lines first"
  private static let image = FileKind("an image", "Turn it into text first")

  private static let known: [(beginning: [UInt8], kind: FileKind)] = [
    (Array("%PDF-".utf8), FileKind("a PDF file", "Convert it first, for example with pdftotext")),
    (Array("%!PS".utf8), FileKind("a PostScript file", convert)),
    (Array("{\\rtf".utf8), FileKind("an RTF file", convert)),
    ([0x1F, 0x8B], FileKind("a gzip file", unpack)), (Array("BZh91AY&SY".utf8), FileKind("a bzip2 file", unpack)),
    ([0xFD] + Array("7zXZ".utf8), FileKind("an xz file", unpack)),
    ([0x28, 0xB5, 0x2F, 0xFD], FileKind("a zstd file", unpack)),
    (Array("PK\u{3}\u{4}".utf8), FileKind("a zip file, such as docx, odt and epub are", "Unpack or convert it first")),
    (Array("7z".utf8) + [0xBC, 0xAF, 0x27, 0x1C], FileKind("a 7z file", unpack)),
    ([0xD0, 0xCF, 0x11, 0xE0], FileKind("an old Office file, such as doc and xls", convert)),
    (Array("SQLite format 3".utf8), FileKind("an SQLite database", writeRows)),
    (Array("ARROW1".utf8), FileKind("an Arrow file", writeRows)),
    ([0xFF, 0xFE], utf16), ([0xFE, 0xFF], utf16),
    ([0x89] + Array("PNG".utf8), image),
    ([0xFF, 0xD8, 0xFF], image),
  ]

  private init(_ name: String, _ advice: String, _ code: FundingError.Code = .binaryContent) {
    self.name = name
    self.code = code
    self.advice = advice
  }

  /// Nil for anything else, which may be text.
  package init?(_ bytes: [UInt8]) {
    // A text may begin with the name of the receptor PAR1, but does not end with it, too.
    let parquet = Array("PAR1".utf8)
    if bytes.count > 8, bytes.starts(with: parquet), bytes.suffix(4).elementsEqual(parquet) {
      self.init("a Parquet file", Self.writeRows)
    } else if let (_, kind) = Self.known.first(where: { bytes.starts(with: $0.beginning) }) {
      self = kind
    } else {
      return nil
    }
  }
}
