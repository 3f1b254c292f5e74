import JSON

// A template in records and cards: the name of the known template that it is like, and what differs.
extension ChatTemplate: CustomStringConvertible {
  /// Of the known templates the one that it is a variation of.
  public var name: String {
    switch family {
    case .llama3: knowledge == nil && date == nil ? "llama3" : "llama3.1"
    case .chatML: defaultSystem == Self.smolLM2.defaultSystem ? "smollm2" : "chatml"
    }
  }

  /// What differs from the known template of that name, and in any case the date that is printed.
  public var settings: JSONObject {
    var settings = JSONObject()
    guard let known = Self.known.first(where: { $0.key == name })?.value else { return settings }
    func text(_ key: String, _ value: String?, _ expected: String?) {
      if value != expected { settings[key] = value.map { .string($0) } ?? .null }
    }
    text("begin", begin, known.begin)
    text("knowledge", knowledge, known.knowledge)
    text("date", date, nil)
    if known.date != nil, date == nil { settings["date"] = .null }
    text("system", defaultSystem, known.defaultSystem)
    if trimsSystem != known.trimsSystem { settings["trims_system"] = .bool(trimsSystem) }
    if trimsMessages != known.trimsMessages { settings["trims_messages"] = .bool(trimsMessages) }
    return settings
  }

  /// For messages: the name, and in brackets what differs.
  public var description: String {
    let differences = settings.members.map { "\($0.key) \($0.value.string ?? $0.value.text())" }
    return name + (differences.isEmpty ? "" : " (\(differences.joined(separator: ", ")))")
  }

  /// What `name` and `settings` stand for.
  /// - Throws: `TokenizerError.unknownTemplate`.
  public init(name: String, settings: JSONObject = JSONObject()) throws {
    guard let known = Self.known.first(where: { $0.key == name })?.value else {
      throw TokenizerError(
        .unknownTemplate, "found the chat template \"\(name)\", expected one of \(Self.knownNames)")
    }
    self = known
    for (key, value) in settings.members {
      switch (key, value) {
      case ("begin", .string), ("begin", .null): begin = value.string
      case ("knowledge", .string), ("knowledge", .null): knowledge = value.string
      case ("date", .string), ("date", .null): date = value.string
      case ("system", .string), ("system", .null): defaultSystem = value.string
      case ("trims_system", .bool(let trims)): trimsSystem = trims
      case ("trims_messages", .bool(let trims)): trimsMessages = trims
      default:
        throw TokenizerError(
          .unknownTemplate, "found the setting \"\(key)\": \(value.text()) of a chat template, which is not known")
      }
    }
  }

  /// The same layout with another date.
  /// - Throws: `TokenizerError.unsupported` for a template that prints none.
  public func dated(_ date: String) throws -> ChatTemplate {
    guard self.date != nil else {
      throw TokenizerError(
        .unsupported, "found a date (\(date)) for the chat template \(name), which prints none; leave it out")
    }
    var dated = self
    dated.date = date
    return dated
  }
}
