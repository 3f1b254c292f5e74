import Text

/// Character references such as `&eacute;` and `&#233;`.
enum HTMLEntities {
  /// Replaces the references in a text as ftfy does: named ones with their semicolon, also shouted (`&EACUTE;`), and
  /// numeric ones by the rules of HTML5. What is not a reference stays.
  static func unescape(_ text: Scalars) -> Scalars {
    guard text.contains(0x26) else { return text }
    var result = Scalars()
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if text[index] == 0x26, let end = referenceEnd(text, from: index) {
        result += replacement(for: text[index..<end]) ?? Scalars(text[index..<end])
        index = end
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }

  /// The end of `&`, an optional `#`, 1 to 24 ASCII letters or digits, and `;`.
  private static func referenceEnd(_ text: Scalars, from start: Int) -> Int? {
    var index = start + 1
    if index < text.count && text[index] == 0x23 { index += 1 }
    let first = index
    while index < text.count && index - first <= 24 && isLetterOrDigit(text[index]) { index += 1 }
    guard index > first, index - first <= 24, index < text.count, text[index] == 0x3B else { return nil }
    return index + 1
  }

  private static func isLetterOrDigit(_ value: UInt32) -> Bool {
    value >= 0x30 && value <= 0x39 || value >= 0x41 && value <= 0x5A || value >= 0x61 && value <= 0x7A
  }

  private static func replacement(for reference: ArraySlice<UInt32>) -> Scalars? {
    let body = reference.dropFirst().dropLast()
    let name = String(scalars: body)
    if let scalars = named[name] { return scalars }
    guard name.hasPrefix("#") else { return nil }
    let digits = name.dropFirst()
    let isHexadecimal = digits.hasPrefix("x") || digits.hasPrefix("X")
    guard let character = numeric(isHexadecimal ? digits.dropFirst() : digits, radix: isHexadecimal ? 16 : 10) else {
      return nil
    }
    // ftfy distrusts a replacement with a semicolon, and so keeps a semicolon's own reference.
    return character.contains(0x3B) ? nil : character
  }

  /// The character of a numeric reference: nothing for control and non-characters, U+FFFD for what is out of range,
  /// and Windows-1252 for the numbers 128 to 159.
  private static func numeric(_ digits: Substring, radix: Int) -> Scalars? {
    guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt32(String(UnicodeScalar($0)), radix: radix) != nil }) else {
      return nil
    }
    guard let value = UInt32(digits, radix: radix), value <= 0x10FFFF else { return [0xFFFD] }
    switch value {
    case 0, 0xD800...0xDFFF: return [0xFFFD]
    case 0x0D: return [0x0D]
    case 0x80...0x9F: return [SingleByteEncoding.windows1252.decode(UInt8(value))]
    case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: return []
    default: return value & 0xFFFE == 0xFFFE ? [] : [value]
    }
  }

  /// 2,125 names of HTML5 and the upper-case forms of the all-lower-case ones.
  static let named: [String: Scalars] = {
    var named: [String: Scalars] = [:]
    let items = HTMLEntityTable.namedReferences.split(separator: " ")
    for index in stride(from: 0, to: items.count - 1, by: 2) {
      named[String(items[index])] = items[index + 1].split(separator: ",").compactMap { UInt32($0, radix: 16) }
    }
    // HTML5 also knows some upper-case names without a semicolon; a longer name that begins with one is read as that.
    let shadowing = ["AMP", "COPY", "GT", "LT", "QUOT", "REG"]
    for (name, scalars) in named where !name.utf8.contains(where: { $0 >= 0x41 && $0 <= 0x5A }) {
      let shouted = name.uppercased()
      if named[shouted] == nil, !shadowing.contains(where: shouted.hasPrefix) {
        named[shouted] = PythonText.uppercased(scalars)
      }
    }
    return named
  }()
}
