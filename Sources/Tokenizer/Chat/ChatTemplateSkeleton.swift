/// What a chat template prints for the chats that Patron makes, in the order in which it stands there: texts, and
/// places for roles, messages and the date. Branches for tools and the like are left out, other conditions count as
/// met.
struct ChatTemplateSkeleton {
  typealias Token = JinjaSource.Token
  typealias Problem = JinjaSource.Problem

  enum Part: Hashable {
    case text(String)
    /// The token that begins a text, `bos_token`.
    case begin
    case role
    /// A message's text. `otherwise` are texts that stand in its place where there is no such message.
    case content(isTrimmed: Bool, otherwise: [String])
    /// Today's date, with the text that stands for it where no clock is asked.
    case date(String?)
  }

  private(set) var parts: [(part: Part, depth: Int)] = []

  /// What a name that the template sets can stand for.
  private struct Variable {
    var parts: Set<Part> = []
    /// Whether its texts are parts already, where it was set.
    var isPrinted = false
    /// Whether it has also been set to something that is no text.
    var isOther = false
  }

  private struct Branch {
    let parentIsLive: Bool
    var isLive: Bool
    /// Whether one of the branches before is taken in any case.
    var isDecided: Bool
    /// Whether it depends on the chat which branch is taken, or how often.
    var depends: Bool
  }

  private var variables: [String: Variable] = [:]
  private var branches: [Branch] = []
  private let condition: JinjaCondition
  /// Special tokens by their names, such as `eos_token`.
  private let tokens: [String: String]

  /// - Parameter tokens: the special tokens that `tokenizer_config.json` names.
  /// - Throws: `Problem` for what is not understood.
  init(_ jinja: String, tokens: [String: String]) throws {
    self.tokens = tokens
    let tags = try JinjaSource(jinja).tags
    condition = Self.condition(of: tags)
    for tag in tags {
      switch tag {
      case .text(let text): if isLive { append(.text(text)) }
      case .output(let tokens): if isLive { try output(tokens[...]) }
      case .statement(let tokens): try statement(tokens)
      }
    }
    guard branches.isEmpty else { throw Problem(what: "a block without an end") }
  }

  private static func condition(of tags: [JinjaSource.Tag]) -> JinjaCondition {
    var messages: Set<String> = ["message"]
    var defined: Set<String> = [
      "messages", "add_generation_prompt", "bos_token", "eos_token", "pad_token", "unk_token", "loop", "namespace",
      "raise_exception", "strftime_now", "range", "content",
    ]
    for case .statement(let tokens) in tags {
      guard tokens.count > 2, case .name(let name) = tokens[1] else { continue }
      switch tokens[0] {
      case .name("for"):
        defined.insert(name)
        if case .name(let list)? = tokens.dropFirst(3).first, list.hasSuffix("messages") { messages.insert(name) }
      case .name("set"): defined.insert(name)
      default: break
      }
    }
    return JinjaCondition(messages: messages, defined: defined)
  }

  // MARK: Statements

  private var isLive: Bool { branches.last?.isLive ?? true }
  private var depth: Int { branches.count { $0.depends } }

  private mutating func append(_ part: Part) {
    if case .text("") = part { return }
    parts.append((part, depth))
  }

  private mutating func open(_ isMet: Bool?, repeats: Bool = false) throws {
    guard branches.count < 100 else { throw Problem(what: "more than 100 blocks in one another") }
    branches.append(
      Branch(
        parentIsLive: isLive, isLive: isLive && isMet != false, isDecided: isMet == true,
        depends: repeats || isMet == nil))
  }

  private mutating func go(on isMet: Bool?) throws {
    guard var branch = branches.popLast() else { throw Problem(what: "a branch without an if") }
    branch.isLive = branch.parentIsLive && !branch.isDecided && isMet != false
    branch.isDecided = branch.isDecided || isMet == true
    branch.depends = branch.depends || isMet == nil
    branches.append(branch)
  }

  private mutating func statement(_ tokens: [Token]) throws {
    guard case .name(let keyword)? = tokens.first else { throw Problem(what: "an empty statement") }
    let rest = tokens.dropFirst()
    switch keyword {
    case "if": try open(condition.value(of: rest))
    case "elif": try go(on: condition.value(of: rest))
    case "else": try go(on: true)
    case "for":
      let list = rest.drop { $0 != .name("in") }.dropFirst()
      try open(condition.value(of: list) == false ? false : true, repeats: true)
    case "macro": try open(false)
    case "endif", "endfor", "endmacro":
      guard branches.popLast() != nil else { throw Problem(what: "\(keyword) without a beginning") }
    case "generation", "endgeneration": break
    case "set": if isLive { try set(rest) }
    default: if isLive { throw Problem(what: "the statement \(keyword)") }
    }
  }

  private mutating func set(_ tokens: ArraySlice<Token>) throws {
    guard let equals = tokens.firstIndex(of: .symbol("=")) else { throw Problem(what: "a set block") }
    let name = tokens[..<equals].map(\.text).joined()
    try choose(tokens[(equals + 1)...]) { skeleton, value in skeleton.set(name, value) }
  }

  private mutating func set(_ name: String, _ value: ArraySlice<Token>) {
    var variable = variables[name] ?? Variable()
    if let found = try? parts(of: value) {
      // A text that was printed where it was set, and is added to, goes on there.
      if found.count == 1, !(variable.isPrinted && value.contains(.name(name))) {
        // What is made of the old value takes its place.
        if value.first == .name(name) { variable.parts = [] }
        variable.parts.insert(found[0])
      } else if !found.isEmpty {
        variable.isPrinted = true
        for part in found { append(part) }
      }
    } else {
      variable.isOther = true
    }
    variables[name] = variable
  }

  // MARK: Expressions

  private mutating func output(_ tokens: ArraySlice<Token>) throws {
    try choose(tokens) { skeleton, value in
      for part in try skeleton.parts(of: value) { skeleton.append(part) }
    }
  }

  /// Uses a value, or both of `a if condition else b`, as if they stood in branches.
  private mutating func choose(
    _ tokens: ArraySlice<Token>, _ use: (inout Self, ArraySlice<Token>) throws -> Void
  ) throws {
    guard let first = topLevel(tokens, .name("if")) else { return try use(&self, tokens) }
    let second = topLevel(tokens[(first + 1)...], .name("else")) ?? tokens.endIndex
    try open(condition.value(of: tokens[(first + 1)..<second]))
    if isLive { try use(&self, tokens[..<first]) }
    try go(on: true)
    if isLive, second < tokens.endIndex { try use(&self, tokens[(second + 1)...]) }
    branches.removeLast()
  }

  private func topLevel(_ tokens: ArraySlice<Token>, _ wanted: Token) -> Int? {
    var open = 0
    for index in tokens.indices {
      switch tokens[index] {
      case .symbol("("), .symbol("["), .symbol("{"): open += 1
      case .symbol(")"), .symbol("]"), .symbol("}"): open -= 1
      case wanted where open == 0: return index
      default: break
      }
    }
    return nil
  }

  /// The parts of a sum of texts.
  private func parts(of tokens: ArraySlice<Token>, level: Int = 0) throws -> [Part] {
    var parts: [Part] = []
    var rest = tokens
    while true {
      let plus = topLevel(rest, .symbol("+"))
      parts += try operand(rest[..<(plus ?? rest.endIndex)], level: level)
      guard let plus else { break }
      rest = rest[(plus + 1)...]
    }
    // Texts that are added make one text.
    return parts.reduce(into: []) { joined, part in
      if case .text(let text) = part, case .text(let before)? = joined.last {
        joined[joined.count - 1] = .text(before + text)
      } else {
        joined.append(part)
      }
    }
  }

  private func operand(_ tokens: ArraySlice<Token>, level: Int) throws -> [Part] {
    let unknown = Problem(what: "\"\(tokens.prefix(12).map(\.text).joined(separator: " "))\"")
    let (bare, trims) = Self.withoutTrimming(tokens)
    var parts: [Part]
    switch (bare.first, bare.count) {
    case (.string(let text)?, 1): parts = [.text(text)]
    case (.name("bos_token")?, 1): parts = [.begin]
    case (.name(let name)?, 1) where name.hasSuffix("_token"): parts = [.text(token(name))]
    case (.name("strftime_now")?, 4...): parts = [.date(nil)]
    case (.name("raise_exception")?, 3...): parts = []
    case (.symbol("(")?, 3...) where bare.last == .symbol(")") && level < 20:
      parts = try self.parts(of: bare.dropFirst().dropLast(), level: level + 1)
    case (.name?, _):
      if let member = condition.member(bare), ["role", "content"].contains(member) {
        parts = [member == "role" ? .role : .content(isTrimmed: false, otherwise: [])]
      } else if let variable = variables[bare.map(\.text).joined()] {
        parts = try self.parts(of: variable) ?? { throw unknown }()
      } else if condition.isAbsent(bare) {
        parts = []
      } else {
        throw unknown
      }
    default: throw unknown
    }
    guard trims else { return parts }
    guard parts.count <= 1 else { throw unknown }
    return parts.map { part in
      switch part {
      case .content(_, let otherwise): .content(isTrimmed: true, otherwise: otherwise)
      default: part
      }
    }
  }

  private func token(_ name: String) -> String { tokens[name] ?? "" }

  /// A value without `|trim` or `.strip()` behind it.
  private static func withoutTrimming(_ tokens: ArraySlice<Token>) -> (ArraySlice<Token>, trims: Bool) {
    if tokens.suffix(2) == [.symbol("|"), .name("trim")] { return (tokens.dropLast(2), true) }
    let call: ArraySlice<Token> = [.symbol("."), .name("strip"), .symbol("("), .symbol(")")]
    return tokens.suffix(4) == call ? (tokens.dropLast(4), true) : (tokens, false)
  }

  /// What a variable prints; nil where that is not one thing.
  private func parts(of variable: Variable) -> [Part]? {
    if variable.isPrinted { return variable.isOther ? nil : [] }
    var texts: [String] = []
    var others: [Part] = []
    for part in variable.parts {
      if case .text(let text) = part { texts.append(text) } else { others.append(part) }
    }
    texts.sort()
    guard !variable.isOther else { return nil }
    switch others.first {
    case nil: return texts.count == 1 ? [.text(texts[0])] : nil
    case .content(let isTrimmed, let otherwise)? where others.count == 1:
      return [.content(isTrimmed: isTrimmed, otherwise: otherwise + texts)]
    case .date? where others.count == 1 && texts.count <= 1: return [.date(texts.first)]
    case .role? where others.count == 1 && texts.isEmpty: return [.role]
    default: return nil
    }
  }
}
