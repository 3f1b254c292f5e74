import Foundation
import Funding
import Generation
import Runs
import Synchronization
import TestSupport
import Testing
import TrainingData

@testable import Training

/// Counts words, with the whitespace before them, as tokens.
private struct Words: PromptTokenizer {
  var contextLength = 10_000

  func tokenOffsets(in text: String) -> [Int] {
    let bytes = Array(text.utf8)
    return bytes.indices.filter { $0 == 0 || bytes[$0] == 0x0A || (bytes[$0] == 0x20 && bytes[$0 - 1] != 0x20) }
  }

  func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) -> Int {
    10 + tokenOffsets(in: messages.last?.content ?? "").count
  }
}

/// Completes by a function of the user's message and the seed, a token a byte.
private final class Scripted: Sendable {
  let received = Mutex<[[CompletionRequest]]>([])
  let answer: @Sendable (String, UInt64) throws -> String

  init(_ answer: @escaping @Sendable (String, UInt64) throws -> String) { self.answer = answer }

  var waves: [[CompletionRequest]] { received.withLock { $0 } }

  func complete(_ requests: [CompletionRequest]) throws -> [Completion] {
    received.withLock { $0.append(requests) }
    return try requests.map { request in
      guard case .chat(let messages, _) = request.prompt else { throw CancellationError() }
      let text = try answer(messages.last?.content ?? "", request.sampling.seed)
      let tokens = text.utf8.prefix(request.maximumNewTokens).map { ChosenToken(id: Int($0), logProbability: -0.25) }
      return Completion(
        text: text, tokens: tokens, finishReason: tokens.count < request.maximumNewTokens ? .stop : .length,
        promptTokens: [1, 2, 3], logProbabilityTemperature: request.sampling.temperature)
    }
  }
}

struct ArticleEpisodeTests {
  static let statement = "This work was funded by the Wellcome Trust (grant 12345)."
  static let other = "Funding came from the Moore Foundation."
  static let gold = [Funder(name: "Wellcome Trust", awards: [Award(awardIDs: ["12345"])])]

  static func article(_ paragraphs: Int = 3) -> String {
    let filler = (0..<paragraphs).map {
      "Paragraph \($0) thanks nobody for funding " + String(repeating: "word ", count: 20)
    }
    return (filler + [statement, other]).joined(separator: "\n\n")
  }

  static func row(_ text: String? = nil, statements: [String] = [statement], gold: [Funder] = gold) -> EpisodeRow {
    EpisodeRow(id: "a", content: .article(text ?? article(), statements: statements), gold: gold)
  }

  static func options(chunkTokens: Int = 40, chunks: Int = 10) -> EpisodeOptions {
    var options = EpisodeOptions()
    options.extraction.chunkTokens = chunkTokens
    options.extraction.overlapTokens = 0
    options.maximumChunks = chunks
    return options
  }

  /// Stage 1 copies what it is asked to find, stage 2 answers by the seed.
  fileprivate static func scripted(
    finding: [String] = [statement], funders: @escaping @Sendable (UInt64) throws -> String
  ) -> Scripted {
    Scripted { content, seed in
      if content.hasPrefix("Extract funding information") { return try funders(seed) }
      let found = finding.filter { content.contains($0) }
      return "{\"statements\": [\(found.map { "\"\($0)\"" }.joined(separator: ", "))]}"
    }
  }

  static let right = #"[{"funder_name": "Wellcome Trust", "awards": [{"award_ids": ["12345"]}]}]"#

  @Test func bothStages() throws {
    let episode = try ArticleEpisode(Self.row(), tokenizer: Words(), options: Self.options())
    #expect(episode.chunks.count > 2 && episode.chunksLeftOut == 0)
    let scripted = Self.scripted(finding: [Self.statement, Self.other]) { _ in Self.right }
    let groups = try WaveRollouts(scripted.complete).roll([episode], samples: 3, step: 7) { _, _ in }
    #expect(groups.count == 1 && groups[0].trajectories.count == 3 && groups[0].hasGold)
    for trajectory in groups[0].trajectories {
      #expect(trajectory.steps.count == episode.chunks.count + 1)
      #expect(trajectory.steps.map(\.stage).last == .funders)
      #expect(trajectory.steps.allSatisfy { $0.isReadable && !$0.isTruncated })
      #expect(trajectory.reward == 1 && trajectory.failure == nil && !trajectory.isEmpty)
      #expect(trajectory.terms.contains { $0.name == "funder_f0_5" && $0.value == 1 })
    }
    // Two waves: all chunks of all samples, then the statements of each as the pipeline joins them.
    #expect(scripted.waves.map(\.count) == [3 * episode.chunks.count, 3])
    let stage1 = scripted.waves[0][0]
    #expect(stage1.constraint == nil && stage1.sampling.temperature == 0.9 && stage1.sampling.topP == 0.9)
    #expect(stage1.maximumNewTokens == 512 && scripted.waves[1][0].maximumNewTokens == 1_024)
    #expect(
      scripted.waves[1][0].prompt
        == .chat(Prompts.funders(in: Self.statement + "\n" + Self.other), specialTokens: .plain))
    // No two draws are the same.
    let seeds = scripted.waves.joined().map(\.sampling.seed)
    #expect(Set(seeds).count == seeds.count)
    #expect(groups[0].rows(temperature: 0.9).rows.allSatisfy { $0.sampled?.count == $0.response.count })
  }

  /// What an extraction reads is what a trajectory reads.
  @Test func stage2ReadsWhatAnExtractionReads() async throws {
    let text = "# Title\n\nWe thank the Na-\ntional  Science Foundation for funding.\n\n" + Self.article()
    let found = ["We thank the National Science Foundation for funding.", Self.other, Self.other]
    let options = Self.options()
    let scripted = Scripted { content, _ in
      content.hasPrefix("Extract funding")
        ? "[]" : "{\"statements\": [\(found.map { "\"\($0)\"" }.joined(separator: ", "))]}"
    }
    let episode = try ArticleEpisode(Self.row(text), tokenizer: Words(), options: options)
    _ = try WaveRollouts(scripted.complete).roll([episode], samples: 1, step: 0) { _, _ in }

    struct Generator: ChatGenerator {
      let scripted: Scripted
      var provenance: [(key: String, value: String)] { [] }
      var contextLength: Int { Words().contextLength }
      func tokenOffsets(in text: String) -> [Int] { Words().tokenOffsets(in: text) }
      func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) -> Int {
        Words().promptTokenCount(of: messages, specialTokens: specialTokens)
      }
      func complete(
        _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
      ) async throws -> [Completion] { try scripted.complete(requests) }
    }
    let before = scripted.waves.count
    var extraction = options.extraction
    extraction.constraint.mode = .none
    _ = try await Extractor(generator: Generator(scripted: scripted), options: extraction, version: "test")
      .extract(id: "a", contents: Array(text.utf8))
    func prompts(_ waves: some Sequence<[CompletionRequest]>) -> [CompletionRequest.Prompt] {
      waves.joined().map(\.prompt)
    }
    #expect(prompts(scripted.waves[..<before]) == prompts(scripted.waves[before...]))
  }

  @Test func nothingFoundIsAnAnswer() throws {
    for (gold, reward) in [(Self.gold, 0.0), ([], 1.0)] {
      let episode = try ArticleEpisode(Self.row(gold: gold), tokenizer: Words(), options: Self.options())
      let scripted = Self.scripted(finding: []) { _ in "not asked" }
      let groups = try WaveRollouts(scripted.complete).roll([episode], samples: 2, step: 0) { _, _ in }
      #expect(scripted.waves.count == 1)
      for trajectory in groups[0].trajectories {
        #expect(trajectory.steps.allSatisfy { $0.stage == .statements })
        #expect(trajectory.reward == reward && trajectory.isEmpty)
      }
      #expect(groups[0].rows(temperature: 0.9).rows.allSatisfy { $0.advantages == [0] })
    }
  }

  @Test func statements() throws {
    let row = EpisodeRow(id: "s", content: .statement(Self.statement), gold: Self.gold)
    let episode = try ArticleEpisode(row, tokenizer: Words(), options: Self.options())
    let scripted = Self.scripted { $0 % 2 == 0 ? Self.right : "[]" }
    let groups = try WaveRollouts(scripted.complete).roll([episode], samples: 16, step: 3) { _, _ in }
    #expect(groups[0].task == .funders)
    #expect(groups[0].trajectories.allSatisfy { $0.steps.count == 1 })
    let rewards = groups[0].rewards.map { $0 ?? .nan }
    #expect(rewards.contains(1) && rewards.contains(0))
    for (reward, advantage) in zip(rewards, groups[0].advantages) {
      #expect((try #require(advantage) > 0) == (reward == 1))
    }
    // Equal answers to one prompt are computed once.
    #expect(PolicyRow.equalOnce(groups[0].rows(temperature: 0.9).rows).count == 2)
  }

  /// A number as award id has no reward in the reference: the trajectory is masked and has no part in the others'.
  @Test func unscorableRolloutsAreMasked() throws {
    let row = EpisodeRow(id: "s", content: .statement(Self.statement), gold: Self.gold)
    let episode = try ArticleEpisode(row, tokenizer: Words(), options: Self.options())
    let bad = #"[{"funder_name": "Wellcome Trust", "awards": [{"award_ids": [12345]}]}]"#
    let answers = [Self.right, bad, "[]", Self.right]
    let count = Mutex(0)
    let scripted = Self.scripted { _ in
      answers[
        count.withLock { value in
          value += 1
          return value - 1
        }]
    }
    let group = try WaveRollouts(scripted.complete).roll([episode], samples: 4, step: 3) { _, _ in }[0]
    #expect(group.rewards == [1, nil, 0, 1])
    #expect(group.trajectories[1].failure != nil)
    #expect(group.advantages[1] == nil)
    let (rows, counts) = group.rows(temperature: 0.9)
    #expect(rows.count == 3 && counts.rows == 3)
    #expect(RolloutSums([group]).metrics(samples: 4).first { $0.name == RolloutMetric.unscorable }?.value == 0.25)
  }

  /// The same draws in any company, and others at another step, sample, or seed.
  @Test func drawsDependOnNothingElse() throws {
    let article = try ArticleEpisode(Self.row(), tokenizer: Words(), options: Self.options())
    let statement = try ArticleEpisode(
      EpisodeRow(id: "a", content: .statement(Self.statement), gold: []), tokenizer: Words(), options: Self.options())
    func seeds(_ episodes: [ArticleEpisode], step: Int, samples: Int = 2) throws -> [UInt64] {
      let scripted = Self.scripted { _ in "[]" }
      _ = try WaveRollouts(scripted.complete).roll(episodes, samples: samples, step: step) { _, _ in }
      return scripted.waves.joined().map(\.sampling.seed)
    }
    let alone = try seeds([article], step: 4)
    #expect(try seeds([article], step: 4) == alone)
    #expect(try Set(seeds([statement, article], step: 4, samples: 3)).isSuperset(of: alone))
    #expect(try Set(seeds([article], step: 5)).isDisjoint(with: alone))
    #expect(try Set(seeds([statement], step: 4)).isDisjoint(with: alone))
  }

  @Test func chunksWithGoldComeFirst() throws {
    let text = Self.article(12)
    let all = try ArticleEpisode(Self.row(text), tokenizer: Words(), options: Self.options())
    let some = try ArticleEpisode(Self.row(text), tokenizer: Words(), options: Self.options(chunks: 3))
    #expect(some.chunks.count == 3 && some.chunksLeftOut == all.chunks.count + all.chunksLeftOut - 3)
    #expect(some.chunks == some.chunks.sorted { $0.lowerBound < $1.lowerBound })
    let place = try #require(try ArticleText(text).unwrapped().places(of: [Self.statement]).first)
    #expect(some.chunks.contains { $0.overlaps(place) })
    let chunks = (0..<20).map { $0 * 10..<$0 * 10 + 10 }
    let chosen = ArticleEpisode.chosen(chunks, holding: [95..<105, 3..<4], atMost: 5) { mixed(1, UInt64($0)) }
    #expect(Set(chosen).isSuperset(of: [0, 9, 10]) && chosen.count == 5)
    #expect(ArticleEpisode.chosen(chunks, holding: [], atMost: 5) { mixed(2, UInt64($0)) } != Array(0..<5))
    #expect(ArticleEpisode.chosen(chunks, holding: [], atMost: 30) { UInt64($0) } == Array(0..<20))
  }

  @Test func textsWithoutAnEpisodeAreRefused() throws {
    var options = Self.options()
    options.extraction.chunkSelection = .likely
    let error = #expect(throws: TrainingError.self) {
      try ArticleEpisode(Self.row("Nothing here."), tokenizer: Words(), options: options)
    }
    #expect(error?.message.contains("row a") == true)
    let long = EpisodeRow(
      id: "s", content: .statement(String(repeating: Self.statement + " ", count: 200)), gold: [])
    #expect(throws: TrainingError.self) {
      try ArticleEpisode(long, tokenizer: Words(contextLength: 1_300), options: Self.options())
    }
  }

  @Test func goldOfRows() throws {
    let clean = [Funder(name: "Clean", awards: [])]
    let own = [Funder(name: "Own", awards: [])]
    let rows = [
      DataRow(id: "1", content: .article("Text", statements: ["Text"]), articleFunders: own),
      DataRow(id: "2", content: .article("Text", statements: ["Text"]), articleFunders: own),
      DataRow(id: "3", content: .article("Text", statements: ["Text"])),
      DataRow(id: "4", content: .article("Text", statements: [])),
      DataRow(id: "1", content: .statement("Text", funders: own)),
      DataRow(id: "5", content: .statement("Text", funders: own)),
      DataRow(id: "6", content: .chat([])),
    ]
    let found = EpisodeRow.rows(rows, gold: [DataRow(id: "1", content: .statement("Text", funders: clean))])
    #expect(found.map(\.id) == ["1", "2", "4", "1", "5"])
    #expect(found.map(\.gold) == [clean, own, [], clean, own])
  }

  @Test func emptyArticlesAreAFifth() {
    let rows =
      (0..<50).map { index in
        EpisodeRow(
          id: "\(index)", content: .article("Text", statements: index % 2 == 0 ? [] : ["Text"]), gold: [])
      } + [EpisodeRow(id: "s", content: .statement("Text"), gold: [])]
    func limited(_ seed: UInt64) -> [EpisodeRow] { EpisodeRow.limitingEmptyArticles(rows, seed: seed) }
    #expect(limited(1).count == 25 + 6 + 1)
    #expect(limited(1) == limited(1) && limited(1) != limited(2))
    #expect(EpisodeRow.limitingEmptyArticles(rows, toShare: 1, seed: 1) == rows)
  }

  @Test func rolloutsAreRecorded() throws {
    let folder = try TemporaryFolder()
    let run = try RunFolder(folder.url("run"), resuming: false)
    let group = ArticleGroup(
      id: "a", task: .statements, hasGold: true,
      trajectories: [
        GroupAdvantagesTests.trajectory(0, [3, 2], reward: 1), GroupAdvantagesTests.trajectory(1, [2], reward: nil),
      ])
    let log = try RolloutLog(run, resumingAt: nil, perStep: 3, byteLimit: 2_000)
    for step in 1...2 {
      let kept = try (group.records(step: step) + group.records(step: step)).map(log.record)
      #expect(kept == [true, true, true, false])
    }
    try log.synchronize()
    let found = try RunRollout.rollouts(of: run.url)
    #expect(found.map(\.step) == [1, 1, 1, 2, 2, 2])
    #expect(found[0] == group.records(step: 1)[0] && found[1].reward == nil && found[1].advantage == nil)
    #expect(found[0].steps.map(\.tokens.count) == [3, 2] && found[0].steps.map(\.task) == ["extract", "parse"])
    // A resumed run records what comes after its checkpoint anew.
    let resumed = try RolloutLog(run, resumingAt: 1, perStep: 3, byteLimit: 2_000)
    #expect(try RunRollout.rollouts(of: run.url).map(\.step) == [1, 1, 1])
    var step = 2
    while try resumed.record(group.records(step: step)[0]) { step += 1 }
    #expect(step > 2 && step < 50)
  }
}
