/// Text in a terminal's columns.
package enum DisplayWidth {
  /// Columns that a text takes: two for wide characters (Chinese, Japanese, Korean, emoji), none for combining marks.
  package static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + of($1) } }

  package static func of(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if character.unicodeScalars.contains("\u{FE0F}") || scalar.properties.isEmojiPresentation { return 2 }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      return 2
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return 1
    }
  }

  /// One line without control characters: whitespace runs become a space, so that text cannot steer the terminal.
  package static func sanitised(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var needsSpace = false
    for scalar in text.unicodeScalars {
      if PythonText.isWhitespace(scalar) {
        needsSpace = !result.isEmpty
        continue
      }
      if needsSpace { result.append(" ") }
      needsSpace = false
      let isDirectional = [0x202A...0x202E, 0x2066...0x2069].contains { $0.contains(scalar.value) }
      let isControl = scalar.properties.generalCategory == .control
      result.append(isControl || isDirectional ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }

  /// The text with its lines and tabs, but without other control characters: names of files and texts of articles may
  /// hold escape sequences, which a terminal would obey.
  package static func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
      result.append(isControl ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }

  /// Breaks a sanitised text into lines of at most `width` columns, at spaces where there are any.
  package static func wrapped(_ text: String, width: Int) -> [String] {
    let width = max(width, 2)
    var lines: [String] = []
    var line = ""
    var used = 0
    func finishLine() {
      lines.append(line)
      line = ""
      used = 0
    }
    for word in text.split(separator: " ") {
      let wordWidth = of(word)
      if used > 0, used + 1 + wordWidth > width { finishLine() }
      if used > 0 {
        line += " "
        used += 1
      }
      for character in word {
        let characterWidth = of(character)
        if used + characterWidth > width { finishLine() }
        line.append(character)
        used += characterWidth
      }
    }
    if used > 0 || lines.isEmpty { finishLine() }
    return lines
  }

  /// With spaces to a width: behind the text, or before it.
  package static func padded(_ text: String, to width: Int, before: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(width - of(text), 0))
    return before ? padding + text : text + padding
  }
}
