import Funding
import Generation
import Tokenizer

/// What a model is trained on, and how rows become examples. The same recipe, files and tokenizer give the same
/// examples.
public struct DataRecipe: Sendable, Equatable {
  /// Rows of any of the formats that `DataRow` knows.
  public var files: [DataFile]
  /// Copies of the rows of a task, on top of the weights of the files. Tasks that are not named count 1.
  public var taskWeights: [Stage?: Double] = [:]
  /// Which rows' licences will do.
  public var licenses: LicenseFilter = .none
  /// Leaves out rows that cannot be read, and reports them; otherwise the first one is an error.
  public var skipsBadRows = false
  public var seed: UInt64 = 0

  /// Most tokens of a chunk, and tokens that neighbouring chunks share: as in `ExtractionOptions`, whose values they
  /// should be where the model is used.
  public var chunkTokens = ExtractionOptions().chunkTokens
  /// Where chunks begin and end; as in `ExtractionOptions`.
  public var chunking = ExtractionOptions().chunking
  public var overlapTokens = ExtractionOptions().overlapTokens
  /// Chunks without a statement for each one with statements, over all articles; nil keeps all of them. The rest of
  /// them is left out by chance.
  public var negativesPerPositive: Double? = 1
  /// Of the chunks without a statement, the share that holds a word of funding (`ChunkSelection.likely`), as far as
  /// there are such chunks. A model that has only seen such is to read only such.
  public var hardNegativeShare = 0.75
  /// Leaves out statements of which a funder's value, after cleaning, is not in the text; otherwise they are only
  /// counted.
  public var requiresVerbatimValues = true
  /// Share of the statements that get another one behind them on a line of its own, as stage 2 reads an article of two
  /// statements.
  public var joinedShare = 0.1
  /// Which answers of a `messages` row are learnt.
  public var supervisedTurns: SupervisedTurns = .all
  /// Damage put into the articles and statements.
  public var noise = DataNoise()

  /// Most tokens of an example. Longer ones are left out and counted; chunks of articles are cut so that they fit with
  /// an answer of 512 tokens, and never get longer than that.
  public var maximumLength = 8_192

  public init(files: [DataFile]) { self.files = files }

  /// The same rows for figures that can be compared whatever the recipe of the training rows: each once and as it is,
  /// in an order of its own.
  public var forMeasuring: DataRecipe {
    var recipe = self
    for index in recipe.files.indices { recipe.files[index].weight = 1 }
    recipe.taskWeights = [:]
    recipe.joinedShare = 0
    recipe.noise.share = 0
    recipe.seed = 0
    return recipe
  }

  /// The same rows for a model that reads no more than so many tokens.
  public func limited(toContext length: Int) -> DataRecipe {
    var recipe = self
    recipe.maximumLength = min(recipe.maximumLength, length)
    return recipe
  }

  /// Is told of the rows done and the rows in all, for the file being read; what it throws ends the work.
  public typealias Progress = (_ file: DataFile, _ done: Int, _ total: Int) throws -> Void

  /// Reads the files and makes the examples, shuffled by the seed.
  ///
  /// - Parameters:
  ///   - shuffled: false keeps the order of the files and rows.
  ///   - keepsSources: whether the examples hold the texts that they are about, which takes more memory.
  /// - Throws: `DataError`, `FileError` for files that cannot be read, `FundingError` for a chunk size that does not
  ///   fit.
  /// - Complexity: linear in the text; an article is tokenized about three times. Memory: the text of the articles and
  ///   9 bytes a token.
  public func examples(
    tokenizer: Tokenizer, template: ChatTemplate, shuffled: Bool = true, keepsSources: Bool = false,
    onProgress: Progress? = nil
  ) throws -> (examples: [TrainingExample], report: DataReport) {
    try check()
    var builder = try ExampleBuilder(self, tokenizer, template, keepsSources: keepsSources)
    for file in files { try builder.add(file, onProgress) }
    var (examples, report) = try builder.finish()
    if shuffled {
      var random = DataRandom(seed: seed, "order")
      random.shuffle(&examples)
    }
    return (examples, report)
  }

  /// - Throws: `DataError.invalidRecipe` for a setting outside its range.
  public func check() throws(DataError) {
    func wrong(_ found: String, _ expected: String) -> DataError {
      DataError(.invalidRecipe, "found \(found), expected \(expected)")
    }
    guard !files.isEmpty else { throw wrong("no data files", "at least one") }
    for file in files where !(file.weight > 0 && file.weight <= 1_000) {
      throw wrong("the weight \(file.weight) for \(file.path)", "a number above 0, at most 1000")
    }
    for (task, weight) in taskWeights where !(weight >= 0 && weight <= 1_000) {
      throw wrong("the weight \(weight) for \(task.taskName)", "a number from 0 to 1000")
    }
    guard chunkTokens >= 1 else { throw wrong("chunks of \(chunkTokens) tokens", "at least 1") }
    guard 0..<chunkTokens ~= overlapTokens else {
      throw wrong("an overlap of \(overlapTokens) tokens", "0 or more and less than the chunk's \(chunkTokens)")
    }
    if let negativesPerPositive, !(negativesPerPositive >= 0 && negativesPerPositive.isFinite) {
      throw wrong("\(negativesPerPositive) negatives per positive", "0 or more")
    }
    guard (0...1).contains(hardNegativeShare) else {
      throw wrong("a hard-negative share of \(hardNegativeShare)", "a number from 0 to 1")
    }
    guard (0...1).contains(joinedShare) else { throw wrong("a joined share of \(joinedShare)", "a number from 0 to 1") }
    guard (0...1).contains(noise.share) else { throw wrong("a noise share of \(noise.share)", "a number from 0 to 1") }
    guard maximumLength >= 16 else { throw wrong("a maximum length of \(maximumLength)", "at least 16 tokens") }
  }
}
