extension JSON {
  /// How a value is laid out as text.
  public struct TextStyle: Sendable, Hashable {
    /// Between elements.
    public var comma: String
    /// Between key and value.
    public var colon: String
    /// Spaces per level, one element a line; nil writes one line.
    public var indent: Int?

    public init(comma: String, colon: String, indent: Int? = nil) {
      self.comma = comma
      self.colon = colon
      self.indent = indent
    }

    /// `{"a":[1,2]}`
    public static let compact = TextStyle(comma: ",", colon: ":")
    /// `{"a": [1, 2]}`, as Python's `json.dumps(value, ensure_ascii=False)`.
    public static let python = TextStyle(comma: ", ", colon: ": ")
    /// One element a line, two spaces a level.
    public static let pretty = pretty(indent: 2)
    /// One element a line, as Python's `json.dumps(value, ensure_ascii=False, indent=indent)`.
    public static func pretty(indent: Int) -> TextStyle { TextStyle(comma: ",", colon: ": ", indent: max(indent, 0)) }
  }

  /// The value as JSON text: members in their order, only `"`, `\` and control characters escaped.
  ///
  /// NaN and the infinities, which JSON does not have, become `null`.
  public func text(_ style: TextStyle = .compact) -> String {
    String(decoding: utf8(style), as: UTF8.self)
  }

  /// The text on one line, or with two spaces a level.
  public func text(pretty: Bool) -> String { text(pretty ? .pretty : .compact) }

  /// The bytes of `text(_:)`.
  public func utf8(_ style: TextStyle = .compact) -> [UInt8] {
    var writer = JSONWriter(style: style)
    writer.write(self, depth: 0)
    return writer.bytes
  }
}

private struct JSONWriter {
  let style: JSON.TextStyle
  var bytes: [UInt8] = []

  init(style: JSON.TextStyle) { self.style = style }

  mutating func write(_ value: JSON, depth: Int) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .number(let number): append(number.isValidJSON ? number.literal : "null")
    case .string(let string): write(string)
    case .array(let elements):
      append("[")
      for (index, element) in elements.enumerated() {
        separate(isFirst: index == 0, depth: depth + 1)
        write(element, depth: depth + 1)
      }
      if !elements.isEmpty { breakLine(depth: depth) }
      append("]")
    case .object(let object):
      append("{")
      for (index, member) in object.members.enumerated() {
        separate(isFirst: index == 0, depth: depth + 1)
        write(member.key)
        append(style.colon)
        write(member.value, depth: depth + 1)
      }
      if !object.isEmpty { breakLine(depth: depth) }
      append("}")
    }
  }

  private mutating func separate(isFirst: Bool, depth: Int) {
    if !isFirst { append(style.comma) }
    breakLine(depth: depth)
  }

  private mutating func breakLine(depth: Int) {
    guard let indent = style.indent else { return }
    bytes.append(0x0A)
    bytes.append(contentsOf: repeatElement(0x20, count: indent * depth))
  }

  private mutating func write(_ string: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x08: append("\\b")
      case 0x0C: append("\\f")
      case 0x0A: append("\\n")
      case 0x0D: append("\\r")
      case 0x09: append("\\t")
      case 0..<0x20: append((byte < 16 ? "\\u000" : "\\u00") + String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
