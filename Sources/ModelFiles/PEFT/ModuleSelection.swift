import Files
import JSON

/// Which modules a PEFT configuration means: a list of names or name endings, a regular expression, or `all-linear`.
enum ModuleSelection: Sendable {
  case names([String])
  case pattern(ModulePattern)
  /// Every linear layer but the output head.
  case allLinear

  /// - Parameter mayBeAllLinear: whether `all-linear` is more than an expression.
  init?(_ fields: JSONFields, _ key: String, mayBeAllLinear: Bool) throws {
    guard let value = fields[key] else { return nil }
    if let text = value.string {
      let isAllLinear = mayBeAllLinear && text.lowercased() == "all-linear"
      self =
        isAllLinear
        ? .allLinear : .pattern(try ModulePattern(wholeName: text, place: "\(fields.place): \(quoted(key))"))
    } else if let names = value.array?.compactMap(\.string), names.count == value.array?.count {
      self = .names(names)
    } else {
      throw fields.wrong(key, "names or a pattern")
    }
  }

  /// Whether it is a list of names, which other fields of a configuration can narrow.
  var isList: Bool {
    if case .names = self { true } else { false }
  }

  var isAllLinear: Bool {
    if case .allLinear = self { true } else { false }
  }

  /// Whether the selection gives this very name, not only its ending.
  func names(_ module: String) -> Bool {
    if case .names(let names) = self { names.contains(module) } else { false }
  }

  func contains(_ module: String) throws -> Bool {
    switch self {
    case .names(let names): names.contains { Self.isEnding($0, of: module) }
    case .pattern(let pattern): try pattern.matches(module)
    case .allLinear: module != "lm_head"
    }
  }

  /// Its parts, as they stand in the configuration, that mean none of the modules.
  func unused(among modules: [String]) throws -> [String] {
    switch self {
    case .names(let names): names.filter { name in !modules.contains { Self.isEnding(name, of: $0) } }
    case .pattern(let pattern): try modules.contains(where: pattern.matches) ? [] : [pattern.source]
    case .allLinear: []
    }
  }

  private static func isEnding(_ ending: String, of module: String) -> Bool {
    module == ending || module.hasSuffix("." + ending)
  }
}
