import JSON
import Text

/// JSON as language models write it: in prose or a code block, cut off by the token limit, with raw line breaks, lone
/// backslashes (`$\alpha$`) or unescaped quotes inside strings, with a comma too many.
struct LenientJSON {
  /// What was read from one place of a text.
  struct Result {
    /// Everything that was complete. Containers that were not closed hold their complete elements.
    var value: LocatedJSON
    /// How many containers were still open at the end: they are the value, its last element, that one's last element…
    var openContainers: Int
    /// The bytes that were read.
    var range: Range<Int>
    /// Why reading ended early; nil if the value is complete.
    var problem: Problem?
  }

  enum Problem: Equatable {
    /// The text ended inside the value. An unterminated last string, if there was one, is dropped.
    case truncated
    /// Something that is no JSON stood at this byte.
    case malformed(offset: Int)
  }

  static let codeFence = Array("```".utf8)
  private static let maximumDepth = 64
  /// Places tried before giving up; with it reading is linear.
  private static let maximumAttempts = 32

  private let bytes: [UInt8]
  private var offset: Int
  private var problem: Problem?
  private var openContainers = 0

  private init(_ bytes: [UInt8], at offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  /// The first array or object in a text that `isUsable`: in the first code block if there is one, else anywhere.
  static func find(in text: String, where isUsable: (Result) -> Bool) -> Result? {
    let bytes = Array(text.utf8)
    let fence = ByteSearch(codeFence).firstRange(in: bytes)
    for start in [fence?.upperBound, 0].compactMap({ $0 }) {
      var index = start
      var attempts = 0
      while index < bytes.count, attempts < maximumAttempts {
        guard bytes[index] == UInt8(ascii: "[") || bytes[index] == UInt8(ascii: "{") else {
          index += 1
          continue
        }
        attempts += 1
        let result = read(bytes, at: index)
        if isUsable(result) { return result }
        index = result.problem == nil ? result.range.upperBound : index + 1
      }
    }
    return nil
  }

  /// Reads the array or object that begins at `offset`.
  static func read(_ bytes: [UInt8], at offset: Int) -> Result {
    var reader = LenientJSON(bytes, at: offset)
    let value = reader.value(depth: 0) ?? .scalar(.null)
    return Result(
      value: value, openContainers: reader.openContainers, range: offset..<reader.offset, problem: reader.problem)
  }

  // MARK: Values. Each returns nil, and sets `problem`, if there is nothing complete.

  private mutating func value(depth: Int) -> LocatedJSON? {
    skipWhitespace()
    guard let byte else {
      stop()
      return nil
    }
    switch byte {
    case UInt8(ascii: "{") where depth < Self.maximumDepth: return object(depth: depth)
    case UInt8(ascii: "[") where depth < Self.maximumDepth: return array(depth: depth)
    case UInt8(ascii: "\""): return string().map(LocatedJSON.string)
    default: return scalar()
    }
  }

  private mutating func array(depth: Int) -> LocatedJSON {
    var elements: [LocatedJSON] = []
    offset += 1
    while nextElement(before: UInt8(ascii: "]")) {
      if let element = value(depth: depth + 1) { elements.append(element) }
      if problem != nil { break }
    }
    if problem != nil { openContainers += 1 }
    return .array(elements)
  }

  private mutating func object(depth: Int) -> LocatedJSON {
    var object = LocatedJSON.Object()
    offset += 1
    while nextElement(before: UInt8(ascii: "}")) {
      guard byte == UInt8(ascii: "\""), let key = string()?.text else {
        stop()
        break
      }
      skipWhitespace()
      guard byte == UInt8(ascii: ":") else {
        stop()
        break
      }
      offset += 1
      if let member = value(depth: depth + 1) { object.set(key, member) }
      if problem != nil { break }
    }
    if problem != nil { openContainers += 1 }
    return .object(object)
  }

  /// Moves to the next element; false at the container's end, which is then passed, and at the text's.
  private mutating func nextElement(before closing: UInt8) -> Bool {
    skipWhitespace()
    while byte == UInt8(ascii: ",") {
      offset += 1
      skipWhitespace()
    }
    guard let byte else {
      stop()
      return false
    }
    guard byte == closing else { return true }
    offset += 1
    return false
  }

  private mutating func scalar() -> LocatedJSON? {
    let start = offset
    while let byte, Self.isScalarByte(byte) { offset += 1 }
    // `12` at the end of the text may be the beginning of `123`.
    if byte != nil {
      if let value = try? JSON.parse(bytes[start..<offset], options: .python) { return LocatedJSON(value) }
      offset = start
    }
    stop()
    return nil
  }

  private static func isScalarByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  // MARK: Strings

  private mutating func string() -> OutputString? {
    var content: [UInt8] = [UInt8(ascii: "\"")]
    offset += 1
    let start = offset
    while let byte {
      if byte == UInt8(ascii: "\""), isClosingQuote(at: offset) {
        let range = start..<offset
        offset += 1
        content.append(byte)
        return OutputString((try? JSON.parse(content))?.string ?? "", range: range)
      }
      appendCharacter(to: &content)
    }
    stop()
    return nil
  }

  /// Appends the character at `offset` so that strict JSON can read it.
  private mutating func appendCharacter(to content: inout [UInt8]) {
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""): content += [UInt8(ascii: "\\"), byte]
    case UInt8(ascii: "\\"):
      guard offset < bytes.count else { return }
      if let length = escapeLength(at: offset) {
        content.append(byte)
        content += bytes[offset..<offset + length]
        offset += length
      } else {
        content += [byte, byte]
      }
    case 0..<0x20:
      let digits = Array("0123456789abcdef".utf8)
      content += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    default: content.append(byte)
    }
  }

  /// Bytes of the escape after a backslash; nil if there is none that JSON knows.
  private func escapeLength(at index: Int) -> Int? {
    switch bytes[index] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return 1
    case UInt8(ascii: "u"):
      let digits = bytes[(index + 1)...].prefix(4)
      let areHexadecimal = digits.count == 4 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
      return areHexadecimal ? 5 : nil
    default: return nil
    }
  }

  /// A quote ends its string if JSON can go on behind it, or the text ends there; otherwise it belongs to the text.
  private func isClosingQuote(at index: Int) -> Bool {
    var next = index + 1
    while next < bytes.count, Self.isWhitespace(bytes[next]) { next += 1 }
    guard next < bytes.count else { return true }
    return ",]}:\"`".utf8.contains(bytes[next])
  }

  // MARK: Bytes

  private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private static func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private mutating func skipWhitespace() {
    while let byte, Self.isWhitespace(byte) { offset += 1 }
  }

  private mutating func stop() {
    if problem == nil { problem = offset < bytes.count ? .malformed(offset: offset) : .truncated }
  }
}

extension LenientJSON.Problem: CustomStringConvertible {
  var description: String {
    switch self {
    case .truncated: "the output is cut off; what is complete in it was kept"
    case .malformed(let offset): "the output is no JSON from byte \(offset) on; what stands before was kept"
    }
  }
}
