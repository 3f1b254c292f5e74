import Files
import Text

/// A place in a text file.
public struct TextSpan: Sendable, Hashable {
  /// In UTF-8 bytes.
  public var bytes: Range<Int>
  /// In Unicode scalars (what Python calls characters).
  public var scalars: Range<Int>
  /// Line on which it starts, counted from 1; lines end with LF, CR or CR LF.
  public var line: Int

  public init(bytes: Range<Int>, scalars: Range<Int>, line: Int) {
    self.bytes = bytes
    self.scalars = scalars
    self.line = line
  }
}

/// The text of an article, cleaned for the model, and the way back to the bytes of its file.
///
/// Cleaning removes U+FEFF (byte order mark), U+200B (zero width space) and U+2060 (word joiner) everywhere, and the
/// joiners U+200C and U+200D where both neighbours are ASCII: in Persian, Indic scripts and emoji they belong to the
/// spelling. Nothing else changes; line ends and soft hyphens stay.
public struct ArticleText: Sendable {
  /// What the model reads.
  public let cleaned: String
  /// The UTF-8 of `cleaned`.
  public let bytes: [UInt8]
  /// The file's bytes.
  public let original: [UInt8]
  /// SHA-256 of the file's bytes, in hexadecimal.
  public let hash: String

  /// Where stretches of unchanged bytes begin, here and in the original; ascending. The byte of a space that stands for
  /// a line break is one, too.
  private let runs: [(cleaned: Int, original: Int)]
  /// Number of scalars before every `scalarStride`-th byte of the original.
  private let scalarCounts: [Int]
  private static let scalarStride = 512
  /// Offsets in the original at which lines begin.
  private let lineStarts: [Int]

  /// - Throws: `FundingError` with code `invalidUTF8`, `binaryContent` (a NUL, or more than a tenth control
  ///   characters), or
  ///   `emptyText` (nothing but whitespace).
  public init(_ original: [UInt8]) throws(FundingError) {
    try Self.check(original)
    self.original = original
    hash = FileHash.sha256(of: original)

    var bytes: [UInt8] = []
    bytes.reserveCapacity(original.count)
    var runs: [(cleaned: Int, original: Int)] = [(0, 0)]
    var scalarCounts: [Int] = []
    scalarCounts.reserveCapacity(original.count / Self.scalarStride + 1)
    var lineStarts = [0]
    var scalars = 0
    var index = 0
    while index < original.count {
      let removed = Self.removedLength(at: index, in: original)
      if removed > 0 { runs.append((bytes.count, index + removed)) }
      for offset in index..<index + max(removed, 1) {
        if offset % Self.scalarStride == 0 { scalarCounts.append(scalars) }
        let byte = original[offset]
        if byte & 0xC0 != 0x80 { scalars += 1 }
        let endsLine =
          byte == 0x0A || (byte == 0x0D && !(offset + 1 < original.count && original[offset + 1] == 0x0A))
        if endsLine { lineStarts.append(offset + 1) }
        if removed == 0 { bytes.append(byte) }
      }
      index += max(removed, 1)
    }
    self.bytes = bytes
    self.runs = runs
    self.scalarCounts = scalarCounts
    self.lineStarts = lineStarts
    cleaned = String(decoding: bytes, as: UTF8.self)
    guard cleaned.unicodeScalars.contains(where: { !PythonText.isWhitespace($0) }) else {
      throw FundingError(.emptyText, "The file holds no text (\(original.count) bytes).")
    }
  }

  public init(_ text: String) throws(FundingError) { try self.init(Array(text.utf8)) }

  /// The same file with each paragraph in one line, where its lines were broken at a width (`LineWrapping`): what the
  /// pipeline reads. Places still lead to the file's own text, line breaks and hyphens included.
  public func unwrapped() -> ArticleText {
    let cuts = LineWrapping.cuts(of: bytes)
    return cuts.isEmpty ? self : ArticleText(self, without: cuts)
  }

  private init(_ article: ArticleText, without cuts: [LineWrapping.Cut]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(article.bytes.count)
    var runs: [(cleaned: Int, original: Int)] = []
    var oldRuns = article.runs[...]
    func copy(_ range: Range<Int>) {
      guard !range.isEmpty else { return }
      // Runs that begin inside the range, and the one that it begins in.
      while oldRuns.count > 1, oldRuns[oldRuns.startIndex + 1].cleaned <= range.lowerBound { oldRuns.removeFirst() }
      runs.append((bytes.count, article.originalOffset(range.lowerBound)))
      for run in oldRuns.dropFirst().prefix(while: { $0.cleaned < range.upperBound }) {
        runs.append((bytes.count + run.cleaned - range.lowerBound, run.original))
      }
      bytes += article.bytes[range]
    }
    var start = 0
    for cut in cuts {
      copy(start..<cut.range.lowerBound)
      if cut.leavesSpace {
        runs.append((bytes.count, article.originalOffset(cut.range.lowerBound)))
        bytes.append(UInt8(ascii: " "))
      }
      start = cut.range.upperBound
    }
    copy(start..<article.bytes.count)
    self.bytes = bytes
    self.runs = runs
    cleaned = String(decoding: bytes, as: UTF8.self)
    original = article.original
    hash = article.hash
    scalarCounts = article.scalarCounts
    lineStarts = article.lineStarts
  }

  /// The stretch of the original that a non-empty stretch of the cleaned text stands in. What was removed inside it
  /// belongs to it; what was removed at its ends does not. O(log n).
  public func span(ofCleaned range: Range<Int>) -> TextSpan {
    let range = range.clamped(to: 0..<bytes.count)
    let start = originalOffset(range.lowerBound)
    let end = range.isEmpty ? start : originalOffset(range.upperBound - 1) + 1
    return TextSpan(
      bytes: start..<end, scalars: scalarOffset(start)..<scalarOffset(end),
      line: lineStarts.partitioningIndex { $0 > start })
  }

  /// The stretch of the cleaned text that stands for a stretch of the original's bytes.
  package func cleanedRange(ofOriginal range: Range<Int>) -> Range<Int> {
    let lower = cleanedOffset(range.lowerBound)
    return lower..<max(lower, cleanedOffset(range.upperBound))
  }

  /// Where the first cleaned byte stands that is at this place of the original or behind it.
  private func cleanedOffset(_ originalOffset: Int) -> Int {
    let next = runs.partitioningIndex { $0.original > originalOffset }
    let end = next < runs.count ? runs[next].cleaned : bytes.count
    return next == 0 ? end : min(runs[next - 1].cleaned + originalOffset - runs[next - 1].original, end)
  }

  /// The text of the original at a span of it.
  public func originalText(_ span: TextSpan) -> String {
    String(decoding: original[span.bytes.clamped(to: 0..<original.count)], as: UTF8.self)
  }

  /// Where the cleaned byte at this offset stands in the original.
  private func originalOffset(_ cleanedOffset: Int) -> Int {
    let run = runs[runs.partitioningIndex { $0.cleaned > cleanedOffset } - 1]
    return run.original + (cleanedOffset - run.cleaned)
  }

  /// Number of scalars before this byte of the original.
  private func scalarOffset(_ byteOffset: Int) -> Int {
    guard !scalarCounts.isEmpty else { return 0 }
    let checkpoint = min(byteOffset / Self.scalarStride, scalarCounts.count - 1)
    return original[checkpoint * Self.scalarStride..<byteOffset]
      .reduce(scalarCounts[checkpoint]) { $1 & 0xC0 != 0x80 ? $0 + 1 : $0 }
  }

  // MARK: Checks

  private static func check(_ bytes: [UInt8]) throws(FundingError) {
    guard !bytes.isEmpty else { throw FundingError(.emptyText, "The file is empty.") }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw FundingError(
        .invalidUTF8, "The file begins like UTF-16; expected UTF-8. Convert it, for example with iconv.")
    }
    if let zero = bytes.firstIndex(of: 0) {
      throw FundingError(.binaryContent, "Found a NUL at byte \(zero); expected text in UTF-8.")
    }
    if let wrong = firstInvalidOffset(in: bytes) {
      throw FundingError(
        .invalidUTF8,
        "Byte 0x\(String(bytes[wrong], radix: 16, uppercase: true)) at \(wrong) is not UTF-8; convert the file.")
    }
    let controls = bytes.count { $0 == 0x7F || ($0 < 0x20 && !(0x09...0x0D).contains($0)) }
    if controls > bytes.count / 10 {
      throw FundingError(.binaryContent, "\(controls) of \(bytes.count) bytes are control characters; expected text.")
    }
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

  /// Length of the zero-width character at `index` if it is to be removed, else 0.
  private static func removedLength(at index: Int, in bytes: [UInt8]) -> Int {
    guard bytes[index] == 0xE2 || bytes[index] == 0xEF, index + 2 < bytes.count else { return 0 }
    switch (bytes[index], bytes[index + 1], bytes[index + 2]) {
    case (0xEF, 0xBB, 0xBF), (0xE2, 0x80, 0x8B), (0xE2, 0x81, 0xA0): return 3
    case (0xE2, 0x80, 0x8C), (0xE2, 0x80, 0x8D):
      let isBetweenASCII =
        (index == 0 || bytes[index - 1] < 0x80) && (index + 3 == bytes.count || bytes[index + 3] < 0x80)
      return isBetweenASCII ? 3 : 0
    default: return 0
    }
  }
}

extension Array {
  /// The first index whose element satisfies the predicate; elements that do not must all stand before those that do.
  func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
