import Files

// What stands in parentheses.

extension PatternParser {
  /// `(?i)` and the like at the beginning of the expression.
  /// - Returns: whether letters of both cases match.
  mutating func globalFlags() throws -> Bool {
    var ignoresCase = false
    while true {
      var ahead = self
      guard ahead.take("(?") else { return ignoresCase }
      let flags = ahead.take(while: Self.isLetter)
      guard !flags.isEmpty, !flags.hasPrefix("P"), ahead.take(")") else { return ignoresCase }
      try Self.check(flags: flags)
      ignoresCase = ignoresCase || flags.contains("i")
      self = ahead
    }
  }

  /// The rest of a group, of which the opening parenthesis was taken; nil for a comment.
  mutating func group(_ ignoringCase: Bool) throws -> PatternNode? {
    guard take("?") else { return try rest(of: "(", ignoringCase) }
    switch take() {
    case ":": return try rest(of: "(?:", ignoringCase)
    case "=": return .look(try rest(of: "(?=", ignoringCase), behind: nil, isNegated: false)
    case "!": return .look(try rest(of: "(?!", ignoringCase), behind: nil, isNegated: true)
    case ">": return try Self.atomic(try rest(of: "(?>", ignoringCase), "the atomic group \"(?>…)\"")
    case "<": return try lookBehind(ignoringCase)
    case "P": return try named(ignoringCase)
    case "#":
      _ = take { $0 != ")" }
      guard take(")") else { throw PatternProblem.python("the comment \"(?#\" without its end") }
      return nil
    case "(": throw PatternProblem.unsupported("the condition \"(?(…)…)\"", "write both cases out, as alternatives")
    case let scalar?:
      return try flagged(Self.isLetter(scalar) || scalar == "-" ? String(scalar) : "", scalar, ignoringCase)
    case nil: throw PatternProblem.python("\"(?\" at the end")
    }
  }

  /// What stands before the closing parenthesis.
  private mutating func rest(of opening: String, _ ignoringCase: Bool) throws -> PatternNode {
    let node = try choice(ignoringCase: ignoringCase)
    guard take(")") else { throw PatternProblem.python("\(quoted(opening)) without its closing parenthesis") }
    return node
  }

  private mutating func lookBehind(_ ignoringCase: Bool) throws -> PatternNode {
    let isNegated = take("!")
    guard isNegated || take("=") else { throw PatternProblem.python("\"(?<\" without \"=\" or \"!\"") }
    let opening = isNegated ? "(?<!" : "(?<="
    let node = try rest(of: opening, ignoringCase)
    let width = node.width
    guard width.least == width.most else {
      throw PatternProblem.python("the look-behind \(quoted(opening + "…)")) of what is not always as long")
    }
    return .look(node, behind: width.least, isNegated: isNegated)
  }

  private mutating func named(_ ignoringCase: Bool) throws -> PatternNode {
    if take("=") { throw PatternProblem.unsupported("the reference \"(?P=…)\" to a group") }
    guard take("<") else { throw PatternProblem.python("\"(?P\" without \"<\"") }
    let name = take { $0 != ">" && $0 != ")" }
    let isName = name.unicodeScalars.allSatisfy { $0 == "_" || Self.isLetter($0) || Self.isDigit($0) }
    guard take(">"), isName, let first = name.unicodeScalars.first, !Self.isDigit(first) else {
      throw PatternProblem.python("the group name \(quoted(name))")
    }
    guard groupNames.insert(name).inserted else { throw PatternProblem.python("two groups called \(quoted(name))") }
    let node = try rest(of: "(?P<\(name)>", ignoringCase)
    return name == wantedGroup ? .captured(node) : node
  }

  /// `(?i:…)` and the like, from their first letter on.
  private mutating func flagged(_ start: String, _ scalar: Unicode.Scalar, _ ignoringCase: Bool) throws -> PatternNode {
    guard !start.isEmpty else { throw PatternProblem.python("the group \(quoted("(?\(scalar)"))") }
    let text = start + take { Self.isLetter($0) || $0 == "-" }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { throw PatternProblem.python("the flags \(quoted("(?\(text)"))") }
    try Self.check(flags: String(parts[0]))
    if parts.count == 2 {
      guard !parts[1].isEmpty, parts[1].allSatisfy({ "imsx".contains($0) }),
        !parts[0].contains(where: parts[1].contains)
      else { throw PatternProblem.python("the flags \(quoted("(?\(text)"))") }
    }
    guard take(":") else {
      guard next == ")", parts.count == 1 else { throw PatternProblem.python("the flags \(quoted("(?\(text)"))") }
      throw PatternProblem.python(
        "the flags \(quoted("(?\(text))")) after the beginning", "write them around a group, as in (?i:q_proj)")
    }
    let ignores = parts[0].contains("i") || ignoringCase && !(parts.count == 2 && parts[1].contains("i"))
    return try rest(of: "(?\(text):", ignores)
  }

  /// In names of one line in ASCII, `a`, `m`, `s` and `u` change nothing.
  private static func check(flags: String) throws {
    if flags.contains("x") {
      throw PatternProblem.unsupported("the flag \"x\" (verbose)", "write the expression without spaces and comments")
    }
    guard flags.allSatisfy({ "aimsu".contains($0) }), !(flags.contains("a") && flags.contains("u")) else {
      throw PatternProblem.python("the flags \(quoted(flags))")
    }
  }
}
