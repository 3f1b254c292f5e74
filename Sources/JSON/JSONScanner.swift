/// Reads JSON piece by piece without building a tree, for files too large for one.
///
/// The caller asks for what it expects; commas, colons, nesting, strings and numbers are checked on the way:
/// ```swift
/// var scanner = JSONScanner(bytes)
/// try scanner.beginObject()
/// while let key = try scanner.nextKey() {
///   if scanner.text(of: key) == "version" { version = try scanner.string() } else { try scanner.skipValue() }
/// }
/// try scanner.finish()
/// ```
/// After an error the scanner must not be used further. The buffer must outlive it.
public struct JSONScanner {
  /// What the next value is.
  public enum Kind: Sendable { case object, array, string, number, bool, null }

  /// A checked string literal in the buffer.
  public struct StringToken: Sendable {
    /// The bytes between the quotes.
    public let range: Range<Int>
    /// False if those bytes are the string's UTF-8 as they stand.
    public let hasEscapes: Bool
  }

  /// An open array or object, and whether it has had an element yet.
  private struct Container {
    let isObject: Bool
    var isFirst = true
  }

  public let options: JSON.ParseOptions
  /// Offset of the next byte to be read.
  public private(set) var offset = 0

  let bytes: UnsafeBufferPointer<UInt8>
  private var containers: [Container] = []
  private let maximumDepth: Int

  public init(_ bytes: UnsafeBufferPointer<UInt8>, options: JSON.ParseOptions = .strict) {
    self.bytes = bytes
    self.options = options
    maximumDepth = min(max(options.maximumDepth, 0), 512)
  }

  // MARK: Structure

  /// The kind of the next value; reads whitespace only.
  public mutating func peek() throws(JSONError) -> Kind {
    skipWhitespace()
    switch byte {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"): return .number
    case let byte? where isDigit(byte): return .number
    case UInt8(ascii: "N"), UInt8(ascii: "I"):
      if options.allowNonFinite { return .number }
    case 0xEF where offset == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF]):
      throw error("a byte order mark stands before the value; remove it")
    default: break
    }
    throw error("expected a value, found \(found)")
  }

  /// Enters an object. Follow with `nextKey()` until it returns nil.
  public mutating func beginObject() throws(JSONError) { try begin(UInt8(ascii: "{"), "an object", isObject: true) }

  /// Enters an array. Follow with `nextElement()` until it returns false.
  public mutating func beginArray() throws(JSONError) { try begin(UInt8(ascii: "["), "an array", isObject: false) }

  private mutating func begin(_ opening: UInt8, _ name: String, isObject: Bool) throws(JSONError) {
    skipWhitespace()
    guard byte == opening else { throw error("expected \(name), found \(found)") }
    guard containers.count < maximumDepth else { throw error("nested deeper than \(maximumDepth)") }
    containers.append(Container(isObject: isObject))
    offset += 1
  }

  /// The key of the next member, or nil at the object's end, which is then left. The member's value must be read next.
  public mutating func nextKey() throws(JSONError) -> StringToken? {
    guard try advance(to: UInt8(ascii: "}"), isObject: true) else { return nil }
    guard byte == UInt8(ascii: "\"") else { throw error("expected a key in quotes, found \(found)") }
    let key = try stringToken()
    skipWhitespace()
    guard byte == UInt8(ascii: ":") else { throw error("expected ':' after a key, found \(found)") }
    offset += 1
    return key
  }

  /// Whether the array has another element, which must be read next. At its end the array is left.
  public mutating func nextElement() throws(JSONError) -> Bool {
    try advance(to: UInt8(ascii: "]"), isObject: false)
  }

  /// Goes to the next member of the innermost container, or past its closing byte (then false).
  private mutating func advance(to closing: UInt8, isObject: Bool) throws(JSONError) -> Bool {
    guard let container = containers.last, container.isObject == isObject else {
      throw error("the reader is not in \(isObject ? "an object" : "an array")")
    }
    skipWhitespace()
    if byte == closing {
      offset += 1
      containers.removeLast()
      return false
    }
    if container.isFirst {
      containers[containers.count - 1].isFirst = false
    } else {
      guard byte == UInt8(ascii: ",") else {
        throw error("expected ',' or '\(Character(Unicode.Scalar(closing)))', found \(found)")
      }
      offset += 1
      skipWhitespace()
      if byte == closing { throw error("a comma stands before '\(Character(Unicode.Scalar(closing)))'") }
    }
    return true
  }

  /// Whether nothing but whitespace is left; reads it.
  public var isAtEnd: Bool {
    mutating get {
      skipWhitespace()
      return offset == bytes.count
    }
  }

  /// Checks that nothing but whitespace is left.
  public mutating func finish() throws(JSONError) {
    skipWhitespace()
    if !containers.isEmpty { throw error("the value is not closed") }
    if offset < bytes.count { throw error("expected the end of the text, found \(found)") }
  }

  // MARK: Scalars

  /// Reads `true` or `false`.
  public mutating func bool() throws(JSONError) -> Bool {
    skipWhitespace()
    if take("true") { return true }
    if take("false") { return false }
    throw error("expected true or false, found \(found)")
  }

  /// Reads `null`.
  public mutating func null() throws(JSONError) {
    skipWhitespace()
    guard take("null") else { throw error("expected null, found \(found)") }
  }

  /// Reads a number.
  public mutating func number() throws(JSONError) -> JSONNumber {
    let range = try numberRange()
    return JSONNumber(checkedLiteral: String(decoding: bytes[range], as: UTF8.self))
  }

  /// Reads a number that must be an integer of `Int`'s range.
  public mutating func int() throws(JSONError) -> Int {
    let range = try numberRange()
    var value = 0
    let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
    for index in isNegative ? range.dropFirst() : range {
      let digit = Int(bytes[index]) - 48
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) =
        isNegative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
      guard (0...9).contains(digit), !overflow, !overflow2 else {
        throw JSONError(offset: range.lowerBound, message: "expected an integer of 64 bits")
      }
      value = sum
    }
    return value
  }

  mutating func numberRange() throws(JSONError) -> Range<Int> {
    skipWhitespace()
    let start = offset
    if options.allowNonFinite, take("NaN") || take("Infinity") || take("-Infinity") { return start..<offset }
    if byte == UInt8(ascii: "-") { offset += 1 }
    if byte == UInt8(ascii: "0") {
      offset += 1
      if isDigit(byte) { throw error("a number must not start with 0") }
    } else {
      try takeDigits("a digit")
    }
    if byte == UInt8(ascii: ".") {
      offset += 1
      try takeDigits("a digit after '.'")
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      offset += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { offset += 1 }
      try takeDigits("a digit of the exponent")
    }
    return start..<offset
  }

  private mutating func takeDigits(_ expected: String) throws(JSONError) {
    guard isDigit(byte) else { throw error("expected \(expected), found \(found)") }
    while isDigit(byte) { offset += 1 }
  }

  // MARK: Bytes

  /// The next byte; nil at the end.
  @inline(__always)
  private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  @inline(__always)
  private func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return byte &- 48 < 10
  }

  mutating func skipWhitespace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count - offset >= count else { return false }
    for index in 0..<count where bytes[offset + index] != word.utf8Start[index] { return false }
    offset += count
    return true
  }

  /// Moves on inside a string literal; only for `JSONScanner+Strings`.
  mutating func moveTo(_ newOffset: Int) { offset = newOffset }

  func error(_ message: String) -> JSONError { JSONError(offset: offset, message: message) }

  /// The next byte as messages name it.
  var found: String {
    switch byte {
    case nil: "the end of the text"
    case let byte? where byte > 0x20 && byte < 0x7F: "'\(Character(Unicode.Scalar(byte)))'"
    case let byte?: "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
  }
}
