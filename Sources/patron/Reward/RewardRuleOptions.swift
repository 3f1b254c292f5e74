import ArgumentParser
import Scoring

/// The weights and rules of `patron reward`: a preset, and what is changed of it.
struct RewardRuleOptions: ParsableArguments {
  enum Preset: String, CaseIterable, ExpressibleByArgument {
    case training, evaluation

    var options: RewardOptions { self == .training ? .training : .evaluation }
  }

  @Option(
    name: .long,
    help: """
      training (0.50 funder + 0.40 award id + 0.10 flat award id, soft ids) or evaluation (0.50 funder + 0.50 award id, ids \
      match or not); the options below change it.
      """)
  var preset: Preset = .training

  @Option(name: .long, help: ArgumentHelp("Weight of the funders.", valueName: "w"))
  var funderWeight: Double?

  @Option(name: .long, help: ArgumentHelp("Weight of the award ids under their funders.", valueName: "w"))
  var awardIDWeight: Double?

  @Option(name: .long, help: ArgumentHelp("Weight of the award ids wherever they stand.", valueName: "w"))
  var flatAwardIDWeight: Double?

  @Option(name: .long, help: ArgumentHelp("Weight of the funding schemes.", valueName: "w"))
  var schemeWeight: Double?

  @Option(name: .long, help: ArgumentHelp("Weight of the award titles.", valueName: "w"))
  var titleWeight: Double?

  @Option(name: .long, help: ArgumentHelp("Least similarity of names that are one funder.", valueName: "s"))
  var funderThreshold = 0.8

  @Option(name: .long, help: ArgumentHelp("Least similarity of schemes and titles that match.", valueName: "s"))
  var threshold = 0.8

  @Flag(
    name: .customLong("soft-ids"), inversion: .prefixedNo,
    help: "Whether an award id with one character wrong counts half (default: as the preset has it).")
  var usesSoftIDs: Bool?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "normalized (award ids without spaces, hyphens, slashes and case) or exact (without case).", valueName: "mode"))
  var idMode: AwardIDMode = .normalized

  @Option(name: .long, help: ArgumentHelp("How names are compared.", valueName: "mode"))
  var similarity: SimilarityMode = .balanced

  func validate() throws {
    for (name, value) in [
      ("--funder-weight", funderWeight), ("--award-id-weight", awardIDWeight),
      ("--flat-award-id-weight", flatAwardIDWeight), ("--scheme-weight", schemeWeight), ("--title-weight", titleWeight),
    ] {
      if let value, !value.isFinite { throw ValidationError("found \(name) \(value), expected a finite number") }
    }
    for (name, value) in [("--funder-threshold", funderThreshold), ("--threshold", threshold)] {
      guard (0...1).contains(value) else { throw ValidationError("found \(name) \(value), expected 0 to 1") }
    }
  }

  var options: RewardOptions {
    var options = preset.options
    options.weights.funder = funderWeight ?? options.weights.funder
    options.weights.awardID = awardIDWeight ?? options.weights.awardID
    options.weights.flatAwardID = flatAwardIDWeight ?? options.weights.flatAwardID
    options.weights.fundingScheme = schemeWeight ?? options.weights.fundingScheme
    options.weights.awardTitle = titleWeight ?? options.weights.awardTitle
    options.comparison.funderThreshold = funderThreshold
    options.comparison.threshold = threshold
    options.comparison.softAwardIDs = usesSoftIDs ?? options.comparison.softAwardIDs
    options.comparison.awardIDMode = idMode
    options.comparison.mode = similarity
    return options
  }
}

extension SimilarityMode: ExpressibleByArgument {}
