import ArgumentParser
import Files
import Foundation
import Funding
import Generation
import JSON
import PatronKit
import Runs

/// What the model is held to while it writes.
struct ConstraintArguments: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      none (the output is free), json (it has the stage's shape) or verbatim (and what is to be copied is copied, \
      character by character).
      """, valueName: "mode"))
  var constrain = ConstraintOptions().mode

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With verbatim, the second stage copies award ids (ids), also names, schemes and titles (values), or none.",
      valueName: "which"))
  var verbatim = ConstraintOptions.defaultCopiedValues

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where a copied statement may begin and end: anywhere, at words, at sentences and lines, or at lines.",
      valueName: "places"))
  var statementEdges = ConstraintOptions.defaultStatementEdges

  @Flag(
    name: .long, inversion: .prefixedNo,
    help: "Let copies read as if the text had no line breaks in its paragraphs, nor hyphens at them.")
  var foldLines = ConstraintOptions.defaultFoldsLines

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Leave out copied statements to whose tokens the model itself gave a smaller probability in the mean: the \
      constraint wrote them. 0 keeps all.
      """, valueName: "probability"))
  var leastStatementProbability = ConstraintOptions.defaultLeastStatementProbability

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      The same for copied names, award ids, schemes and titles; a funder without its name goes with its awards. \
      `patron calibrate` shows what each value would do.
      """, valueName: "probability"))
  var leastValueProbability = ConstraintOptions.defaultLeastValueProbability

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Turn the model's confidence into probabilities by this file, which `patron calibrate` wrote (default: as the \
      adapter's patron.json says).
      """, valueName: "file"),
    completion: .file())
  var calibration: String?

  func validate() throws {
    for (name, value) in [("statement", leastStatementProbability), ("value", leastValueProbability)]
    where !(0...1).contains(value) {
      throw ValidationError("found --least-\(name)-probability \(value), expected a number from 0 to 1")
    }
  }

  func apply(to options: inout ExtractionOptions) {
    options.constraint.mode = constrain
    options.constraint.copiedValues = verbatim
    options.constraint.statementEdges = statementEdges
    options.constraint.foldsLines = foldLines
    options.constraint.leastStatementProbability = leastStatementProbability
    options.constraint.leastValueProbability = leastValueProbability
  }

  /// The calibration of `--calibration`; nil without the option.
  func readCalibration() throws -> Calibration? {
    guard let calibration else { return nil }
    do {
      return try Calibration(json: JSON.parse(Data(contentsOf: URL(fileURLWithPath: calibration))))
    } catch {
      throw InputError("\(calibration): \(ErrorMessage.text(of: error))")
    }
  }
}

extension ConstraintOptions.Mode: ExpressibleByArgument {}
extension ConstraintOptions.CopiedValues: ExpressibleByArgument {}
extension CopyEdges: ExpressibleByArgument {
  public init?(argument: String) {
    guard let edges = Self.ofStatements.first(where: { $0.rawValue == argument }) else { return nil }
    self = edges
  }

  public static var allValueStrings: [String] { ofStatements.map(\.rawValue) }
}
