import ArgumentParser
import Funding
import Generation
import ModelFiles
import Runs
import Torch

/// How articles are cut and read.
struct ReadingOptions: ParsableArguments {
  private static let defaults = ExtractionOptions()

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Most tokens of an article that the model reads at once; fewer if its context is smaller (default: as the adapter was \
      trained, else \(Self.defaults.chunkTokens)).
      """, valueName: "n"))
  var chunkTokens: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      How an article is cut: paragraphs (whole ones, a heading with what it stands above) or overlapping (at a number of \
      tokens) (default: as the adapter was trained, else \(Self.defaults.chunking.rawValue)).
      """, valueName: "how"))
  var chunking: Chunking?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Tokens that neighbouring chunks share; with paragraphs only those of a paragraph too long for the model (default: as the adapter was trained, else \(Self.defaults.overlapTokens)).
      """, valueName: "n"))
  var overlapTokens: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Which chunks the model reads: all, or likely ones, those that hold a word of funding, support or thanks, which is \
      several times faster (default: as the adapter was trained, else all).
      """, valueName: "which"))
  var chunks: ChunkSelection?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Which statements are kept: any, or those that hold a word of funding, support or thanks or stand under a heading \
      with one (funding). The record warns of the others.
      """, valueName: "which"))
  var statementWords = Self.defaults.statementWords

  @Option(name: .long, help: ArgumentHelp("Most tokens written for the statements of a chunk.", valueName: "n"))
  var statementTokens = Self.defaults.maximumStatementTokens

  @Option(name: .long, help: ArgumentHelp("Most tokens written for the funders of an article.", valueName: "n"))
  var funderTokens = Self.defaults.maximumFunderTokens

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Articles read at once, chunks and funders side by side: 1 is slower and needs less memory (default: \
      \(Self.inFlightOnCPU), on a GPU \(Self.inFlightOnGPU)).
      """, valueName: "n"))
  var inFlight: Int?

  private static let inFlightOnCPU = 16
  private static let inFlightOnGPU = 64

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      What <|eot_id|> and the like mean inside an article: plain (ordinary text) or parse (special tokens, as in \
      transformers; an article can then end its own message).
      """, valueName: "policy"))
  var specialTokensInText = Self.defaults.specialTokens

  @Flag(name: .long, help: "Leave out the places of values and the model's raw output.")
  var noEvidence = false

  @Option(name: .long, help: ArgumentHelp("Largest input in MiB.", valueName: "mib"))
  var maxFileSize = 64

  /// `maxFileSize` in bytes.
  var maximumByteCount: Int { maxFileSize << 20 }

  /// `inFlight`, or what pays off on a device.
  func articlesInFlight(on device: Device) -> Int {
    inFlight ?? (device == .cpu ? Self.inFlightOnCPU : Self.inFlightOnGPU)
  }

  func validate() throws {
    for (name, value, least) in [
      ("--chunk-tokens", chunkTokens ?? 1, 1), ("--overlap-tokens", overlapTokens ?? 0, 0),
      ("--statement-tokens", statementTokens, 1), ("--funder-tokens", funderTokens, 1), ("--in-flight", inFlight ?? 1, 1),
      ("--max-file-size", maxFileSize, 1),
    ] {
      guard (least...1 << 30).contains(value) else {
        throw ValidationError("found \(name) \(value), expected a number from \(least) to \(1 << 30)")
      }
    }
    if let chunkTokens, let overlapTokens { try Self.check(chunkTokens, overlapTokens) }
  }

  private static func check(_ chunkTokens: Int, _ overlapTokens: Int) throws {
    guard overlapTokens < chunkTokens else {
      throw ValidationError(
        "found --overlap-tokens \(overlapTokens) with --chunk-tokens \(chunkTokens); the overlap must be smaller")
    }
  }

  /// Fills in what the command line leaves open: as the adapter was trained, else the recipe's defaults.
  mutating func complete(from card: AdapterCard?) throws {
    let chunk = chunkTokens ?? card?.chunkTokens ?? Self.defaults.chunkTokens
    let overlap = overlapTokens ?? card?.overlapTokens ?? Self.defaults.overlapTokens
    try Self.check(chunk, overlap)
    (chunkTokens, overlapTokens) = (chunk, overlap)
    if chunking == nil, let card { chunking = card.cutsAtParagraphs ? .paragraphs : .overlapping }
    if chunks == nil, card?.readsLikelyChunks == true { chunks = .likely }
  }

  func apply(to options: inout ExtractionOptions) {
    options.chunkTokens = chunkTokens ?? options.chunkTokens
    options.chunking = chunking ?? options.chunking
    options.overlapTokens = overlapTokens ?? options.overlapTokens
    options.chunkSelection = chunks ?? options.chunkSelection
    options.statementWords = statementWords
    options.maximumStatementTokens = statementTokens
    options.maximumFunderTokens = funderTokens
    options.specialTokens = specialTokensInText
    options.includesEvidence = !noEvidence
  }
}

/// How the next token is chosen.
struct SamplingOptions: ParsableArguments {
  private static let defaults = Sampling()

  @Option(name: .long, help: ArgumentHelp("0 takes the most probable token; above 0 tokens are drawn.", valueName: "t"))
  var temperature = Self.defaults.temperature

  @Option(
    name: .long,
    help: ArgumentHelp("Draw from the most probable tokens that reach this share together.", valueName: "p"))
  var topP = Self.defaults.topP

  @Option(
    name: .long, help: ArgumentHelp("Draw from so many of the most probable tokens; 0: from all.", valueName: "k"))
  var topK = Self.defaults.topK

  @Option(
    name: .long,
    help: ArgumentHelp("Seed of the draw; the same seed gives the same result on the same machine.", valueName: "n"))
  var seed = Self.defaults.seed

  func validate() throws {
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("found --temperature \(temperature), expected 0 or more")
    }
    guard topP > 0, topP <= 1 else {
      throw ValidationError("found --top-p \(topP), expected more than 0 and at most 1")
    }
    guard topK >= 0 else { throw ValidationError("found --top-k \(topK), expected 0 or more") }
  }

  var sampling: Sampling { Sampling(temperature: temperature, topP: topP, topK: topK, seed: seed) }
}

extension ChunkSelection: ExpressibleByArgument {}
extension Chunking: ExpressibleByArgument {}
extension StatementWords: ExpressibleByArgument {}
