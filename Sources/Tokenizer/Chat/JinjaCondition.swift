/// What a condition of a chat template is for the chats that Patron makes: messages of the system, the user and the
/// assistant, each with a role and a text; no tools, no documents, no further variables.
///
/// True, false, or nil where it depends on the chat or is not understood.
struct JinjaCondition {
  typealias Token = JinjaSource.Token

  /// Names that stand for a message.
  let messages: Set<String>
  /// Names that have a value, such as those that the template sets.
  let defined: Set<String>

  /// Names that transformers gives a template the value none, where there are no tools or documents.
  private static let none: Set<String> = ["tools", "documents", "none", "None"]
  private static let roles: Set<String> = ["system", "user", "assistant"]
  private static let operators: Set<String> = ["and", "or", "not", "in", "is", "if", "else"]

  func value(of tokens: ArraySlice<Token>) -> Bool? {
    var reading = Reading(condition: self, tokens: tokens)
    let value = reading.either()
    return reading.tokens.isEmpty ? value : nil
  }

  // MARK: Operands

  /// Whether an operand has no value: an unknown name, or a member that messages do not have.
  func isAbsent(_ operand: ArraySlice<Token>) -> Bool {
    guard case .name(let name)? = operand.first else { return false }
    if operand.count == 1 {
      return !defined.contains(name) && !messages.contains(name) && !Self.none.contains(name) && !isConstant(name)
    }
    guard let member = member(operand) else { return false }
    return !["role", "content"].contains(member)
  }

  private func isConstant(_ name: String) -> Bool { ["true", "True", "false", "False"].contains(name) }

  /// `x` of `message.x` or `messages[0].x`.
  func member(_ operand: ArraySlice<Token>) -> String? {
    let tokens = Array(operand)
    guard case .name(let first)? = tokens.first, case .name(let last)? = tokens.last else { return nil }
    if tokens.count == 3, tokens[1] == .symbol("."), messages.contains(first) { return last }
    let isElement =
      tokens.count >= 6 && tokens[1] == .symbol("[") && tokens[tokens.count - 3] == .symbol("]")
      && tokens[tokens.count - 2] == .symbol(".") && first.hasSuffix("messages")
    return isElement ? last : nil
  }

  private func isNone(_ operand: ArraySlice<Token>) -> Bool {
    if operand.count == 1, case .name(let name)? = operand.first { return Self.none.contains(name) }
    return false
  }

  private func truth(_ operand: ArraySlice<Token>) -> Bool? {
    // Of nothing, a filter such as `length` makes nothing.
    let bare = operand.prefix { $0 != .symbol("|") }
    if isAbsent(bare) || isNone(bare) { return false }
    // Without a text, nothing of it would be printed.
    if operand.count > 1, member(operand) == "content" { return true }
    guard operand.count == 1 else { return nil }
    switch operand.first {
    case .name("true")?, .name("True")?: return true
    case .name("false")?, .name("False")?: return false
    case .number(let digits)?: return digits != "0"
    default: return nil
    }
  }

  private func test(_ operand: ArraySlice<Token>, _ name: String) -> Bool? {
    switch name {
    case "defined", "undefined":
      guard isAbsent(operand) else { return nil }
      return name == "undefined"
    case "none": return isNone(operand) ? true : isAbsent(operand) || member(operand) != nil ? false : nil
    case "string", "iterable", "sequence", "mapping":
      if isAbsent(operand) || isNone(operand) { return false }
      return member(operand) != nil || operand == [.name("content")] ? name != "mapping" : nil
    case "true", "false": return isAbsent(operand) ? false : nil
    default: return nil
    }
  }

  /// Whether two operands can be equal: a role is one of three.
  private func equal(_ left: ArraySlice<Token>, _ right: ArraySlice<Token>) -> Bool? {
    for (one, other) in [(left, right), (right, left)] {
      guard other.count == 1, case .string(let text)? = other.first else { continue }
      if isAbsent(one) { return false }
      if isRole(one), !Self.roles.contains(text) { return false }
    }
    return nil
  }

  private func contains(_ list: ArraySlice<Token>, _ element: ArraySlice<Token>) -> Bool? {
    if isAbsent(list) { return false }
    if case .string(let key)? = element.first, element.count == 1, list.count == 1, case .name(let name)? = list.first,
      messages.contains(name)
    {
      return ["role", "content"].contains(key)
    }
    guard isRole(element), list.first == .symbol("[") || list.first == .symbol("(") else { return nil }
    let holdsRole = list.contains { if case .string(let text) = $0 { Self.roles.contains(text) } else { false } }
    return holdsRole ? nil : false
  }

  private func isRole(_ operand: ArraySlice<Token>) -> Bool { member(operand) == "role" || operand == [.name("role")] }

  // MARK: Grammar

  /// Reads a condition from the left. `and` binds closer than `or`, `not` closer than `and`.
  private struct Reading {
    let condition: JinjaCondition
    var tokens: ArraySlice<Token>
    private var depth = 0

    init(condition: JinjaCondition, tokens: ArraySlice<Token>) {
      self.condition = condition
      self.tokens = tokens
    }

    private mutating func take(_ name: String) -> Bool {
      guard tokens.first == .name(name) else { return false }
      tokens.removeFirst()
      return true
    }

    mutating func either() -> Bool? {
      var value = both()
      while take("or") {
        let next = both()
        value = value == true || next == true ? true : value == false && next == false ? false : nil
      }
      return value
    }

    private mutating func both() -> Bool? {
      var value = negation()
      while take("and") {
        let next = negation()
        value = value == false || next == false ? false : value == true && next == true ? true : nil
      }
      return value
    }

    private mutating func negation() -> Bool? {
      var isNegated = false
      while take("not") { isNegated.toggle() }
      let value = comparison()
      return isNegated ? value.map { !$0 } : value
    }

    private mutating func comparison() -> Bool? {
      if let value = group() { return value.value }
      let left = operand()
      if take("is") {
        let isNegated = take("not")
        guard case .name(let name)? = tokens.popFirst() else { return nil }
        let value = condition.test(left, name.lowercased())
        return isNegated ? value.map { !$0 } : value
      }
      if take("in") { return condition.contains(operand(), left) }
      if tokens.first == .name("not"), tokens.dropFirst().first == .name("in") {
        tokens.removeFirst(2)
        return condition.contains(operand(), left).map { !$0 }
      }
      guard case .symbol(let symbol)? = tokens.first, ["==", "!=", "<", ">", "<=", ">="].contains(symbol) else {
        return condition.truth(left)
      }
      tokens.removeFirst()
      let value = condition.equal(left, operand())
      return symbol == "==" ? value : symbol == "!=" ? value.map { !$0 } : nil
    }

    /// A condition in parentheses; nil where none begins here.
    private mutating func group() -> (value: Bool?, Void)? {
      guard tokens.first == .symbol("("), depth < 50 else { return nil }
      let before = tokens
      tokens.removeFirst()
      depth += 1
      let value = either()
      depth -= 1
      guard tokens.popFirst() == .symbol(")"), endsOperand else {
        tokens = before
        return nil
      }
      return (value, ())
    }

    /// Whether no filter or operator takes what has been read further.
    private var endsOperand: Bool {
      switch tokens.first {
      case nil, .symbol(")")?, .name("and")?, .name("or")?: true
      default: false
      }
    }

    /// The tokens up to the next operator on this level.
    private mutating func operand() -> ArraySlice<Token> {
      let start = tokens
      var open = 0
      scan: while let token = tokens.first {
        switch token {
        case .symbol("("), .symbol("["), .symbol("{"): open += 1
        case .symbol(")"), .symbol("]"), .symbol("}"):
          if open == 0 { break scan }
          open -= 1
        case .symbol("=="), .symbol("!="), .symbol("<"), .symbol(">"), .symbol("<="), .symbol(">="):
          if open == 0 { break scan }
        case .name(let name): if open == 0, JinjaCondition.operators.contains(name) { break scan }
        default: break
        }
        tokens.removeFirst()
      }
      return start.prefix(start.count - tokens.count)
    }
  }
}
