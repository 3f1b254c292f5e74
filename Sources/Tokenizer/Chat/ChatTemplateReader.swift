/// Reads a layout off what a template prints. Everything that it prints must be a part of the layout.
struct ChatTemplateReader {
  private typealias Problem = JinjaSource.Problem

  private enum Part {
    case start, end
    case text(String)
    case other(ChatTemplateSkeleton.Part)
  }

  private var template: ChatTemplate
  /// What `bos_token` stands for.
  private let begin: String?
  private var parts: [(part: Part, depth: Int)] = []
  private var place = 0
  /// How the messages of each role are printed: trimmed or not.
  private var trims: [String: Bool] = [:]
  /// The system messages that stand for missing ones.
  private var defaults: Set<String> = []
  private var dates: (knowledge: String?, date: String?)?

  private static let anyRole = "any"

  /// - Parameter tokens: special tokens by name.
  init(_ family: ChatTemplate.Family, _ skeleton: ChatTemplateSkeleton, tokens: [String: String]) {
    template = ChatTemplate(family: family)
    // Llama 3 has only one token that begins a text.
    begin = tokens["bos_token"] ?? (family == .llama3 ? "<|begin_of_text|>" : nil)
    var text = ""
    var depth = 0
    func flush() {
      guard !text.isEmpty else { return }
      for piece in Self.split(text, at: [family.start, family.end]) {
        switch piece {
        case family.start: parts.append((.start, depth))
        case family.end: parts.append((.end, depth))
        case "": break
        default: parts.append((.text(piece), depth))
        }
      }
      text = ""
    }
    for (part, partDepth) in skeleton.parts {
      switch part {
      case .text(let added):
        if partDepth != depth { flush() }
        depth = partDepth
        text += added
      default:
        flush()
        parts.append((.other(part), partDepth))
      }
    }
    flush()
  }

  /// The text cut before and behind each of the marks.
  private static func split(_ text: String, at marks: [String]) -> [String] {
    var pieces = [text]
    for mark in marks {
      pieces = pieces.flatMap { piece -> [String] in
        if piece == mark { return [piece] }
        let parts = piece.split(separator: mark, omittingEmptySubsequences: false).map(String.init)
        return Array(parts.map { [$0] }.joined(separator: [mark]))
      }
    }
    return pieces
  }

  // MARK: Reading

  mutating func read() throws -> ChatTemplate {
    while place < parts.count {
      switch parts[place].part {
      case .start: try turn()
      case .other(.begin): try beginning(begin)
      case .text(let text):
        // A begin token may be written out; it then stands before the first turn.
        guard text.hasPrefix("<"), text.hasSuffix(">"), !text.contains("\n") else { throw outside(text) }
        try beginning(text)
      case .end: throw outside(template.family.end)
      case .other(let part): throw outside(Self.words(part))
      }
    }
    return try finish()
  }

  private func outside(_ what: String) -> Problem {
    Problem(what: "\"\(what.prefix(60).replacing("\n", with: "\\n"))\" outside of the messages")
  }

  private static func words(_ part: ChatTemplateSkeleton.Part) -> String {
    switch part {
    case .text(let text): text
    case .begin: "the begin token"
    case .role: "a role"
    case .content: "a message"
    case .date: "a date"
    }
  }

  private mutating func beginning(_ token: String?) throws {
    place += 1
    if let token, let found = template.begin, found != token {
      throw Problem(what: "two begin tokens (\(found) and \(token))")
    }
    template.begin = token ?? template.begin
  }

  /// A message from its start token on, or the header of the answer.
  private mutating func turn() throws {
    let depth = parts[place].depth
    place += 1
    let role = try header()
    var body: [Part] = []
    var rest = rest
    if let text = rest, !text.isEmpty { body.append(.text(text)) }
    rest = nil
    while place < parts.count {
      switch parts[place].part {
      case .start: return try answerHeader(role, body)
      case .end:
        guard parts[place].depth == depth else {
          throw Problem(what: "the end of a message (\(template.family.end)) that depends on something")
        }
        place += 1
        try takeAfterEnd()
        return try role == "system" ? systemMessage(body, isAlways: depth == 0) : message(role, body)
      case let part:
        if parts[place].depth != depth, !(role == "system" && Self.isContent(part)) {
          // Of a system message, only the text itself may be there or not, with another in its place.
          guard role == "system", body.contains(where: Self.isContent), case .text(let text) = part else {
            throw Problem(what: "\(Self.text(of: [part])) in a message of the role \(role), which depends on something")
          }
          defaults.insert(text)
          place += 1
          continue
        }
        body.append(part)
        place += 1
      }
    }
    try answerHeader(role, body)
  }

  private static func isContent(_ part: Part) -> Bool {
    if case .other(.content) = part { true } else { false }
  }

  /// What stands behind the header in the same text.
  private var rest: String?

  private mutating func header() throws -> String {
    var role = Self.anyRole
    if place < parts.count, case .other(.role) = parts[place].part { place += 1 } else { role = "" }
    guard place < parts.count, case .text(let text) = parts[place].part else {
      throw Problem(what: "\(template.family.start) without a role behind it")
    }
    let roles = role == "" ? ["system", "user", "assistant"] : [""]
    guard let name = roles.first(where: { text.hasPrefix($0 + template.family.afterRole) }) else {
      throw Problem(
        what: "\"\(template.family.start)\(text.prefix(40).replacing("\n", with: "\\n"))\", which is no header of a "
          + "message")
    }
    place += 1
    rest = String(text.dropFirst(name.count + template.family.afterRole.count))
    return role == "" ? name : role
  }

  private mutating func takeAfterEnd() throws {
    let expected = template.family.afterEnd
    guard !expected.isEmpty else { return }
    guard place < parts.count, case .text(let text) = parts[place].part, text.hasPrefix(expected) else {
      throw Problem(what: "no line break behind \(template.family.end)")
    }
    let rest = String(text.dropFirst(expected.count))
    if rest.isEmpty { place += 1 } else { parts[place].part = .text(rest) }
  }

  private func answerHeader(_ role: String, _ body: [Part]) throws {
    guard role == "assistant" else { throw Problem(what: "a message of the role \(role) without an end") }
    guard body.isEmpty else { throw Problem(what: "the answer begun with \(Self.text(of: body))") }
  }

  private static func text(of body: [Part]) -> String {
    let texts = body.map { part in
      switch part {
      case .text(let text): text
      case .other(let part): words(part)
      case .start, .end: ""
      }
    }
    return "\"\(texts.joined(separator: " ").prefix(60).replacing("\n", with: "\\n"))\""
  }

  // MARK: Messages

  private mutating func message(_ role: String, _ body: [Part]) throws {
    guard body.count == 1, case .other(.content(let isTrimmed, [])) = body[0] else {
      throw Problem(what: "\(Self.text(of: body)) as a message of the role \(role)")
    }
    try set(isTrimmed, role)
  }

  private mutating func set(_ isTrimmed: Bool, _ role: String) throws {
    guard trims[role] ?? isTrimmed == isTrimmed else {
      throw Problem(what: "messages of the role \(role) that are trimmed in one place and not in another")
    }
    trims[role] = isTrimmed
  }

  private mutating func systemMessage(_ body: [Part], isAlways: Bool) throws {
    var body = body[...]
    let found = try takeDates(&body)
    if let dates, dates != found { throw Problem(what: "different dates before system messages") }
    dates = found
    switch (body.first, body.count) {
    case (nil, 0): defaults.insert("")
    case (.other(.content(let isTrimmed, let otherwise))?, 1):
      try set(isTrimmed, "system")
      defaults.formUnion(otherwise.filter { isAlways || !$0.isEmpty })
      if isAlways, otherwise.isEmpty, defaults.isEmpty { defaults.insert("") }
    case (.text(let text)?, 1) where !isAlways: defaults.insert(text)
    default: throw Problem(what: "\(Self.text(of: Array(body))) as a system message")
    }
  }

  /// The lines of dates that a system message begins with.
  private func takeDates(_ body: inout ArraySlice<Part>) throws -> (knowledge: String?, date: String?) {
    var found: (knowledge: String?, date: String?)
    func take(_ prefix: String) -> String? {
      guard case .text(let text)? = body.first, text.hasPrefix(prefix) else { return nil }
      body.removeFirst()
      var line = String(text.dropFirst(prefix.count))
      if line.isEmpty, case .other(.date(let date))? = body.first {
        body.removeFirst()
        guard case .text(let next)? = body.first else { return nil }
        body.removeFirst()
        line = (date ?? ChatTemplate.defaultDate) + next
      }
      guard let end = line.firstIndex(of: "\n") else { return nil }
      let rest = String(line[line.index(after: end)...])
      if !rest.isEmpty { body.insert(.text(rest), at: body.startIndex) }
      return String(line[..<end])
    }
    found.knowledge = take("Cutting Knowledge Date: ")
    found.date = take("Today Date: ")
    guard found != (nil, nil) else { return found }
    guard case .text(let text)? = body.first, text.hasPrefix("\n") else {
      throw Problem(what: "no empty line behind the dates")
    }
    body.removeFirst()
    if text != "\n" { body.insert(.text(String(text.dropFirst())), at: body.startIndex) }
    return found
  }

  private func finish() throws -> ChatTemplate {
    var template = template
    let messages = Set(["user", "assistant", Self.anyRole].compactMap { trims[$0] })
    guard trims["user"] ?? trims[Self.anyRole] != nil else { throw Problem(what: "no place for the user's message") }
    guard let system = trims["system"] ?? trims[Self.anyRole] else {
      throw Problem(what: "no place for a system message")
    }
    guard messages.count == 1 else { throw Problem(what: "messages that are trimmed for one role and not for another") }
    guard defaults.count <= 1 else {
      throw Problem(what: "\(defaults.count) system messages for chats that have none, expected one")
    }
    (template.trimsSystem, template.trimsMessages) = (system, messages == [true])
    template.defaultSystem = defaults.first
    (template.knowledge, template.date) = (dates?.knowledge, dates?.date)
    return template
  }
}
