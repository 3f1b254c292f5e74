import Files

/// A metadata value of a GGUF file.
public enum GGUFValue: Sendable {
  /// `uint8`, `uint16`, `uint32`, `uint64`.
  case unsigned(UInt64)
  /// `int8`, `int16`, `int32`, `int64`.
  case signed(Int64)
  /// `float32` (widened exactly) and `float64`.
  case float(Double)
  case bool(Bool)
  case string(String)
  /// Left in the file until asked for: vocabularies have hundreds of thousands of entries.
  case array(GGUFArray)

  /// The value of an integer of either sign, where it fits.
  public var int: Int? {
    switch self {
    case .unsigned(let value): Int(exactly: value)
    case .signed(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The value of any number.
  public var double: Double? {
    switch self {
    case .unsigned(let value): Double(value)
    case .signed(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  public var array: GGUFArray? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The kind of the value, for messages.
  public var kindDescription: String {
    switch self {
    case .unsigned, .signed: "an integer"
    case .float: "a float"
    case .bool: "a boolean"
    case .string: "a string"
    case .array(let array): "an array of \(array.count) \(array.elementType)"
    }
  }
}

/// Type numbers of metadata values in the file.
public enum GGUFValueType: UInt32, Sendable {
  case uint8 = 0
  case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Fewest bytes that a value of this type takes in the file.
  var minimumByteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string: 8  // its length
    case .array: 12  // its type and count
    }
  }
}

/// An array of a GGUF file's metadata; the range was checked, the elements are read when asked for.
public struct GGUFArray: Sendable {
  public let elementType: GGUFValueType
  public let count: Int
  let file: MappedFile
  /// Where the first element begins.
  let offset: Int

  /// The elements, which must be strings.
  ///
  /// Takes about 0.1 µs per element.
  public func strings() throws -> [String] {
    guard elementType == .string else { throw wrongType("strings") }
    return try elements("strings") { try $0.string() }
  }

  /// The elements, which must be integers that fit an `Int`.
  public func integers() throws -> [Int] {
    try elements("integers") { try $0.value(elementType, depth: 0).int }
  }

  /// The elements, which must be numbers.
  public func doubles() throws -> [Double] {
    try elements("numbers") { try $0.value(elementType, depth: 0).double }
  }

  /// - Parameter next: reads one element; nil where it is none of those that are expected.
  private func elements<Element>(
    _ expected: String, _ next: (inout GGUFCursor) throws -> Element?
  ) throws -> [Element] {
    var cursor = GGUFCursor(file: file, offset: offset)
    var result: [Element] = []
    result.reserveCapacity(count)
    for _ in 0..<count {
      guard let element = try next(&cursor) else { throw wrongType(expected) }
      result.append(element)
    }
    return result
  }

  private func wrongType(_ expected: String) -> FileError {
    FileError(
      .malformed, "\(file.path): offset \(offset): an array of \(count) \(elementType), expected \(expected)")
  }
}
