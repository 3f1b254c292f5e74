/// A JSON number, kept as it was written: `1`, `1.0` and `1e0` are different literals of the same value.
public struct JSONNumber: Sendable, Hashable {
  /// The text: JSON's number syntax, or `NaN`, `Infinity`, `-Infinity` where the reader allowed them.
  public let literal: String

  /// A literal that the scanner has checked.
  init(checkedLiteral literal: String) { self.literal = literal }

  public init(_ value: Int) { literal = String(value) }

  /// The shortest literal that reads back as this value (`1.0`, `1e-05`). Infinities and NaN get Python's names.
  public init(_ value: Double) {
    literal =
      if value.isNaN { "NaN" } else if value.isInfinite { value < 0 ? "-Infinity" : "Infinity" } else {
        value.description
      }
  }

  /// The value of a literal without fraction and exponent that fits into `Int`, else nil: `1.0` has none.
  public var int: Int? { Int(literal) }

  /// The nearest double. Magnitudes beyond its range are infinite or zero, as in Python.
  public var double: Double {
    switch literal {
    case "NaN": .nan
    case "Infinity": .infinity
    case "-Infinity": -.infinity
    default: Double(literal) ?? .nan
    }
  }

  /// False for NaN and the infinities, which JSON does not have. An overflowing literal such as `1e999` is finite text.
  public var isValidJSON: Bool { literal != "NaN" && literal != "Infinity" && literal != "-Infinity" }
}
