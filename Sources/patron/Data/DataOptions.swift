import Generation
import ArgumentParser
import Files
import Foundation
import TrainingData

/// How rows become training examples: the options of every command that reads training data.
struct DataOptions: ParsableArguments {
  private static let defaults = DataRecipe(files: [])

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How often the rows of a task count, such as extract=2 or parse=0.5; times the weight of their file.",
      valueName: "task=factor"))
  var taskWeight: [TaskWeight] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Filter of rows: none (all stay) or open (rows whose licence says NC or ND go; rows that state no licence stay).",
      valueName: "filter"))
  var licenseFilter = Self.defaults.licenses

  @Flag(name: .long, help: "Leave out rows that cannot be read and say how many; otherwise the first one is an error.")
  var skipBadRows = false

  @Option(
    name: .long,
    help: ArgumentHelp("Seed of copies, negatives, noise and order.", valueName: "n"))
  var dataSeed = Self.defaults.seed

  @Option(name: .long, help: ArgumentHelp("Most tokens of a chunk of an article.", valueName: "n"))
  var chunkTokens = Self.defaults.chunkTokens

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How an article is cut: paragraphs (whole ones) or overlapping (at a number of tokens).", valueName: "how"))
  var chunking = Self.defaults.chunking

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Tokens that neighbouring chunks share. Whole paragraphs share none, unless one is too long for the model.",
      valueName: "n"))
  var overlapTokens = Self.defaults.overlapTokens

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Chunks without a statement to keep for each chunk with some: a number, or all.", valueName: "ratio"))
  var negatives = NegativeRatio(Self.defaults.negativesPerPositive)

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Share of these that hold a word of funding, support or thanks, as far as there are enough. With 1, `patron \
      extract` reads only such chunks with the adapter (--chunks likely).
      """, valueName: "share"))
  var hardNegatives = Self.defaults.hardNegativeShare

  @Flag(
    name: .long,
    help: "Keep statements whose text lacks a value of their funders. They teach the model to write what is not there.")
  var keepUnverbatim = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Share of the statements that are joined with another one, as if an article had two.",
      valueName: "share"))
  var joined = Self.defaults.joinedShare

  @Option(
    name: .long,
    help: ArgumentHelp("Which answers of a chat are learnt: all of them, or the last.", valueName: "turns"))
  var supervisedTurns = Self.defaults.supervisedTurns

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Share of the rows that get the damage of real texts; 0 leaves all as they are.", valueName: "share"))
  var noise = Self.defaults.noise.share

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Kinds of damage: \(DataNoise.Kind.allCases.map(\.rawValue).joined(separator: ", ")); several with commas.",
      valueName: "kinds"))
  var noiseKinds = NoiseKinds(Self.defaults.noise.kinds)

  @Option(name: .long, help: ArgumentHelp("Most tokens of an example; longer ones are left out.", valueName: "n"))
  var maxLength = Self.defaults.maximumLength

  /// - Parameter files: paths, each with `@weight` behind it or not.
  func recipe(files: [String]) throws -> DataRecipe {
    var recipe = DataRecipe(files: files.map(Self.file))
    for weight in taskWeight { recipe.taskWeights[weight.task] = weight.factor }
    recipe.licenses = licenseFilter
    recipe.skipsBadRows = skipBadRows
    recipe.seed = dataSeed
    recipe.chunkTokens = chunkTokens
    recipe.chunking = chunking
    recipe.overlapTokens = overlapTokens
    recipe.negativesPerPositive = negatives.ratio
    recipe.hardNegativeShare = hardNegatives
    recipe.requiresVerbatimValues = !keepUnverbatim
    recipe.joinedShare = joined
    recipe.supervisedTurns = supervisedTurns
    recipe.noise = DataNoise(share: noise, kinds: noiseKinds.kinds)
    recipe.maximumLength = maxLength
    return recipe
  }

  func validate() throws {
    do { try recipe(files: ["-"]).check() } catch let error as DataError { throw ValidationError(error.message) }
  }

  /// `rows.jsonl` or `rows.jsonl@2.5`; a file of the whole name wins.
  static func file(_ argument: String) -> DataFile {
    if let at = argument.lastIndex(of: "@"), let weight = Double(argument[argument.index(after: at)...]),
      !FileManager.default.fileExists(atPath: argument)
    {
      return DataFile(String(argument[..<at]), weight: weight)
    }
    return DataFile(argument)
  }
}

/// `extract=2`
struct TaskWeight: ExpressibleByArgument, Equatable {
  let task: Stage?
  let factor: Double

  init?(argument: String) {
    let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let task = Stage?.task(named: String(parts[0])), let factor = Double(parts[1])
    else { return nil }
    self.task = task
    self.factor = factor
  }

  var defaultValueDescription: String { "\(task.taskName)=\(factor)" }
}

/// A number, or `all`.
struct NegativeRatio: ExpressibleByArgument, Equatable, CustomStringConvertible {
  let ratio: Double?

  init(_ ratio: Double?) { self.ratio = ratio }

  init?(argument: String) {
    if argument == "all" {
      self.init(nil)
    } else if let ratio = Double(argument), ratio >= 0, ratio.isFinite {
      self.init(ratio)
    } else {
      return nil
    }
  }

  var description: String { ratio.map { ratio in Int(exactly: ratio).map(String.init) ?? String(ratio) } ?? "all" }
  var defaultValueDescription: String { description }
}

/// `case,unicode`, or `all`.
struct NoiseKinds: ExpressibleByArgument, Equatable {
  let kinds: Set<DataNoise.Kind>

  init(_ kinds: Set<DataNoise.Kind>) { self.kinds = kinds }

  init?(argument: String) {
    if argument == "all" {
      self.init(Set(DataNoise.Kind.allCases))
      return
    }
    var kinds: Set<DataNoise.Kind> = []
    for name in argument.split(separator: ",") {
      guard let kind = DataNoise.Kind(rawValue: String(name)) else { return nil }
      kinds.insert(kind)
    }
    self.init(kinds)
  }

  var defaultValueDescription: String {
    kinds.count == DataNoise.Kind.allCases.count
      ? "all" : DataNoise.Kind.allCases.filter(kinds.contains).map(\.rawValue).joined(separator: ",")
  }
}

extension LicenseFilter: ExpressibleByArgument {}
extension SupervisedTurns: ExpressibleByArgument {}
