import JSON
import Text

extension FunderReader {
  /// Reads funders for the pipeline: as the reference where that understands the output, otherwise what is complete in
  /// it.
  ///
  /// Of truncated output the complete funders are kept; a funder that is cut off is dropped. Award ids that are numbers
  /// are taken as text. Linear time.
  public static func read(_ output: String) -> Reading<Funder> {
    if let value = referenceValue(of: output), let funders = try? funders(from: value), isList(value) {
      var reading = typed(funders)
      if funders.isEmpty, let elements = value.array, !elements.isEmpty {
        reading.isComplete = false
        reading.problems.append("the output is a list without funders")
      }
      return reading
    }
    guard let result = LenientJSON.find(in: output, where: { list(in: $0) != nil }), let list = list(in: result) else {
      let isBlank = PythonText.strip(output).isEmpty
      return Reading(
        elements: [], isComplete: false,
        problems: [isBlank ? "the output is empty" : "the output holds no JSON with funders"])
    }
    var reading = typed((try? funders(from: .array(list))) ?? [])
    if let problem = result.problem {
      reading.isComplete = false
      reading.problems.append(problem.description)
    }
    return reading
  }

  /// Whether the value is one in which the reference looks for funders.
  private static func isList(_ value: JSON) -> Bool {
    switch value {
    case .array, .object, .string: true
    default: false
    }
  }

  /// The complete funder objects of a partly read value; nil if it is something else.
  private static func list(in result: LenientJSON.Result) -> [JSON]? {
    var elements: [JSON]
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

  private static func typed(_ funders: [UntypedFunder]) -> Reading<Funder> {
    var reading = Reading<Funder>(elements: [], isComplete: true, problems: [])
    for funder in funders {
      if funder.name.isNull, funder.awards.isEmpty { reading.problems.append("a funder has neither name nor awards") }
      let awards = funder.awards.map { award in
        let ids = award.awardIDs.map(PythonValue.str)
        if award.awardIDs.contains(where: { $0.string == nil }) {
          reading.problems.append("took an award id that is no string as text")
        }
        return Award(
          awardIDs: ids, fundingSchemes: award.fundingSchemes.map(PythonValue.str),
          awardTitles: award.awardTitles.map(PythonValue.str))
      }
      reading.elements.append(Funder(name: Funder.name(of: funder), awards: awards))
    }
    return reading
  }
}
