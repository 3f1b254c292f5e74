extension Tokenizer {
  /// The text of tokens. Nothing is cleaned up; each maximal malformed part of the bytes becomes one U+FFFD, and ids
  /// without a token stand for nothing.
  public func decode(_ ids: some Sequence<Int>, skippingSpecialTokens: Bool = false) -> String {
    String(decoding: decodeBytes(ids, skippingSpecialTokens: skippingSpecialTokens), as: UTF8.self)
  }

  /// The bytes of tokens, which need not be whole UTF-8.
  public func decodeBytes(_ ids: some Sequence<Int>, skippingSpecialTokens: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = []
    for id in ids where !(skippingSpecialTokens && isSpecial(id)) {
      if let token = tokenBytes(id) { bytes.append(contentsOf: token) }
    }
    return bytes
  }
}

/// Decodes tokens as they come, holding back what may be the beginning of a character.
///
/// The pieces together are what `Tokenizer.decode` makes of all tokens.
public struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  private var pending: [UInt8] = []

  public init(_ tokenizer: Tokenizer, skippingSpecialTokens: Bool = false) {
    self.tokenizer = tokenizer
    skipsSpecialTokens = skippingSpecialTokens
  }

  /// The text that becomes decodable with this token; empty inside a character.
  public mutating func append(_ id: Int) -> String {
    if skipsSpecialTokens && tokenizer.isSpecial(id) { return "" }
    guard let token = tokenizer.tokenBytes(id) else { return "" }
    pending.append(contentsOf: token)
    let decodable = pending.count - lengthOfUnfinishedCharacter
    let text = String(decoding: pending[..<decodable], as: UTF8.self)
    pending.removeFirst(decodable)
    return text
  }

  /// The rest, after the last token: U+FFFD if a character was left unfinished.
  public mutating func finish() -> String {
    let text = String(decoding: pending, as: UTF8.self)
    pending.removeAll()
    return text
  }

  /// How many bytes at the end are a proper beginning of a character that later bytes may complete.
  private var lengthOfUnfinishedCharacter: Int {
    for length in 1...3 where length <= pending.count {
      let first = pending[pending.count - length]
      if first & 0xC0 == 0x80 { continue }
      let expected: Int
      // What the first byte allows as the second one (Unicode 16, table 3-7).
      var second: ClosedRange<UInt8> = 0x80...0xBF
      switch first {
      case 0xC2...0xDF: expected = 2
      case 0xE0: (expected, second) = (3, 0xA0...0xBF)
      case 0xED: (expected, second) = (3, 0x80...0x9F)
      case 0xE1...0xEF: expected = 3
      case 0xF0: (expected, second) = (4, 0x90...0xBF)
      case 0xF1...0xF3: expected = 4
      case 0xF4: (expected, second) = (4, 0x80...0x8F)
      default: return 0
      }
      guard length < expected else { return 0 }
      return length == 1 || second.contains(pending[pending.count - length + 1]) ? length : 0
    }
    return 0
  }
}
