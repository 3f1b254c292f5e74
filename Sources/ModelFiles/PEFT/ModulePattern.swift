import Files
import JSON

/// A regular expression over module names, matched against the whole name.
///
/// PEFT's expressions are Python's; the two dialects agree on what is used for module names.
struct ModulePattern: Sendable {
  // Compiled on use: `Regex` is not Sendable. Module names are few hundreds, patterns a handful.
  private let source: String

  init(_ source: String, key: String, place: String) throws {
    guard source.utf8.count <= 4096, (try? Regex(source)) != nil else {
      throw FileError(.malformed, "\(place): \(quoted(key)): \(quoted(source)) is not a regular expression")
    }
    self.source = source
  }

  func matches(_ name: String) -> Bool {
    guard let regex = try? Regex(source) else { return false }
    return name.wholeMatch(of: regex) != nil
  }

  /// What the first group matched.
  func firstGroup(in name: String) -> Substring? {
    guard let regex = try? Regex(source), let match = name.wholeMatch(of: regex), match.output.count > 1 else {
      return nil
    }
    return match.output[1].substring
  }
}

/// Which modules a PEFT configuration means: a list of names or name endings, a regular expression, or `all-linear`.
enum ModuleSelection: Sendable {
  case names([String])
  case pattern(ModulePattern)
  /// Every linear layer but the output head.
  case allLinear

  init?(_ value: JSON?, key: String, place: String) throws {
    guard let value else { return nil }
    if let text = value.string {
      self = text.lowercased() == "all-linear" ? .allLinear : .pattern(try ModulePattern(text, key: key, place: place))
    } else if let names = value.array?.compactMap(\.string), names.count == value.array?.count {
      self = .names(names)
    } else {
      throw FileError(
        .malformed, "\(place): \(quoted(key)) is \(value.kindDescription), expected names or a pattern")
    }
  }

  var isPattern: Bool {
    if case .names = self { false } else { true }
  }

  /// Whether the selection gives this very name, not only its ending.
  func names(_ module: String) -> Bool {
    if case .names(let names) = self { names.contains(module) } else { false }
  }

  func contains(_ module: String) -> Bool {
    switch self {
    case .names(let names): names.contains { module == $0 || module.hasSuffix("." + $0) }
    case .pattern(let pattern): pattern.matches(module)
    case .allLinear: module != "lm_head"
    }
  }
}
