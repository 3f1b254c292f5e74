import JSON

/// Python's rules for values that `json.loads` made, where the reference's behaviour depends on them.
enum PythonValue {
  /// `bool(value)`.
  static func isTruthy(_ value: JSON) -> Bool {
    switch value {
    case .null: false
    case .bool(let value): value
    case .number(let number): number.double != 0
    case .string(let string): !string.isEmpty
    case .array(let elements): !elements.isEmpty
    case .object(let object): !object.isEmpty
    }
  }

  /// `str(value)` of what `json.loads` made of it. Numbers are right for integers, NaN, infinities and for fractions
  /// between 1e-4 and 1e16.
  static func str(_ value: JSON) -> String {
    if case .string(let string) = value { string } else { repr(value) }
  }

  private static func repr(_ value: JSON) -> String {
    switch value {
    case .null: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .number(let number):
      let isInteger = number.literal.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) }
      if isInteger { return number.literal == "-0" ? "0" : number.literal }
      let double = number.double
      if double.isNaN { return "nan" }
      if double.isInfinite { return double < 0 ? "-inf" : "inf" }
      return double.description
    case .string(let string):
      let quote = string.utf8.contains(0x27) && !string.utf8.contains(0x22) ? "\"" : "'"
      var text = quote
      for scalar in string.unicodeScalars {
        switch scalar {
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case "\\": text += "\\\\"
        case "'": text += quote == "'" ? "\\'" : "'"
        default: text.unicodeScalars.append(scalar)
        }
      }
      return text + quote
    case .array(let elements): return "[" + elements.map(repr).joined(separator: ", ") + "]"
    case .object(let object):
      return "{" + object.members.map { repr(.string($0.key)) + ": " + repr($0.value) }.joined(separator: ", ") + "}"
    }
  }
}
