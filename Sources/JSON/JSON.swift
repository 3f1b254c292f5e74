/// A JSON value (RFC 8259).
///
/// Equality and hashing go by meaning, not by Swift's canonical equivalence of strings: strings and keys are equal if
/// their UTF-8 bytes are, objects if they have the same members in any order, numbers if their literals are the same.
public enum JSON: Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

// MARK: - Typed access

extension JSON {
  /// The value of a boolean, else nil.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The number, else nil.
  public var number: JSONNumber? {
    if case .number(let value) = self { value } else { nil }
  }

  /// The value of a number written without fraction and exponent that fits into `Int`, else nil.
  public var int: Int? { number?.int }

  /// The nearest double of a number, else nil.
  public var double: Double? { number?.double }

  /// The text of a string, else nil.
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The elements of an array, else nil.
  public var array: [JSON]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The members of an object, else nil.
  public var object: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// True for `null`.
  public var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// The member of an object with this key; nil if there is none or this is no object.
  public subscript(_ key: String) -> JSON? { object?[key] }

  /// What kind of value this is, for messages: `null`, `a boolean`, `a number`, `a string`, `an array`, `an object`.
  public var kindDescription: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

// MARK: - Construction

extension JSON {
  /// An object with these members in this order.
  public static func object(_ members: [(String, JSON)]) -> JSON { .object(JSONObject(members)) }

  public static func number(_ value: Int) -> JSON { .number(JSONNumber(value)) }

  public static func number(_ value: Double) -> JSON { .number(JSONNumber(value)) }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .number(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }
}

// MARK: - Equality

extension JSON: Hashable {
  public static func == (left: JSON, right: JSON) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): UTF8Key(a) == UTF8Key(b)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0 as UInt8)
    case .bool(let value): hasher.combine(value)
    case .number(let value): hasher.combine(value)
    case .string(let value): hasher.combine(UTF8Key(value))
    case .array(let value): hasher.combine(value)
    case .object(let value): hasher.combine(value)
    }
  }
}

extension JSON: CustomStringConvertible {
  /// The compact text.
  public var description: String { text() }
}

/// A string whose identity is its UTF-8 bytes.
struct UTF8Key: Hashable {
  let string: String

  init(_ string: String) { self.string = string }

  static func == (left: UTF8Key, right: UTF8Key) -> Bool {
    left.string.utf8.elementsEqual(right.string.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    hasher.combine(0xFF as UInt8)
  }
}
