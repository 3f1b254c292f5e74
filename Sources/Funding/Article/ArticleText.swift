import Files
import Text

/// A place in a text file.
public struct TextSpan: Sendable, Hashable {
  /// In UTF-8 bytes.
  public var bytes: Range<Int>
  /// In Unicode scalars (what Python calls characters).
  public var scalars: Range<Int>
  /// Line on which it starts, counted from 1; lines end as in `LineEnd`.
  public var line: Int

  public init(bytes: Range<Int>, scalars: Range<Int>, line: Int) {
    self.bytes = bytes
    self.scalars = scalars
    self.line = line
  }
}

/// The text of an article, cleaned for the model (`TextCleaning`), and the way back to the bytes of its file.
public struct ArticleText: Sendable {
  /// What the model reads.
  public let cleaned: String
  /// The UTF-8 of `cleaned`.
  public let bytes: [UInt8]
  /// The file's bytes.
  public let original: [UInt8]
  /// SHA-256 of the file's bytes, in hexadecimal.
  public let hash: String
  /// Control characters of the original that `cleaned` does not have.
  public let controlCharacterCount: Int

  /// Where stretches of unchanged bytes begin, here and in the original; ascending. The byte of a space that stands for
  /// a line break is one, too.
  private let runs: [(cleaned: Int, original: Int)]
  /// Where pages begin: places of `cleaned` behind a form feed, ascending.
  private let pageStarts: [Int]
  /// Number of scalars before every `scalarStride`-th byte of the original.
  private let scalarCounts: [Int]
  private static let scalarStride = 512
  /// Offsets in the original at which lines begin.
  private let lineStarts: [Int]

  /// - Throws: `FundingError` with code `invalidUTF8`, `binaryContent` (the beginning of a file that is no text, or
  ///   more than a tenth control characters), or `emptyText` (nothing but whitespace).
  public init(_ original: [UInt8]) throws(FundingError) {
    try TextCheck.check(original)
    self.original = original
    hash = FileHash.sha256(of: original)

    var bytes: [UInt8] = []
    bytes.reserveCapacity(original.count)
    var runs: [(cleaned: Int, original: Int)] = [(0, 0)]
    var scalarCounts: [Int] = []
    scalarCounts.reserveCapacity(original.count / Self.scalarStride + 1)
    var lineStarts = [0]
    var pageStarts: [Int] = []
    var scalars = 0
    var controls = 0
    TextCleaning.walk(original) { range, piece in
      for offset in range {
        if offset % Self.scalarStride == 0 { scalarCounts.append(scalars) }
        if original[offset] & 0xC0 != 0x80 { scalars += 1 }
      }
      switch piece {
      case .kept: bytes += original[range]
      case .lineEnd(let replacement):
        bytes += replacement ?? Array(original[range])
        if replacement.map({ $0.count != range.count }) ?? false { runs.append((bytes.count, range.upperBound)) }
        lineStarts.append(range.upperBound)
        if original[range.lowerBound] == 0x0C { pageStarts.append(bytes.count) }
      case .invisible, .controlCharacter:
        runs.append((bytes.count, range.upperBound))
        if piece == .controlCharacter { controls += 1 }
      }
    }
    self.bytes = bytes
    self.runs = runs
    self.scalarCounts = scalarCounts
    self.lineStarts = lineStarts
    self.pageStarts = pageStarts
    controlCharacterCount = controls
    cleaned = String(decoding: bytes, as: UTF8.self)
    guard cleaned.unicodeScalars.contains(where: { !PythonText.isWhitespace($0) }) else {
      throw FundingError(.emptyText, "The file holds no text (\(original.count) bytes).")
    }
  }

  public init(_ text: String) throws(FundingError) { try self.init(Array(text.utf8)) }

  /// The same file with each paragraph in one line, where its lines were broken at a width (`LineWrapping`): what the
  /// pipeline reads. Places still lead to the file's own text, line breaks and hyphens included.
  public func unwrapped() -> ArticleText {
    let cuts = LineWrapping.cuts(of: bytes, pageStarts: pageStarts)
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
    // No page begins inside a paragraph any more.
    pageStarts = []
    controlCharacterCount = article.controlCharacterCount
  }

  /// The stretch of the original that a non-empty stretch of the cleaned text stands in. What was removed inside it
  /// belongs to it; what was removed at its ends does not. O(log n).
  public func span(ofCleaned range: Range<Int>) -> TextSpan {
    let range = range.clamped(to: 0..<bytes.count)
    // A line end of the cleaned text may stand for a longer one.
    func isInsideScalar(_ offset: Int) -> Bool { offset < original.count && original[offset] & 0xC0 == 0x80 }
    var start = originalOffset(range.lowerBound)
    while start > 0, isInsideScalar(start) { start -= 1 }
    var end = range.isEmpty ? start : originalOffset(range.upperBound - 1) + 1
    while isInsideScalar(end) { end += 1 }
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

  /// That control characters were taken out; nil without any.
  var controlCharacterWarning: String? {
    guard controlCharacterCount > 0 else { return nil }
    return TextTable.counted(controlCharacterCount, "control character")
      + " left out of the text: where a program made it from a PDF, a letter or more may be missing in each place"
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
