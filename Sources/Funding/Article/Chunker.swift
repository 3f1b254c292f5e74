import Generation

/// How an article is cut into what stage 1 reads at a time.
public enum Chunking: String, Sendable, Hashable, CaseIterable {
  /// Between paragraphs. A heading goes with what it stands above; a paragraph longer than a chunk is one by itself.
  /// What does not even fit into the model's context is cut at sentences, and the pieces overlap.
  case paragraphs
  /// At a number of tokens, where possible at a line's, sentence's or word's end; neighbours overlap.
  case overlapping
}

/// Cuts a text into chunks that the model can read.
struct Chunker {
  var chunking = Chunking.overlapping
  /// Most tokens of a chunk.
  let limit: Int
  /// Tokens that a chunk is to repeat of the one before.
  let overlap: Int
  /// The model's token starts of a text (`PromptTokenizer.tokenOffsets`).
  let tokenOffsets: (String) throws -> [Int]
  /// Whether a chunk within `limit` also fits into the prompt.
  let fits: (String) throws -> Bool

  /// Tokens that a chunk repeats of the one before: as asked for, where the limit allows.
  var usedOverlap: Int { min(overlap, limit / 2) }

  /// UTF-8 ranges of the chunks, in order. Together they cover the text; each begins and ends at a scalar, and begins
  /// and ends behind the one before.
  /// - Throws: `FundingError.contextTooSmall` if not even one character fits.
  func chunks(of text: String) throws -> [Range<Int>] {
    guard limit > 0 else { throw Self.tooSmall }
    let bytes = Array(text.utf8)
    let offsets = try checkedOffsets(of: text, count: bytes.count)
    if offsets.count <= limit, try fits(text) { return bytes.isEmpty ? [] : [0..<bytes.count] }

    switch chunking {
    case .overlapping: return try overlapping(0..<bytes.count, offsets, bytes)
    case .paragraphs: return try paragraphs(offsets, bytes)
    }
  }

  static let tooSmall = FundingError(
    .contextTooSmall,
    "The model's context cannot hold the prompt, a piece of text and the new tokens; lower the token limits or choose "
      + "another model.")

  // MARK: Paragraphs

  /// As many whole paragraphs in each chunk as it holds.
  private func paragraphs(_ offsets: [Int], _ bytes: [UInt8]) throws -> [Range<Int>] {
    func tokens(_ range: Range<Int>) -> Int {
      offsets.partitioningIndex { $0 >= range.upperBound } - offsets.partitioningIndex { $0 >= range.lowerBound }
    }
    var chunks: [Range<Int>] = []
    var rest = Paragraphs.ranges(in: bytes)[...]
    while let first = rest.first {
      try Task.checkCancellation()
      var count = 1
      while count < rest.count, tokens(first.lowerBound..<rest[rest.startIndex + count].upperBound) <= limit {
        count += 1
      }
      // A slice may have other tokens at its ends than the same bytes in the whole text.
      while count > 1, try !holds(first.lowerBound..<rest[rest.startIndex + count - 1].upperBound, bytes) { count -= 1 }
      let chunk = first.lowerBound..<rest[rest.startIndex + count - 1].upperBound
      if try count > 1 || fits(String(decoding: bytes[chunk], as: UTF8.self)) {
        chunks.append(chunk)
      } else {
        chunks += try overlapping(chunk, offsets, bytes)
      }
      rest.removeFirst(count)
    }
    return chunks
  }

  private func holds(_ range: Range<Int>, _ bytes: [UInt8]) throws -> Bool {
    let slice = String(decoding: bytes[range], as: UTF8.self)
    return try tokenOffsets(slice).count <= limit && fits(slice)
  }

  // MARK: Overlap

  /// Chunks of a part of the text, each but the first repeating the end of the one before.
  private func overlapping(_ part: Range<Int>, _ offsets: [Int], _ bytes: [UInt8]) throws -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    while (chunks.last?.upperBound ?? part.lowerBound) < part.upperBound {
      try Task.checkCancellation()
      var chunk: Range<Int>?
      if let last = chunks.last {
        let start = startOfOverlap(before: last, offsets, bytes)
        if start > last.lowerBound {
          chunk = try self.chunk(from: start, to: part.upperBound, offsets, bytes)
          if let end = chunk?.upperBound, end <= last.upperBound { chunk = nil }
        }
      }
      // Without overlap where that would not move on.
      let start = chunks.last?.upperBound ?? part.lowerBound
      chunks.append(try chunk ?? self.chunk(from: start, to: part.upperBound, offsets, bytes))
    }
    return chunks
  }

  /// A good place for a chunk's end, or for the overlap's start, is looked for within this part of the chunk.
  private var windowDivisor: Int { chunking == .paragraphs ? 2 : 16 }

  private func chunk(from start: Int, to last: Int, _ offsets: [Int], _ bytes: [UInt8]) throws -> Range<Int> {
    let first = offsets.partitioningIndex { $0 >= start }
    var tokens = limit
    while true {
      let hardEnd = first + tokens < offsets.count ? min(offsets[first + tokens], last) : last
      let window = first + tokens - tokens / windowDivisor
      let softEnd = window < offsets.count ? offsets[window] : last
      let end =
        hardEnd == last
        ? hardEnd : TextBoundary.best(in: bytes, from: max(softEnd, start + 1), to: hardEnd, after: start)
      guard end > start else { throw Self.tooSmall }
      // A slice may have other tokens at its ends than the same bytes in the whole text.
      let slice = String(decoding: bytes[start..<end], as: UTF8.self)
      let count = try tokenOffsets(slice).count
      if count <= limit, try fits(slice) { return start..<end }
      guard tokens > 1 else { throw Self.tooSmall }
      tokens = max(tokens / 2, tokens - max(count - limit, tokens / 64, 1))
    }
  }

  /// Where the chunk after the last one begins.
  private func startOfOverlap(before last: Range<Int>, _ offsets: [Int], _ bytes: [UInt8]) -> Int {
    guard overlap > 0 else { return last.upperBound }
    let token = max(offsets.partitioningIndex { $0 >= last.upperBound } - usedOverlap, 0)
    guard token < offsets.count, offsets[token] > 0 else { return 0 }
    var earliest = offsets[max(token - limit / windowDivisor, 0)]
    // The start of a paragraph would be the best place of all.
    if chunking == .paragraphs { earliest = max(earliest, last.lowerBound + 1) }
    return TextBoundary.best(in: bytes, from: earliest, to: offsets[token], after: 0)
  }

  private func checkedOffsets(of text: String, count: Int) throws -> [Int] {
    let offsets = try tokenOffsets(text)
    var previous = -1
    for offset in offsets {
      guard offset >= previous, offset < count else {
        throw FundingError(.brokenGenerator, "The generator's token offsets are not ascending within the text.")
      }
      previous = offset
    }
    guard offsets.first == (count == 0 ? nil : 0) else {
      throw FundingError(.brokenGenerator, "The generator's first token does not begin at 0.")
    }
    return offsets
  }
}

/// Good places to cut a text.
enum TextBoundary {
  /// The last good place in `from...to`: after an empty line, else a line, a sentence, a space; without any the last
  /// scalar's start at or before `to`, outside of a CR LF and of a combined character where such a place is near and
  /// behind `after`.
  static func best(in bytes: [UInt8], from: Int, to: Int, after: Int) -> Int {
    let to = min(to, bytes.count)
    var best = (rank: 0, offset: 0)
    var index = to
    while index >= max(from, 1) {
      let rank = rank(in: bytes, at: index)
      if rank > best.rank { best = (rank, index) }
      if rank == 4 { break }
      index -= 1
    }
    return best.rank > 0 ? best.offset : scalarStart(in: bytes, at: to, after: after)
  }

  private static func rank(in bytes: [UInt8], at index: Int) -> Int {
    let before = bytes[index - 1]
    if index < bytes.count, bytes[index] == 0x0A || bytes[index] == 0x0D { return 0 }
    switch before {
    case 0x0A, 0x0D:
      var previous = index - 2
      if before == 0x0A, previous >= 0, bytes[previous] == 0x0D { previous -= 1 }
      return previous >= 0 && (bytes[previous] == 0x0A || bytes[previous] == 0x0D) ? 4 : 3
    case 0x20, 0x09:
      return index >= 2 && ".!?".utf8.contains(bytes[index - 2]) ? 2 : 1
    default: return 0
    }
  }

  /// The start of the scalar at `index`, moved back over what joins it to the one before (at most eight scalars).
  private static func scalarStart(in bytes: [UInt8], at index: Int, after: Int) -> Int {
    var start = index
    func alignBack() { while start > 0, start < bytes.count, bytes[start] & 0xC0 == 0x80 { start -= 1 } }
    alignBack()
    let aligned = start
    for _ in 0..<8 {
      guard start > 0, start < bytes.count, joins(bytes, at: start) else { return start > after ? start : aligned }
      start -= 1
      alignBack()
    }
    return aligned
  }

  /// Whether the scalar at `index` belongs to the same visible character as the one before.
  private static func joins(_ bytes: [UInt8], at index: Int) -> Bool {
    if bytes[index] == 0x0A { return bytes[index - 1] == 0x0D }
    guard bytes[index] >= 0x80 || bytes[index - 1] >= 0x80 else { return false }
    var start = index - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    let pair = String(decoding: bytes[start..<min(index + 4, bytes.count)], as: UTF8.self).unicodeScalars.prefix(2)
    return String(String.UnicodeScalarView(pair)).count == 1
  }
}
