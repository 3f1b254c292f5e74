/// A Jinja template as a list of its tags, read with the settings of transformers (`trim_blocks`, `lstrip_blocks`).
///
/// `x['y']` is read as `x.y`, and `~` as `+`.
struct JinjaSource {
  enum Token: Hashable {
    case name(String)
    case string(String)
    case number(String)
    case symbol(String)
  }

  enum Tag: Hashable {
    /// What stands outside of tags.
    case text(String)
    /// `{{ … }}`
    case output([Token])
    /// `{% … %}`
    case statement([Token])
  }

  private(set) var tags: [Tag] = []
  private let source: [Unicode.Scalar]
  private var place = 0

  /// - Throws: `Problem` for a tag or a string without an end.
  init(_ text: String) throws {
    var scalars = Array(text.replacing("\r\n", with: "\n").unicodeScalars)
    if scalars.last == "\n" { scalars.removeLast() }
    source = scalars
    try read()
  }

  /// Why a template cannot be read: a phrase.
  struct Problem: Error {
    let what: String
  }

  // MARK: Tags

  private mutating func read() throws {
    var text = ""
    var beginsLine = true
    while place < source.count {
      guard source[place] == "{", place + 1 < source.count, let end = Self.ends[source[place + 1]] else {
        text.unicodeScalars.append(source[place])
        place += 1
        continue
      }
      let isOutput = end == "}}"
      place += 2
      switch at(0) {
      case "-": trimEnd(of: &text)
      case "+": break
      default: if !isOutput { trimIndent(of: &text, beginsLine: beginsLine) }
      }
      if at(0) == "-" || at(0) == "+" { place += 1 }
      if !text.isEmpty { tags.append(.text(text)) }
      text = ""
      let tokens = try end == "#}" ? skipComment() : tokens(until: end)
      switch end {
      case "}}": tags.append(.output(tokens))
      case "%}": tags.append(.statement(tokens))
      default: break
      }
      // `tokens` has read up to the sign before the end, if there is one.
      let sign = at(0)
      place += sign == "-" || sign == "+" ? 3 : 2
      if sign == "-" {
        while let next = at(0), next.properties.isWhitespace { place += 1 }
      } else if !isOutput, sign != "+", at(0) == "\n" {
        place += 1
      }
      beginsLine = source[place - 1] == "\n"
    }
    if !text.isEmpty { tags.append(.text(text)) }
  }

  private static let ends: [Unicode.Scalar: String] = ["{": "}}", "%": "%}", "#": "#}"]

  private func at(_ offset: Int) -> Unicode.Scalar? {
    place + offset < source.count ? source[place + offset] : nil
  }

  /// Whether a tag ends here, with a sign before its end or without.
  private func isAt(_ end: String) -> Bool {
    let scalars = Array(end.unicodeScalars)
    let first = at(0) == "-" || at(0) == "+" ? 1 : 0
    return at(first) == scalars[0] && at(first + 1) == scalars[1]
  }

  private func trimEnd(of text: inout String) {
    while let last = text.unicodeScalars.last, last.properties.isWhitespace { text.unicodeScalars.removeLast() }
  }

  /// Takes away the white space before a tag that stands first on its line.
  private func trimIndent(of text: inout String, beginsLine: Bool) {
    let line = text.unicodeScalars.lastIndex(of: "\n").map { text.unicodeScalars.index(after: $0) }
    guard line != nil || beginsLine else { return }
    let start = line ?? text.unicodeScalars.startIndex
    if text.unicodeScalars[start...].allSatisfy(\.properties.isWhitespace) {
      text.unicodeScalars.removeSubrange(start...)
    }
  }

  private mutating func skipComment() throws -> [Token] {
    while place < source.count {
      if isAt("#}") { return [] }
      place += 1
    }
    throw Problem(what: "a comment without an end")
  }

  // MARK: Tokens

  private mutating func tokens(until end: String) throws -> [Token] {
    var tokens: [Token] = []
    while let scalar = at(0) {
      if isAt(end) { return Self.canonical(tokens) }
      if scalar.properties.isWhitespace {
        place += 1
      } else if scalar == "'" || scalar == "\"" {
        tokens.append(.string(try string(quote: scalar)))
      } else if Self.isWord(scalar) {
        var word = ""
        while let next = at(0), Self.isWord(next) {
          word.unicodeScalars.append(next)
          place += 1
        }
        tokens.append(("0"..."9").contains(scalar) ? .number(word) : .name(word))
      } else {
        let isPair = at(1) == "=" && "=!<>".unicodeScalars.contains(scalar)
        tokens.append(.symbol(isPair ? "\(scalar)=" : "\(scalar)"))
        place += isPair ? 2 : 1
      }
    }
    throw Problem(what: "a tag without an end")
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic
      || ("0"..."9").contains(scalar)
  }

  private mutating func string(quote: Unicode.Scalar) throws -> String {
    var text = String.UnicodeScalarView()
    place += 1
    while let scalar = at(0) {
      place += 1
      if scalar == quote { return String(text) }
      guard scalar == "\\", let escaped = at(0) else {
        text.append(scalar)
        continue
      }
      place += 1
      switch escaped {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case "r": text.append("\r")
      case "\\", "'", "\"": text.append(escaped)
      case "u":
        let digits = String(String.UnicodeScalarView(source[place..<min(place + 4, source.count)]))
        guard digits.utf8.count == 4, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
          throw Problem(what: "the escape \\u\(digits)")
        }
        text.append(scalar)
        place += 4
      default: throw Problem(what: "the escape \\\(escaped)")
      }
    }
    throw Problem(what: "a string without an end")
  }

  private static func canonical(_ tokens: [Token]) -> [Token] {
    var result: [Token] = []
    var index = 0
    while index < tokens.count {
      if case .string(let key) = tokens[min(index + 1, tokens.count - 1)], tokens[index] == .symbol("["),
        index + 2 < tokens.count, tokens[index + 2] == .symbol("]"), let last = result.last, last.endsOperand
      {
        result += [.symbol("."), .name(key)]
        index += 3
      } else {
        result.append(tokens[index] == .symbol("~") ? .symbol("+") : tokens[index])
        index += 1
      }
    }
    return result
  }
}

extension JinjaSource.Token {
  /// Whether a value can end with this token, so that `[` after it takes an element.
  fileprivate var endsOperand: Bool {
    switch self {
    case .name(let name): !["in", "and", "or", "not", "if", "else", "is"].contains(name)
    case .string, .number: false
    case .symbol(let symbol): symbol == "]" || symbol == ")"
    }
  }

  /// As it would be written.
  var text: String {
    switch self {
    case .name(let text), .number(let text), .symbol(let text): text
    case .string(let text): "'\(text.replacing("\n", with: "\\n"))'"
    }
  }
}
