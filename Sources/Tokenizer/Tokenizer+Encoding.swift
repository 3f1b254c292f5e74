import Generation

/// Tokens and the place in the text where each begins.
public struct TokenizedText: Sendable, Hashable {
  public var ids: [Int] = []
  /// UTF-8 offset of each token's first byte: strictly ascending, the first is 0. A token can begin inside a character.
  public var offsets: [Int] = []

  public init() {}
}

extension Tokenizer {
  /// The tokens of a text.
  ///
  /// Bytes that the vocabulary lacks vanish: SmolLM2's has no token for some control characters and for the first bytes
  /// of unassigned planes.
  /// - Complexity: n log n in the longest word, else linear.
  public func encode(_ text: String, specialTokens: SpecialTokenPolicy = .plain) -> [Int] {
    var text = text
    return text.withUTF8 { tokenize($0, specialTokens, withOffsets: false).ids }
  }

  /// The tokens of a text given as UTF-8; malformed bytes are symbols of their own.
  public func encode(utf8 text: [UInt8], specialTokens: SpecialTokenPolicy = .plain) -> [Int] {
    text.withUnsafeBufferPointer { tokenize($0, specialTokens, withOffsets: false).ids }
  }

  /// The tokens of a text and where they begin. Bytes that the vocabulary lacks belong to the token before them, at the
  /// start of the text to the first one.
  public func encodeWithOffsets(_ text: String, specialTokens: SpecialTokenPolicy = .plain) -> TokenizedText {
    var text = text
    return text.withUTF8 { tokenize($0, specialTokens, withOffsets: true) }
  }

  /// The same for a text given as UTF-8, none of it special; malformed bytes are symbols of their own.
  public func encodeWithOffsets(utf8 text: some Collection<UInt8>) -> TokenizedText {
    Array(text).withUnsafeBufferPointer { tokenize($0, .plain, withOffsets: true) }
  }

  /// Where the last word of a text begins: whatever is appended to the text, the tokens of what stands before stay the
  /// same, if the text ends between characters. The start where there is no word.
  ///
  /// - Parameters:
  ///   - start: where a word is known to begin; the search starts there.
  ///   - end: nil: the text's end.
  public func startOfLastWord(in text: [UInt8], from start: Int = 0, to end: Int? = nil) -> Int {
    text.withUnsafeBufferPointer { text in
      let end = end ?? text.count
      var word = start
      while word < end {
        let next = preTokenizer.endOfWord(in: text, from: word, end: end)
        if next >= end { break }
        word = next
      }
      return word
    }
  }

  private func tokenize(
    _ text: UnsafeBufferPointer<UInt8>, _ specialTokens: SpecialTokenPolicy, withOffsets: Bool
  ) -> TokenizedText {
    var run = EncodingRun(tokenizer: self, text: text, withOffsets: withOffsets)
    var start = 0
    if specialTokens == .parse {
      while let match = addedTokens.firstMatch(in: text, from: start) {
        run.appendPlainText(start..<match.range.lowerBound)
        run.append(match.id, at: match.range.lowerBound)
        start = match.range.upperBound
      }
    }
    run.appendPlainText(start..<text.count)
    if !run.result.offsets.isEmpty { run.result.offsets[0] = 0 }
    return run.result
  }
}

/// The state of encoding one text.
private struct EncodingRun {
  let tokenizer: Tokenizer
  let text: UnsafeBufferPointer<UInt8>
  let withOffsets: Bool
  var merger: BytePairMerger
  var result = TokenizedText()

  init(tokenizer: Tokenizer, text: UnsafeBufferPointer<UInt8>, withOffsets: Bool) {
    self.tokenizer = tokenizer
    self.text = text
    self.withOffsets = withOffsets
    merger = BytePairMerger(merges: tokenizer.merges, tokenOfByte: tokenizer.tokenOfByte)
    result.ids.reserveCapacity(text.count / 4 + 1)
    if withOffsets { result.offsets.reserveCapacity(text.count / 4 + 1) }
  }

  mutating func append(_ id: Int, at offset: Int) {
    result.ids.append(id)
    if withOffsets { result.offsets.append(offset) }
  }

  mutating func appendPlainText(_ range: Range<Int>) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = tokenizer.preTokenizer.endOfWord(in: text, from: start, end: range.upperBound)
      let word = UnsafeBufferPointer(rebasing: text[start..<end])
      if let id = tokenizer.vocabulary.id(of: word), tokenizer.isWholeWord[Int(id)] {
        append(Int(id), at: start)
      } else {
        merger.split(word)
        for (token, offset) in zip(merger.tokens, merger.starts) { append(Int(token), at: start + offset) }
      }
      start = end
    }
  }
}
