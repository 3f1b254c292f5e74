/// The inside of any JSON string that begins with a visible character (RFC 8259): UTF-8 with control characters, `"`
/// and `\` escaped, and surrogates in escapes only in pairs.
///
/// The closing quote is no part of it.
struct FreeString {
  /// Bytes that finish any character, at most.
  static let longestCharacter = 12

  /// Where in the string: between characters, or how far into one.
  enum Place: UInt8 {
    /// Between characters.
    case between
    /// After a backslash.
    case escape
    /// After `\u` and so many digits.
    case hex0, hex1, hex2, hex3
    /// After the escape of a high surrogate: `\`, `u` and the digits of a low one must follow.
    case highSurrogate, lowEscape, low0, low1, low2, low3
    /// So many continuation bytes are missing.
    case utf8Missing1, utf8Missing2, utf8Missing3
  }

  struct State: Hashable {
    var place = Place.between
    /// Whether the first character is still to be finished: it must be a visible one.
    var isFirst = true
    /// Bits of the unfinished character that decide what may follow.
    var value: UInt32 = 0
  }

  /// Bytes that the vocabulary can write; the rest stays out.
  let writable: ByteSet
  private let between: ByteSet
  private let betweenFirst: ByteSet
  private let escapes: ByteSet
  private let firstEscapes: ByteSet

  private static let hexDigits = ByteSet("0123456789abcdefABCDEF".utf8)
  private static let continuations = ByteSet(0x80...0xBF)

  init(writable: ByteSet) {
    // What can be begun can be finished: where a byte is missing that could be needed, nothing that may need it is
    // begun.
    var usable = writable
    if !writable.isSuperset(of: Self.continuations) { usable.subtract(ByteSet(0x80...0xFF)) }
    if !writable.isSuperset(of: ByteSet("\\\"/bfnrtu0123456789abcdef".utf8)) { usable.subtract([UInt8(ascii: "\\")]) }
    self.writable = writable
    var between = ByteSet(0x20...0x7F)
    between.subtract([UInt8(ascii: "\"")])
    between.formUnion(ByteSet(0xC2...0xF4))
    self.between = between.intersection(usable)
    var first = self.between
    first.subtract([0x20, 0x7F])
    betweenFirst = first
    escapes = ByteSet("\"\\/bfnrtu".utf8).intersection(usable)
    firstEscapes = ByteSet("\"\\/u".utf8).intersection(usable)
  }

  /// Whether the string may be closed here.
  func mayClose(_ state: State) -> Bool { state.place == .between && !state.isFirst }

  func nextBytes(_ state: State) -> ByteSet {
    switch state.place {
    case .between: return state.isFirst ? betweenFirst : between
    case .escape: return state.isFirst ? firstEscapes : escapes
    case .highSurrogate: return [UInt8(ascii: "\\")]
    case .lowEscape: return [UInt8(ascii: "u")]
    case .utf8Missing1 where !state.isFirst: return writable.intersection(Self.continuations)
    case .hex2, .hex3, .low2, .low3:
      if !state.isFirst { return writable.intersection(Self.hexDigits) }
    default: break
    }
    // The rest is rare: each byte is tried.
    var bytes = ByteSet()
    let isInUTF8 = state.place.rawValue >= Place.utf8Missing1.rawValue
    for byte in isInUTF8 ? 0x80...0xBF : UInt8(ascii: "0")...UInt8(ascii: "f") where advance(state, by: byte) != nil {
      bytes.insert(byte)
    }
    return bytes
  }

  @inline(__always)
  func advance(_ state: State, by byte: UInt8) -> State? {
    if state.place == .between {
      guard (state.isFirst ? betweenFirst : between).contains(byte) else { return nil }
      switch byte {
      case UInt8(ascii: "\\"): return State(place: .escape, isFirst: state.isFirst)
      case 0..<0x80: return State(isFirst: false)
      case ..<0xE0: return State(place: .utf8Missing1, isFirst: state.isFirst, value: kept(byte & 0x1F, state))
      case ..<0xF0: return State(place: .utf8Missing2, isFirst: state.isFirst, value: UInt32(byte & 0x0F))
      default: return State(place: .utf8Missing3, isFirst: state.isFirst, value: UInt32(byte & 0x07))
      }
    }
    return advanceInside(state, by: byte)
  }

  /// A value that only a first character needs, so that there are few states otherwise.
  @inline(__always)
  private func kept(_ value: some BinaryInteger, _ state: State) -> UInt32 { state.isFirst ? UInt32(value) : 0 }

  private func advanceInside(_ state: State, by byte: UInt8) -> State? {
    guard writable.contains(byte) else { return nil }
    func to(_ place: Place, _ value: UInt32 = 0) -> State { State(place: place, isFirst: state.isFirst, value: value) }
    switch state.place {
    case .between: return nil
    case .escape:
      guard (state.isFirst ? firstEscapes : escapes).contains(byte) else { return nil }
      return byte == UInt8(ascii: "u") ? to(.hex0) : State(isFirst: false)

    case .hex0: return Self.digit(byte).map { to(.hex1, $0 == 0xD ? $0 : kept($0, state)) }
    case .hex1:
      guard let digit = Self.digit(byte) else { return nil }
      let value = state.value << 4 | digit
      if (0xDC...0xDF).contains(value) { return nil }
      return to(.hex2, (0xD8...0xDB).contains(value) ? value : kept(value, state))
    case .hex2:
      guard let digit = Self.digit(byte) else { return nil }
      // The value without its last digit must leave some visible character.
      let value = state.value << 4 | digit
      if state.isFirst, !(0..<16).contains(where: { isVisible(value << 4 | $0) }) { return nil }
      return to(.hex3, isHighSurrogate(value << 4) ? value : kept(value, state))
    case .hex3:
      guard let digit = Self.digit(byte) else { return nil }
      let value = state.value << 4 | digit
      if isHighSurrogate(value) { return to(.highSurrogate) }
      return !state.isFirst || isVisible(value) ? State(isFirst: false) : nil

    case .highSurrogate: return byte == UInt8(ascii: "\\") ? to(.lowEscape) : nil
    case .lowEscape: return byte == UInt8(ascii: "u") ? to(.low0) : nil
    case .low0: return Self.digit(byte) == 0xD ? to(.low1) : nil
    case .low1: return Self.digit(byte).map { $0 >= 0xC } == true ? to(.low2) : nil
    case .low2: return Self.digit(byte).map { _ in to(.low3) }
    // Whitespace and control characters all lie below the surrogates.
    case .low3: return Self.digit(byte).map { _ in State(isFirst: false) }

    case .utf8Missing1, .utf8Missing2, .utf8Missing3:
      guard byte & 0xC0 == 0x80 else { return nil }
      return advanceUTF8(state, state.value << 6 | UInt32(byte & 0x3F))
    }
  }

  /// - Parameter value: the character's bits so far.
  private func advanceUTF8(_ state: State, _ value: UInt32) -> State? {
    func to(_ place: Place, _ value: UInt32) -> State { State(place: place, isFirst: state.isFirst, value: value) }
    switch state.place {
    case .utf8Missing3:
      // U+10000 to U+10FFFF
      return (0x10...0x10F).contains(value) ? to(.utf8Missing2, max(0x10, kept(value, state))) : nil
    case .utf8Missing2:
      // Of three bytes: neither overlong nor a surrogate. (Of four, the bits before are 0x10 at least.)
      if state.value < 0x10, value < 0x20 || (0x360...0x37F).contains(value) { return nil }
      if state.isFirst, !(0..<64).contains(where: { isVisible(value << 6 | $0) }) { return nil }
      return to(.utf8Missing1, kept(value, state))
    default:
      return !state.isFirst || isVisible(value) ? State(isFirst: false) : nil
    }
  }

  private func isHighSurrogate(_ value: UInt32) -> Bool { (0xD800...0xDBFF).contains(value) }

  /// Of an escape or encoded scalar that stands first. A high surrogate begins a visible one.
  private func isVisible(_ value: UInt32) -> Bool {
    isHighSurrogate(value) || Unicode.Scalar(value).map(CharacterClass.isVisible) == true
  }

  private static func digit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  /// Bytes that finish the character that has been begun.
  func finishing(_ state: State) -> [UInt8] {
    var state = state
    var bytes: [UInt8] = []
    while state.place != .between, let byte = nextBytes(state).first, let next = advance(state, by: byte) {
      bytes.append(byte)
      state = next
    }
    return bytes
  }
}
