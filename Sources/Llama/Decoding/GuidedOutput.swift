import Constraints
import Tokenizer

/// One output that is held to a constraint: what the guide says in bytes, said in tokens.
///
/// Where the constraint leaves one continuation, the tokens are planned ahead. They are those that the tokenizer makes
/// of the text, so that the model sees what it was trained on; the last word of a planned stretch is left to the model,
/// because what follows may belong to the same token.
struct GuidedOutput {
  private let tokenizer: Tokenizer
  private var guide: OutputGuide
  /// All bytes so far, the planned ones included, and where the word begins that holds the last of them.
  private var text: [UInt8] = []
  private var wordStart = 0
  /// Tokens that must come next, in order.
  private(set) var planned: [Int] = []
  /// Whether the planned tokens close the output because the limit is near.
  private(set) var isClosing = false

  /// Bytes that are looked ahead at a time.
  private static let lookahead = 4_096

  /// - Parameter limit: of new tokens.
  init(_ guide: OutputGuide, tokenizer: Tokenizer, limit: Int) throws {
    self.guide = guide
    self.tokenizer = tokenizer
    let shortest = closingTokens().count
    guard shortest <= limit else {
      throw LlamaError(
        .prompt,
        "found a limit of \(limit) new tokens, expected at least \(shortest): the shortest output allowed needs them")
    }
    plan(remaining: limit)
  }

  /// Whether nothing is to be chosen any more; planned tokens may still be there.
  var isDecided: Bool { isClosing || guide.isComplete }

  var isComplete: Bool { isDecided && planned.isEmpty }

  var allowedTokens: TokenSet { guide.allowedTokens() }

  /// Takes the next planned token.
  mutating func takePlanned() -> Int? { planned.isEmpty ? nil : planned.removeFirst() }

  /// Takes a chosen token, and plans what must follow.
  ///
  /// - Parameter remaining: tokens that may follow it.
  /// - Returns: false if the output could not be closed any more within the limit; it is then closed without the token.
  mutating func append(_ token: Int, remaining: Int) -> Bool {
    let bytes = tokenizer.tokenBytes(token) ?? []
    var next = self
    guard !bytes.isEmpty, next.extend(bytes), next.canBeClosed(within: remaining) else {
      close()
      return false
    }
    self = next
    plan(remaining: remaining)
    return true
  }

  private mutating func extend(_ bytes: some Collection<UInt8>) -> Bool {
    guard guide.append(bytes) else { return false }
    text.append(contentsOf: bytes)
    wordStart = tokenizer.startOfLastWord(in: text, from: wordStart, to: endOfLastCharacter(in: text))
    return true
  }

  // MARK: Planning

  private mutating func plan(remaining: Int) {
    let forced = guide.forcedBytes(atMost: Self.lookahead)
    var tokens = tokens(for: forced.bytes, isLast: forced.completes)
    if tokens.isEmpty { return }
    if !takePlan(tokens, remaining: remaining) {
      // A long copy near the limit: as far as it can surely be closed. What comes then is decided token by token.
      tokens.removeLast(tokens.count - lengthThatFits(tokens, remaining: remaining))
      if !tokens.isEmpty { _ = takePlan(tokens, remaining: remaining) }
    }
  }

  private mutating func takePlan(_ tokens: [Int], remaining: Int) -> Bool {
    var next = self
    guard next.extend(tokenizer.decodeBytes(tokens)), next.canBeClosed(within: remaining - tokens.count) else {
      return false
    }
    self = next
    planned = tokens
    return true
  }

  /// How many of the tokens may be taken so that a token for each byte would be left to close the output.
  private func lengthThatFits(_ tokens: [Int], remaining: Int) -> Int {
    var guide = guide
    var length = 0
    for (index, token) in tokens.prefix(max(remaining, 0)).enumerated() {
      guard guide.append(tokenizer.tokenBytes(token) ?? []) else { break }
      if guide.closingBound <= remaining - index - 1 { length = index + 1 }
    }
    return length
  }

  /// The tokens that the tokenizer makes of bytes that follow the text.
  ///
  /// - Parameter isLast: whether nothing follows the bytes. Otherwise their last word stays out.
  private func tokens(for bytes: [UInt8], isLast: Bool) -> [Int] {
    if bytes.isEmpty { return [] }
    var word = Array(text[wordStart...]) + bytes
    let start = text.count - wordStart
    if !isLast {
      word.removeLast(word.count - tokenizer.startOfLastWord(in: word, to: endOfLastCharacter(in: word)))
    }
    guard word.count > start else { return [] }
    let whole = tokenizer.encodeWithOffsets(utf8: word)
    var tokens: [Int]
    if let first = whole.offsets.firstIndex(of: start) {
      tokens = Array(whole.ids[first...])
    } else {
      // The tokenizer would have cut the last token otherwise; from here on it is followed.
      tokens = tokenizer.encode(utf8: Array(word[start...]))
    }
    // A byte without a token would vanish.
    return tokenizer.decodeBytes(tokens) == Array(word[start...]) ? tokens : []
  }

  /// Where the last whole character ends; bytes of an unfinished one may follow.
  private func endOfLastCharacter(in bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let byte = bytes[bytes.count - length]
      if byte & 0xC0 == 0x80 { continue }
      let expected = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return expected > length ? bytes.count - length : bytes.count
    }
    return bytes.count
  }

  // MARK: Closing

  private func canBeClosed(within remaining: Int) -> Bool {
    // A token has one byte at least.
    guide.closingBound <= remaining || closingTokens().count <= remaining
  }

  private func closingTokens() -> [Int] {
    let bytes = guide.closingBytes()
    let tokens = tokens(for: bytes, isLast: true)
    // Every byte of it is a token by itself, whatever the tokenizer would make of the whole.
    return tokens.isEmpty ? bytes.flatMap { tokenizer.encode(utf8: [$0]) } : tokens
  }

  private mutating func close() {
    planned = closingTokens()
    isClosing = true
  }
}
