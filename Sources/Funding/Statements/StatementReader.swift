import JSON
import Text

/// Reads what stage 1 wrote: `{"statements": ["…", "…"]}`.
///
/// Code blocks, prose around, other wrapper objects, a plain array, and strings in place of lists are understood. Of
/// truncated output the complete statements are kept. Linear time.
public enum StatementReader {
  public static func read(_ output: String) -> Reading<OutputString> {
    if let string = (try? JSON.parse(PythonText.strip(output)))?.string {
      let inner = StatementCollector(LenientJSON.find(in: string, where: isUsable))
      // What stands in a string inside the output has no place of its own there.
      return (inner ?? StatementCollector(elements: [.string(OutputString(string))])).reading.map {
        OutputString($0.text)
      }
    }
    guard let result = LenientJSON.find(in: output, where: isUsable), let collector = StatementCollector(result) else {
      return Reading(
        elements: [], isComplete: false,
        problems: [PythonText.isBlank(output) ? "the output is empty" : "the output holds no JSON with statements"])
    }
    return collector.reading
  }

  private static func isUsable(_ result: LenientJSON.Result) -> Bool { StatementCollector(result) != nil }
}

/// Takes statements out of JSON.
private struct StatementCollector {
  var reading = Reading<OutputString>(elements: [], isComplete: true, problems: [])

  init?(_ result: LenientJSON.Result?) {
    guard let result, let elements = Self.list(in: result.value) else { return nil }
    self.init(elements: elements)
    if let problem = result.problem {
      reading.isComplete = false
      reading.problems.append(problem.description)
    }
  }

  init(elements: [LocatedJSON]) {
    for element in elements {
      guard let statement = Self.statement(element) else {
        reading.problems.append("skipped \(element.json.kindDescription) in the list of statements")
        continue
      }
      if PythonText.isBlank(statement.text) {
        reading.problems.append("skipped an empty statement")
      } else {
        reading.elements.append(statement)
      }
    }
  }

  /// The list of statements in a value; nil if nothing in it looks like one.
  private static func list(in value: LocatedJSON) -> [LocatedJSON]? {
    switch value {
    case .array(let elements):
      return elements.isEmpty || elements.contains { statement($0) != nil } ? elements : nil
    case .object(let object):
      switch object["statements"] {
      case .some(.scalar(.null)): return []
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
  private static func statement(_ value: LocatedJSON) -> OutputString? {
    value.string
      ?? ["statement", "text", "funding_statement"].lazy.compactMap { value.object?[$0]?.string }.first
  }
}
