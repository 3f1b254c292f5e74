import Text

/// The reference's clean-up of a statement before stage 2 (`preprocess_statement`).
public enum StatementCleanup {
  /// Ligatures spelled out, words rejoined that a hyphen and a line break divide, whitespace runs made one space.
  ///
  /// ```swift
  /// StatementCleanup.clean("the Na-\ntional  Science\nFoundation")  // "the National Science Foundation"
  /// ```
  /// A word is rejoined only where a lower-case ASCII letter follows, so that `CUG-\n2106202` keeps its hyphen (and
  /// gets a space). A single whitespace character other than tab, line feed and carriage return stays what it is.
  public static func clean(_ statement: String) -> String {
    let scalars = Array(PythonText.strip(collapsed(rejoined(Array(statement.unicodeScalars)))))
    var text = String.UnicodeScalarView()
    for scalar in scalars {
      if let letters = ligature(scalar) {
        text.append(contentsOf: letters.description.unicodeScalars)
      } else {
        text.append(scalar)
      }
    }
    return String(text)
  }

  /// The letters of a Latin ligature; the long s of U+FB05 becomes a plain one.
  static func ligature(_ scalar: Unicode.Scalar) -> StaticString? {
    switch scalar.value {
    case 0xFB00: "ff"
    case 0xFB01: "fi"
    case 0xFB02: "fl"
    case 0xFB03: "ffi"
    case 0xFB04: "ffl"
    case 0xFB05, 0xFB06: "st"
    default: nil
    }
  }

  /// `re.sub(r"(\w)-\s*\n\s*([a-z])", r"\1\2", text)`.
  private static func rejoined(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      guard scalar == "-", index >= 2, isWordCharacter(scalars[index - 2]) else {
        result.append(scalar)
        continue
      }
      var next = index
      var hasLineBreak = false
      while next < scalars.count, PythonText.isWhitespace(scalars[next]) {
        hasLineBreak = hasLineBreak || scalars[next] == "\n"
        next += 1
      }
      if hasLineBreak, next < scalars.count, ("a"..."z").contains(scalars[next]) {
        index = next
      } else {
        result.append(contentsOf: scalars[index - 1..<next])
        index = next
      }
    }
    return result
  }

  /// Tabs and line breaks to spaces, then runs of two or more whitespace characters to one space.
  private static func collapsed(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    var index = 0
    while index < scalars.count {
      var end = index
      while end < scalars.count, PythonText.isWhitespace(scalars[end]) { end += 1 }
      if end == index {
        result.append(scalars[index])
        index += 1
      } else {
        let isKept = end == index + 1 && !["\t", "\n", "\r"].contains(scalars[index])
        result.append(isKept ? scalars[index] : " ")
        index = end
      }
    }
    return result
  }

  /// Python's `\w`: letters, numeric characters and the underscore.
  private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "_" { return true }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      return true
    default: return false
    }
  }
}
