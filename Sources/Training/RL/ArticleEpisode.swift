import Funding
import Generation

/// An article, or a statement, that trajectories go through: stage 1 on each chunk, stage 2 on the statements found,
/// and the reward of that. A statement's trajectories have stage 2 alone.
public struct ArticleEpisode: Sendable {
  /// What turns a chat into the model's tokens, so that a prompt is encoded once for all samples.
  public typealias Encoder = @Sendable ([Message]) throws -> [Int]

  public let row: EpisodeRow
  public let options: EpisodeOptions
  /// Chunks of the article that the selection would read, but which are too many.
  public let chunksLeftOut: Int
  let inputs: StageInputs
  let article: ArticleText?
  /// Those that stage 1 reads, in order.
  let chunks: [Range<Int>]
  /// Of the chunks, or of a statement.
  let prompts: [CompletionRequest.Prompt]
  private let encode: Encoder?

  /// - Parameter encode: nil: the generator does, each time.
  /// - Throws: `FundingError` for a text that the pipeline refuses; `TrainingError.data` where stage 1 would read
  ///   nothing of the article, or the statement does not fit into one prompt.
  public init(
    _ row: EpisodeRow, tokenizer: any PromptTokenizer, options: EpisodeOptions, encode: Encoder? = nil
  ) throws {
    self.row = row
    self.options = options
    self.encode = encode
    inputs = StageInputs(tokenizer: tokenizer, options: options.reading)
    let messages: [[Message]]
    switch row.content {
    case .article(let text, let statements):
      let article = try ArticleText(text).unwrapped()
      let read = try inputs.readChunks(of: article)
      guard !read.chunks.isEmpty else {
        throw TrainingError(.data, "row \(row.id): found no chunk that stage 1 would read, expected at least one")
      }
      let gold = article.places(of: statements)
      let kept = Self.chosen(read.chunks, holding: gold, atMost: options.maximumChunks) {
        mixed(mixed(options.seed, stableHash(row.id)), UInt64($0))
      }
      self.article = article
      chunks = kept.map { read.chunks[$0] }
      chunksLeftOut = read.chunks.count - kept.count
      messages = kept.map { Prompts.statements(in: read.texts[$0]) }
    case .statement(let text):
      let groups = try inputs.groups(of: [inputs.stage2Text(text)])
      guard groups.count == 1 else {
        throw TrainingError(
          .data,
          "row \(row.id): found a statement that needs \(groups.count) prompts, expected one that fits into the "
            + "model's context of \(tokenizer.contextLength) tokens")
      }
      article = nil
      chunks = []
      chunksLeftOut = 0
      messages = [StageInputs.prompt(ofGroup: groups[0])]
    }
    prompts = try messages.map { try Self.prompt($0, options, encode) }
  }

  /// Numbers of the chunks that are read: first those that hold part of a gold statement, then others by draw, in
  /// order.
  static func chosen(
    _ chunks: [Range<Int>], holding gold: [Range<Int>], atMost limit: Int, draw: (Int) -> UInt64
  ) -> [Int] {
    let order = chunks.indices.map { index in
      (index: index, isGold: gold.contains { $0.overlaps(chunks[index]) }, draw: draw(index))
    }.sorted { ($0.isGold ? 0 : 1, $0.draw, $0.index) < ($1.isGold ? 0 : 1, $1.draw, $1.index) }
    return order.prefix(limit).map(\.index).sorted()
  }

  private static func prompt(
    _ messages: [Message], _ options: EpisodeOptions, _ encode: Encoder?
  ) throws -> CompletionRequest.Prompt {
    try encode.map { .tokens(try $0(messages)) }
      ?? .chat(messages, specialTokens: options.extraction.specialTokens)
  }

  func prompt(ofGroup statements: [String]) throws -> CompletionRequest.Prompt {
    try Self.prompt(StageInputs.prompt(ofGroup: statements), options, encode)
  }

  func request(
    _ prompt: CompletionRequest.Prompt, stage: Stage, part: Int, sample: Int, step: Int
  ) -> CompletionRequest {
    CompletionRequest(
      prompt: prompt,
      maximumNewTokens: stage == .statements
        ? options.extraction.maximumStatementTokens : options.extraction.maximumFunderTokens,
      sampling: Sampling(
        temperature: options.temperature, topP: options.topP,
        seed: seed(stage: stage, part: part, sample: sample, step: step)))
  }

  /// Draws are a function of what is drawn, not of the order or the process in which it is.
  func seed(stage: Stage, part: Int, sample: Int, step: Int) -> UInt64 {
    // Articles and statements may have the same id.
    let row = mixed(stableHash(row.id), row.task == .statements ? 0 : 1)
    return [row, UInt64(sample), stage == .statements ? 0 : 1, UInt64(part)].reduce(mixed(options.seed, UInt64(step))) {
      mixed($0, $1)
    }
  }

  /// A trajectory at its beginning.
  /// - Parameters:
  ///   - sample: its number in the group.
  ///   - step: of the run.
  public func trajectory(sample: Int, step: Int) -> TrajectoryRun {
    TrajectoryRun(self, sample: sample, step: step)
  }

  /// The group of finished trajectories.
  public func group(_ trajectories: [Trajectory]) -> ArticleGroup {
    ArticleGroup(
      id: row.id, task: row.task, hasGold: !row.gold.isEmpty, trajectories: trajectories, chunksLeftOut: chunksLeftOut)
  }
}

/// FNV-1a: the same on every machine, which Swift's own hashes are not.
func stableHash(_ text: String) -> UInt64 {
  text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
