/// Text as Unicode scalar values.
///
/// The reference counts, compares and sorts code points, so all scoring works on these arrays and never on
/// `String`, whose equality is canonical equivalence and whose elements are grapheme clusters.
package typealias Scalars = [UInt32]

extension String {
  package init(scalars: some Sequence<UInt32>) {
    var view = String.UnicodeScalarView()
    for value in scalars { if let scalar = Unicode.Scalar(value) { view.append(scalar) } }
    self = String(view)
  }

  package var scalarValues: Scalars {
    var copy = self
    return copy.withUTF8 { bytes in
      var values = Scalars()
      values.reserveCapacity(bytes.count)
      var index = 0
      // A Swift string is valid UTF-8, so the lead byte alone tells the length.
      while index < bytes.count {
        let lead = UInt32(bytes[index])
        if lead < 0x80 {
          values.append(lead)
          index += 1
          continue
        }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var value = length == 2 ? lead & 0x1F : length == 3 ? lead & 0x0F : lead & 0x07
        for next in bytes[(index + 1)..<(index + length)] { value = value << 6 | UInt32(next & 0x3F) }
        values.append(value)
        index += length
      }
      return values
    }
  }
}

/// Python's string rules, as far as the reference uses them.
public enum PythonText {
  /// `str.isspace` of one code point, which is also what `\s`, `strip()` and `split()` go by.
  @inlinable public static func isWhitespace(_ value: UInt32) -> Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// The same of a scalar.
  @inlinable public static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool { isWhitespace(scalar.value) }

  /// Whether nothing but whitespace stands in a text, if anything.
  public static func isBlank(_ text: some StringProtocol) -> Bool { text.unicodeScalars.allSatisfy(isWhitespace) }

  /// `str.split()`: the non-empty runs between whitespace.
  package static func split(
    _ text: Scalars, where isSeparator: (UInt32) -> Bool = isWhitespace
  ) -> [ArraySlice<UInt32>] {
    var parts: [ArraySlice<UInt32>] = []
    var start = 0
    for index in 0..<text.count where isSeparator(text[index]) {
      if index > start { parts.append(text[start..<index]) }
      start = index + 1
    }
    if text.count > start { parts.append(text[start...]) }
    return parts
  }

  /// `str.strip()`.
  package static func strip(_ text: ArraySlice<UInt32>) -> ArraySlice<UInt32> {
    var text = text
    while let first = text.first, isWhitespace(first) { text.removeFirst() }
    while let last = text.last, isWhitespace(last) { text.removeLast() }
    return text
  }

  /// `str.strip()`.
  package static func strip(_ scalars: [Unicode.Scalar]) -> ArraySlice<Unicode.Scalar> {
    var slice = scalars[...]
    while let first = slice.first, isWhitespace(first) { slice.removeFirst() }
    while let last = slice.last, isWhitespace(last) { slice.removeLast() }
    return slice
  }

  /// `str.strip()`.
  package static func strip(_ text: Substring) -> Substring {
    var scalars = text.unicodeScalars
    while let first = scalars.first, isWhitespace(first) { scalars.removeFirst() }
    while let last = scalars.last, isWhitespace(last) { scalars.removeLast() }
    return Substring(scalars)
  }

  /// `str.strip()`.
  package static func strip(_ text: String) -> String { String(strip(text[...])) }

  /// `str.upper()`: full Unicode mapping, so `ß` becomes `SS`.
  package static func uppercased(_ text: some Collection<UInt32>) -> Scalars {
    var result = Scalars()
    result.reserveCapacity(text.count)
    for value in text {
      if value < 0x80 {
        result.append(value >= 0x61 && value <= 0x7A ? value - 0x20 : value)
      } else if let scalar = Unicode.Scalar(value) {
        for mapped in scalar.properties.uppercaseMapping.unicodeScalars { result.append(mapped.value) }
      }
    }
    return result
  }

  /// `str.lower()`: full Unicode mapping with the final form of sigma.
  package static func lowercased(_ text: ArraySlice<UInt32>) -> Scalars {
    var result = Scalars()
    result.reserveCapacity(text.count)
    for index in text.indices {
      let value = text[index]
      if value < 0x80 {
        result.append(value >= 0x41 && value <= 0x5A ? value + 0x20 : value)
      } else if value == 0x3A3 {
        result.append(isFinalSigma(text, at: index) ? 0x3C2 : 0x3C3)
      } else if let scalar = Unicode.Scalar(value) {
        for mapped in scalar.properties.lowercaseMapping.unicodeScalars { result.append(mapped.value) }
      }
    }
    return result
  }

  private static func isFinalSigma(_ text: ArraySlice<UInt32>, at index: Int) -> Bool {
    func isCasedLetter(_ slice: some Sequence<UInt32>) -> Bool {
      for value in slice {
        guard let properties = Unicode.Scalar(value)?.properties else { return false }
        if !properties.isCaseIgnorable { return properties.isCased }
      }
      return false
    }
    return isCasedLetter(text[..<index].reversed()) && !isCasedLetter(text[(index + 1)...])
  }

  /// `str.isupper()`: at least one upper-case character and none in lower or title case.
  package static func isUppercase(_ text: ArraySlice<UInt32>) -> Bool {
    var hasCased = false
    for value in text {
      if value < 0x80 {
        if value >= 0x61 && value <= 0x7A { return false }
        if value >= 0x41 && value <= 0x5A { hasCased = true }
        continue
      }
      guard let properties = Unicode.Scalar(value)?.properties else { continue }
      if properties.isLowercase || properties.generalCategory == .titlecaseLetter { return false }
      if properties.isUppercase { hasCased = true }
    }
    return hasCased
  }

  /// `\w` of a `str` pattern: letters, everything numeric, and the underscore.
  package static func isWordCharacter(_ value: UInt32) -> Bool {
    guard let properties = Unicode.Scalar(value)?.properties else { return false }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return value == 0x5F || properties.numericType != nil
    }
  }
}
