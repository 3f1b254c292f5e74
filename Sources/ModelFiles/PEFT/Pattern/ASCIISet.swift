/// A set of ASCII characters.
struct ASCIISet: Sendable, Hashable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init() {}

  init(_ range: ClosedRange<UInt8>) {
    for byte in range { insert(byte) }
  }

  init(_ text: String) {
    for byte in text.utf8 { insert(byte) }
  }

  static let digits = ASCIISet("0123456789")
  static let lowerCase = ASCIISet(UInt8(ascii: "a")...UInt8(ascii: "z"))
  static let upperCase = ASCIISet(UInt8(ascii: "A")...UInt8(ascii: "Z"))
  static let letters = lowerCase.union(upperCase)
  /// Python's `\w`.
  static let wordCharacters = letters.union(digits).union(ASCIISet("_"))
  /// Python's `\s`: what `str.isspace` is true for.
  static let spaces = ASCIISet(" ").union(ASCIISet(0x09...0x0D)).union(ASCIISet(0x1C...0x1F))

  func contains(_ byte: UInt8) -> Bool {
    byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte - 64) & 1 == 1
  }

  mutating func insert(_ byte: UInt8) {
    if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
  }

  func union(_ other: ASCIISet) -> ASCIISet {
    var result = self
    result.low |= other.low
    result.high |= other.high
    return result
  }

  var inverted: ASCIISet {
    var result = self
    (result.low, result.high) = (~low, ~high)
    return result
  }

  /// The set with the other case of each of its letters, if `ignoring`; else the set itself.
  func ignoringCase(_ ignoring: Bool) -> ASCIISet {
    guard ignoring else { return self }
    var result = self
    for lower in UInt8(ascii: "a")...UInt8(ascii: "z") where contains(lower) || contains(lower ^ 0x20) {
      result.insert(lower)
      result.insert(lower ^ 0x20)
    }
    return result
  }
}
