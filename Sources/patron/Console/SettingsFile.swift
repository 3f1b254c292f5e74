import ArgumentParser
import Foundation
import JSON
import Scoring
import Yams

/// A file of settings for a command: `--config FILE`, YAML or JSON, each line a flag.
///
///     # Half the recipe's rate: the small model overfits.
///     learning-rate: 5e-5
///     epochs: 3
///     train: [articles.jsonl, statements.jsonl]
///
/// Every flag of the command is a key, by its long name; what the command line gives goes before what the file says.
/// The lines become arguments in front of those given, so a value is checked as it would be there.
enum SettingsFile {
  /// Flags that make no sense in a file.
  private static let excluded: Set<String> = ["config", "help", "version"]
  /// Flags that say how a process goes about it, and are no part of what it does.
  private static let passing: Set<String> = [
    "output", "resume", "dry-run", "quiet", "verbose", "join-timeout", "group-timeout", "collectives",
  ]
  private static let sizeLimit = 1 << 20

  // MARK: Reading

  /// The arguments with the lines of a `--config` file put in, where the command that they name has that option.
  /// - Parameter arguments: those of the process, without its name.
  /// - Throws: `SettingsError` for a file that cannot be read, an unknown key (it names the nearest one), and a value
  ///   that no flag can have.
  static func expand(_ arguments: [String], of root: any ParsableCommand.Type = Patron.self) throws -> [String] {
    var command = root
    var commandDepth = 0
    for argument in arguments {
      guard let next = command.configuration.subcommands.first(where: { $0._commandName == argument }) else { break }
      command = next
      commandDepth += 1
    }
    let own = Array(arguments[commandDepth...])
    guard let path = try configPath(in: own) else { return arguments }
    let flags = Flag.all(of: command)
    guard flags.contains(where: { $0.name == "config" }) else { return arguments }
    let given = Set(flags.filter { $0.isGiven(in: own) }.map(\.name))
    let lines = try lines(of: path)
    let settings = try lines.flatMap { line in
      let flag = try flag(of: line, among: flags, path: path)
      return given.contains(flag.name) ? [] : try flag.arguments(line, path: path)
    }
    return arguments[..<commandDepth] + settings + own
  }

  private static func configPath(in arguments: [String]) throws -> String? {
    var path: String?
    var rest = arguments[...]
    while let argument = rest.popFirst(), argument != "--" {
      var value: String?
      if argument == "--config" { value = rest.popFirst() ?? "" }
      if argument.hasPrefix("--config=") { value = String(argument.dropFirst(9)) }
      guard let value else { continue }
      // ArgumentParser says what is missing.
      guard !value.isEmpty, !value.hasPrefix("-") else { return nil }
      guard path == nil else { throw SettingsError("--config: given twice; a run has one file of settings") }
      path = value
    }
    return path
  }

  fileprivate struct Line {
    let number: Int
    let key: String
    let value: Node
  }

  private static func lines(of path: String) throws -> [Line] {
    let data: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      data = try handle.read(upToCount: sizeLimit + 1) ?? Data()
    } catch {
      throw SettingsError("\(path): cannot be read: \(error.localizedDescription)")
    }
    guard data.count <= sizeLimit else {
      throw SettingsError("\(path): found more than 1 MiB, expected a file of settings")
    }
    guard let text = String(validating: data, as: UTF8.self) else { throw SettingsError("\(path): not UTF-8") }
    // libyaml gives up at 1,000 levels, so a hostile file does not exhaust the stack.
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      // The parser's message may quote a line of any length.
      let reason = Console.printable(String("\(error)".prefix(300))).replacing("\n", with: " ")
      throw SettingsError("\(path): not YAML: \(reason)")
    }
    guard let node else { return [] }
    guard case .mapping(let mapping) = node else {
      throw SettingsError("\(path): expected lines of the form `flag: value`")
    }
    return try mapping.map { key, value in
      let number = key.mark?.line ?? 0
      guard let name = key.scalar?.string else {
        throw SettingsError("\(path):\(number): expected the name of a flag before the colon")
      }
      return Line(number: number, key: name, value: value)
    }
  }

  private static func flag(of line: Line, among flags: [Flag], path: String) throws -> Flag {
    if let flag = flags.first(where: { $0.name == line.key }), !excluded.contains(flag.name) { return flag }
    let place = "\(path):\(line.number): "
    if excluded.contains(line.key) {
      throw SettingsError(place + "--\(line.key) does not belong into a file of settings")
    }
    let known = flags.map(\.name).filter { !excluded.contains($0) }
    let nearest = known.map { ($0, Levenshtein.distance($0, String(line.key.prefix(100)))) }.min { $0.1 < $1.1 }
    let advice = nearest.map { $0.1 <= max(3, $0.0.count / 2) ? "; the nearest is \($0.0)" : "" } ?? ""
    throw SettingsError(
      place + "found the unknown setting \(Console.printable(String(line.key.prefix(100))))\(advice) (each flag of the "
        + "command is a setting, without the two dashes)")
  }

  // MARK: Writing

  /// The value of every flag of a parsed command that decides what it does, under the name that it has in a file of
  /// settings: defaults included, those without a value left out.
  ///
  /// A flag's type must write what it reads: where it is none of Swift's own, `defaultValueDescription` has to be a
  /// text that `init(argument:)` accepts.
  static func values(of command: any ParsableArguments) -> [(key: String, value: JSON)] {
    var values: [(key: String, value: JSON)] = []
    for child in Mirror(reflecting: command).children {
      guard let label = child.label, label.hasPrefix("_") else { continue }
      switch child.value {
      case let group as any FlagGroup: values += Self.values(of: group.options)
      case let flag as any FlagValue:
        let key = kebab(String(label.dropFirst()))
        if !excluded.contains(key), !passing.contains(key), let value = json(flag.anyValue) {
          values.append((key, value))
        }
      default: break
      }
    }
    return values
  }

  /// `learningRate` → `learning-rate`, as ArgumentParser names flags.
  private static func kebab(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
  }

  private static func json(_ value: Any) -> JSON? {
    switch value {
    case let value as Bool: .bool(value)
    case let value as Int: .number(value)
    case let value as UInt64: .string(String(value))
    case let value as Double: .number(value)
    case let value as String: .string(value)
    case let value as [Any]: .array(value.compactMap(json))
    case let value as any OptionalValue: value.wrapped.flatMap(json)
    case let value as any ExpressibleByArgument: .string(value.defaultValueDescription)
    default: nil
    }
  }
}

/// A file of settings is not what it should be.
struct SettingsError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

// MARK: - Flags of a command

/// What ArgumentParser tells of a flag.
private struct Flag {
  /// Its long name.
  let name: String
  /// As they are written on the command line: `--output`, `-o`, `--no-output`.
  var spellings: [String]
  let takesValue: Bool
  let isRepeating: Bool

  /// The flags of a command, from the description that ArgumentParser makes for other programs
  /// (`--experimental-dump-help`).
  static func all(of command: any ParsableCommand.Type) -> [Flag] {
    let description = try? JSON.parse(command._dumpHelp())
    var flags: [Flag] = []
    for argument in description?["command"]?["arguments"]?.array ?? [] {
      let kind = argument["kind"]?.string
      guard kind == "option" || kind == "flag" else { continue }
      let names = (argument["names"]?.array ?? []).compactMap { name -> (isLong: Bool, text: String)? in
        name["name"]?.string.map { (name["kind"]?.string == "long", $0) }
      }
      guard let name = names.first(where: \.isLong)?.text else { continue }
      flags.append(
        Flag(
          name: name, spellings: names.map { ($0.isLong ? "--" : "-") + $0.text }, takesValue: kind == "option",
          isRepeating: argument["isRepeating"]?.bool ?? false))
    }
    // `--noise` and `--no-noise` are one setting.
    return flags.map { flag in
      guard flags.contains(where: { $0.name == "no-" + flag.name }) else { return flag }
      var flag = flag
      flag.spellings.append("--no-" + flag.name)
      return flag
    }
  }

  func isGiven(in arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains { argument in
      spellings.contains { argument == $0 || argument.hasPrefix($0 + "=") }
    }
  }

  func arguments(_ line: SettingsFile.Line, path: String) throws -> [String] {
    func wrong(_ found: String, _ expected: String) -> SettingsError {
      SettingsError("\(path):\(line.number): \(name): found \(found), expected \(expected)")
    }
    let scalars: [Node.Scalar]
    switch line.value {
    case .scalar(let scalar): scalars = [scalar]
    case .sequence(let sequence) where isRepeating:
      scalars = try sequence.map {
        guard let scalar = $0.scalar else { throw wrong("a list in a list", "single values") }
        return scalar
      }
    case .sequence: throw wrong("a list", "one value")
    default: throw wrong("settings in a setting", isRepeating ? "a value or a list" : "one value")
    }
    // `key:` without a value, or null: as if the line were not there.
    let texts = scalars.filter { !($0.style == .plain && ["", "~", "null"].contains($0.string)) }.map(\.string)
    // An equals sign, because a value may begin with a dash; but nothing after one counts as missing.
    if takesValue { return texts.flatMap { $0.isEmpty ? ["--\(name)", ""] : ["--\(name)=\($0)"] } }
    guard let text = texts.first else { return [] }
    switch text {
    case "true": return ["--\(name)"]
    case "false": return spellings.contains("--no-\(name)") ? ["--no-\(name)"] : []
    default: throw wrong(Console.printable(String(text.prefix(60))), "true or false")
    }
  }
}

// What a parsed command holds behind its property wrappers.

private protocol FlagValue { var anyValue: Any { get } }

extension Option: FlagValue {
  fileprivate var anyValue: Any { wrappedValue }
}

extension ArgumentParser.Flag: FlagValue {
  fileprivate var anyValue: Any { wrappedValue }
}

private protocol FlagGroup { var options: any ParsableArguments { get } }

extension OptionGroup: FlagGroup {
  fileprivate var options: any ParsableArguments { wrappedValue }
}

private protocol OptionalValue { var wrapped: Any? { get } }

extension Optional: OptionalValue {
  fileprivate var wrapped: Any? { self }
}
