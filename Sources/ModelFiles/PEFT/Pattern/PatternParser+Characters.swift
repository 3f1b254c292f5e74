import Files

// Escapes and classes of characters.

extension PatternParser {
  /// What follows a backslash outside of classes.
  mutating func escape(_ ignoringCase: Bool) throws -> PatternNode {
    switch next {
    case "A": _ = take(); return .place(.start)
    case "Z": _ = take(); return .place(.end)
    case "b": _ = take(); return .place(.wordBoundary)
    case "B": _ = take(); return .place(.noWordBoundary)
    default: break
    }
    if let category = category() { return .character(category) }
    if let next, Self.isDigit(next), next != "0" { return try numbered(ignoringCase) }
    let byte = try escapedCharacter()
    return .character(ASCIISet(byte...byte).ignoringCase(ignoringCase))
  }

  /// `\1` refers to a group; three octal digits are a character.
  private mutating func numbered(_ ignoringCase: Bool) throws -> PatternNode {
    var ahead = self
    let digits = ahead.take(atMost: 3, while: Self.isOctal)
    guard digits.count == 3 else {
      let number = take(atMost: 2, while: Self.isDigit)
      throw PatternProblem.unsupported("the reference \(quoted("\\" + number)) to a group")
    }
    self = ahead
    let byte = try Self.octal(digits)
    return .character(ASCIISet(byte...byte).ignoringCase(ignoringCase))
  }

  private static func octal(_ digits: String) throws -> UInt8 {
    guard let value = UInt32(digits, radix: 8), value <= 0o377 else {
      throw PatternProblem.python("the escape \(quoted("\\" + digits))")
    }
    return try ascii(value)
  }

  /// `\d`, `\s`, `\w` or their opposites.
  private mutating func category() -> ASCIISet? {
    let set: ASCIISet? =
      switch next {
      case "d": .digits
      case "D": ASCIISet.digits.inverted
      case "s": .spaces
      case "S": ASCIISet.spaces.inverted
      case "w": .wordCharacters
      case "W": ASCIISet.wordCharacters.inverted
      default: nil
      }
    if set != nil { _ = take() }
    return set
  }

  /// The character that an escape stands for.
  private mutating func escapedCharacter() throws -> UInt8 {
    guard let scalar = take() else { throw PatternProblem.python("a backslash at the end") }
    switch scalar {
    case "a": return 0x07
    case "f": return 0x0C
    case "n": return 0x0A
    case "r": return 0x0D
    case "t": return 0x09
    case "v": return 0x0B
    case "x": return try hexadecimal(scalar, count: 2)
    case "u": return try hexadecimal(scalar, count: 4)
    case "U": return try hexadecimal(scalar, count: 8)
    case "0": return try Self.octal("0" + take(atMost: 2, while: Self.isOctal))
    case "N": throw PatternProblem.unsupported("the named character \"\\N{…}\"", "write the character itself")
    case _ where Self.isLetter(scalar) || Self.isDigit(scalar):
      throw PatternProblem.python("the escape \(quoted("\\\(scalar)"))")
    default: return try Self.ascii(scalar.value)
    }
  }

  private mutating func hexadecimal(_ letter: Unicode.Scalar, count: Int) throws -> UInt8 {
    let digits = take(atMost: count) { $0.properties.isASCIIHexDigit }
    guard digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16) else {
      throw PatternProblem.python("the escape \(quoted("\\\(letter)\(digits)"))")
    }
    return try Self.ascii(value)
  }

  // MARK: Classes

  /// A member of a class: one character, or a category, which no range begins or ends with.
  private enum Member {
    case character(UInt8)
    case category(ASCIISet)
  }

  /// The rest of `[…]`.
  mutating func characterClass(_ ignoringCase: Bool) throws -> ASCIISet {
    let unfinished = PatternProblem.python("\"[\" without \"]\"")
    let isNegated = take("^")
    var set = ASCIISet()
    var isFirst = true
    while isFirst || next != "]" {
      isFirst = false
      let member = try self.member(unfinished)
      var ahead = self
      // A hyphen before the end stands for itself.
      guard ahead.take("-"), ahead.next != "]" else {
        switch member {
        case .character(let byte): set.insert(byte)
        case .category(let category): set = set.union(category)
        }
        continue
      }
      self = ahead
      guard case .character(let first) = member, case .character(let last) = try self.member(unfinished),
        first <= last
      else { throw PatternProblem.python("a range in \"[…]\" that is none") }
      set = set.union(ASCIISet(first...last))
    }
    _ = take()
    set = set.ignoringCase(ignoringCase)
    return isNegated ? set.inverted : set
  }

  private mutating func member(_ unfinished: PatternProblem) throws -> Member {
    guard let scalar = take() else { throw unfinished }
    guard scalar == "\\" else { return .character(try Self.ascii(scalar.value)) }
    if let category = category() { return .category(category) }
    if take("b") { return .character(0x08) }
    if let next, Self.isOctal(next) { return .character(try Self.octal(take(atMost: 3, while: Self.isOctal))) }
    return .character(try escapedCharacter())
  }

  static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && ASCIISet.letters.contains(UInt8(scalar.value))
  }

  private static func isOctal(_ scalar: Unicode.Scalar) -> Bool { ("0"..."7").contains(scalar) }
}
