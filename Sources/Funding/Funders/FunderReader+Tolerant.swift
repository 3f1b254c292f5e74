import JSON
import Text

extension FunderReader {
  /// Reads funders for the pipeline: as the reference where that understands the output, otherwise what is complete in
  /// it.
  ///
  /// Of truncated output the complete funders are kept; a funder that is cut off is dropped. Award ids that are numbers
  /// are taken as text, and blank strings stand for nothing. Linear time.
  public static func read(_ output: String) -> Reading<FunderTree<OutputString>> {
    if let value = referenceValue(of: output), let funders = try? located(value), isList(value) {
      var reading = typed(funders)
      if funders.isEmpty, let elements = value.array, !elements.isEmpty {
        reading.isComplete = false
        reading.problems.append("the output is a list without funders")
      }
      return reading
    }
    guard let result = LenientJSON.find(in: output, where: { list(in: $0) != nil }), let list = list(in: result) else {
      return Reading(
        elements: [], isComplete: false,
        problems: [PythonText.isBlank(output) ? "the output is empty" : "the output holds no JSON with funders"])
    }
    var reading = typed((try? located(.array(list))) ?? [])
    if let problem = result.problem {
      reading.isComplete = false
      reading.problems.append(problem.description)
    }
    return reading
  }

  /// Whether the value is one in which the reference looks for funders.
  private static func isList(_ value: LocatedJSON) -> Bool {
    switch value {
    case .array, .object, .string: true
    case .scalar: false
    }
  }

  /// The complete funder objects of a partly read value; nil if it is something else.
  private static func list(in result: LenientJSON.Result) -> [LocatedJSON]? {
    var elements: [LocatedJSON]
    let containersAround: Int
    switch result.value {
    case .array(let array): (elements, containersAround) = (array, 1)
    case .object(let object):
      if let array = object["funders"]?.array {
        (elements, containersAround) = (array, 2)
      } else if object[FunderKeys.name] != nil || object[FunderKeys.awards] != nil {
        (elements, containersAround) = ([result.value], 0)
      } else {
        return nil
      }
    default: return nil
    }
    guard elements.isEmpty || elements.contains(where: { $0.object != nil }) else { return nil }
    if result.openContainers > containersAround, !elements.isEmpty { elements.removeLast() }
    return elements
  }

  private static func typed(_ funders: [FunderTree<LocatedJSON>]) -> Reading<FunderTree<OutputString>> {
    var reading = Reading<FunderTree<OutputString>>(elements: [], isComplete: true, problems: [])
    for funder in funders {
      let read = funder.compactMap { value, kind in string(value, kind) }
      if read.name == nil, read.awards.isEmpty { reading.problems.append("a funder has neither name nor awards") }
      for award in funder.awards where award.awardIDs.contains(where: { $0.string == nil }) {
        reading.problems.append("took an award id that is no string as text")
      }
      reading.elements.append(read)
    }
    return reading
  }

  /// A value as text; nil where it stands for nothing.
  private static func string(_ value: LocatedJSON, _ kind: ValueKind) -> OutputString? {
    let json = value.json
    if kind == .funderName, !PythonValue.isTruthy(json) { return nil }
    let string = value.string ?? OutputString(PythonValue.str(json))
    return PythonText.isBlank(string.text) ? nil : string
  }
}
