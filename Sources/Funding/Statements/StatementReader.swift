import JSON
import Text

/// What was read from a model's output, and how much of it.
public struct Reading<Element: Sendable>: Sendable {
  public var elements: [Element]
  /// False if the output was cut off, broken or not what was asked for: something may be missing.
  public var isComplete: Bool
  /// What was wrong, for the record.
  public var problems: [String]
}

extension Reading: Equatable where Element: Equatable {}

/// Reads what stage 1 wrote: `{"statements": ["…", "…"]}`.
///
/// Code blocks, prose around, other wrapper objects, a plain array, and strings in place of lists are understood. Of
/// truncated output the complete statements are kept. Linear time.
public enum StatementReader {
  public static func read(_ output: String) -> Reading<String> {
    if let string = (try? JSON.parse(PythonText.strip(output)))?.string {
      let inner = StatementCollector(LenientJSON.find(in: string, where: isUsable))
      return inner?.reading ?? StatementCollector(elements: [.string(string)]).reading
    }
    guard let result = LenientJSON.find(in: output, where: isUsable), let collector = StatementCollector(result) else {
      let isBlank = PythonText.strip(output).isEmpty
      return Reading(
        elements: [], isComplete: false,
        problems: [isBlank ? "the output is empty" : "the output holds no JSON with statements"])
    }
    return collector.reading
  }

  private static func isUsable(_ result: LenientJSON.Result) -> Bool { StatementCollector(result) != nil }
}

/// Takes statements out of JSON.
private struct StatementCollector {
  var reading = Reading<String>(elements: [], isComplete: true, problems: [])

  init?(_ result: LenientJSON.Result?) {
    guard let result, let elements = Self.list(in: result.value) else { return nil }
    self.init(elements: elements)
    if let problem = result.problem {
      reading.isComplete = false
      reading.problems.append(problem.description)
    }
  }

  init(elements: [JSON]) {
    for element in elements {
      guard let statement = Self.statement(element) else {
        reading.problems.append("skipped \(element.kindDescription) in the list of statements")
        continue
      }
      if PythonText.strip(statement).isEmpty {
        reading.problems.append("skipped an empty statement")
      } else {
        reading.elements.append(statement)
      }
    }
  }

  /// The list of statements in a value; nil if nothing in it looks like one.
  private static func list(in value: JSON) -> [JSON]? {
    switch value {
    case .array(let elements):
      return elements.isEmpty || elements.contains { statement($0) != nil } ? elements : nil
    case .object(let object):
      switch object["statements"] {
      case .some(.null): return []
      case .some(.string(let string)): return [.string(string)]
      case .some(.array(let elements)): return elements
      case .some(let other): return list(in: other)
      case nil: break
      }
      if statement(value) != nil { return [value] }
      for member in object.members {
        if case .string = member.value { continue }
        if let elements = list(in: member.value) { return elements }
      }
      return nil
    default: return nil
    }
  }

  /// A statement given as a string or as an object around one.
  private static func statement(_ value: JSON) -> String? {
    value.string ?? ["statement", "text", "funding_statement"].lazy.compactMap { value[$0]?.string }.first
  }
}

extension LenientJSON.Problem: CustomStringConvertible {
  var description: String {
    switch self {
    case .truncated: "the output is cut off; what is complete in it was kept"
    case .malformed(let offset): "the output is no JSON from byte \(offset) on; what stands before was kept"
    }
  }
}
