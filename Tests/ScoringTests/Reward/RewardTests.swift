import Funding
import JSON
import TestSupport
import Testing
import Text

@testable import Scoring

@Suite struct RewardTests {
  @Test(.needsGoldenVectors) func everyGoldenReward() throws {
    let rows = try Golden.rows("reward/reward.jsonl")
    var differences = Differences()
    for row in rows {
      let id = row.text("id")
      let gold = Funder.list(row["gold"])
      let predicted = Funder.list(row["pred"])
      func check(_ options: RewardOptions, _ value: JSON?, _ metrics: JSON?, _ label: String) throws {
        let reward = try Reward(gold: gold, predicted: predicted, options: options)
        differences.expectEqual(reward.value, value?.double ?? .nan, "\(id) \(label)")
        for (name, found) in reward.metrics {
          differences.expectEqual(found, metrics?[name]?.double ?? .nan, "\(id) \(label) \(name)")
        }
      }
      try check(.training, row["reward"], row["metrics"], "training")
      try check(.evaluation, row["hier_reward"], row["hier_metrics"], "evaluation")
      for (name, variant) in row["variants"]?.object?.members ?? [] {
        try check(RewardOptions(arguments: variant["args"]), variant["reward"], variant["metrics"], name)
      }
      let episode = try Episode(gold: gold, predicted: predicted)
      differences.expectEqual(episode.reward, row.number("env_reward"), "\(id) env_reward")
      for (funders, key) in [(gold, "gold_merged"), (predicted, "pred_merged")] {
        let merged = try SimilarFunders.merged(funders).map { $0.name ?? "<null>" }
        let expected = (row[key]?.array ?? []).map { $0.string ?? "<null>" }
        differences.expectEqual(merged, expected, "\(id) \(key)")
      }
    }
    differences.expectNone(of: rows.count)
  }

  @Test(.needsGoldenVectors) func everyGoldenEpisode() throws {
    let rows = try Golden.rows("reward/env_step.jsonl")
    var differences = Differences()
    for (index, row) in rows.enumerated() {
      let gold = Funder.list(row["gold"])
      let completion = row.text("completion")
      if row["raises"]?.string != nil {
        if (try? Episode(gold: gold, completion: completion)) != nil { differences.add("row \(index): no error") }
        continue
      }
      guard let episode = try? Episode(gold: gold, completion: completion) else {
        differences.add("row \(index): an error on \(completion)")
        continue
      }
      differences.expectEqual(episode.reward, row.number("reward"), "row \(index) \(completion)")
      let found = Dictionary(uniqueKeysWithValues: episode.metrics.map { ($0.name, $0.value) })
      for (name, value) in row["metrics"]?.object?.members ?? [] {
        differences.expectEqual(found[name] ?? .nan, value.double ?? .nan, "row \(index) \(name)")
      }
      differences.expectEqual(found.count, row["metrics"]?.object?.count ?? -1, "row \(index) metrics")
    }
    differences.expectNone(of: rows.count)
  }

  @Test func aPerfectPredictionEarns1AndOrderDoesNotMatter() throws {
    var generator = SplitMix64(state: 7)
    for _ in 0..<150 {
      let gold = randomFunders(&generator)
      var predicted = randomFunders(&generator)
      #expect(abs(try Reward(gold: gold, predicted: gold).value - 1) < 1e-12)
      let reward = try Reward(gold: gold, predicted: predicted).value
      #expect(reward >= 0 && reward <= 1 + 1e-12)
      predicted.shuffle(using: &generator)
      #expect(abs(try Reward(gold: gold.reversed(), predicted: predicted).value - reward) < 1e-12)
    }
  }

  /// Names, ids, schemes and titles of all scripts, emoji, combining marks, empty texts, the same name several times.
  @Test func whateverIsWrittenTheScoresAreBoundedAndPerfectionEarns1() throws {
    var generator = SplitMix64(state: 10)
    func text() -> String { String(scalars: RandomText.pair(&generator, maximumLength: 12).0) }
    func texts() -> [String] { (0..<(generator.next() % 3)).map { _ in text() } }
    func funders(named: Bool) -> [Funder] {
      (0..<(generator.next() % 5)).map { _ in
        var name = text()
        // A name of which nothing is left is like no other, itself included.
        while named, TextNormalization.normalize(name).isEmpty { name += "x" }
        return Funder(
          name: generator.next() % 6 == 0 ? nil : name,
          awards: (0..<(generator.next() % 3)).map { _ in
            Award(awardIDs: texts(), fundingSchemes: texts().filter(isText), awardTitles: texts().filter(isText))
          })
      }
    }
    func isText(_ text: String) -> Bool { !TextNormalization.normalize(text).isEmpty }
    for _ in 0..<300 {
      let gold = funders(named: true)
      for options in [RewardOptions.training, .evaluation] {
        let perfect = try Reward(gold: gold, predicted: gold, options: options)
        #expect(abs(perfect.value - 1) < 1e-12, "\(gold)")
        let reward = try Reward(gold: gold, predicted: funders(named: false), options: options)
        #expect(reward.value >= 0 && reward.value <= 1 + 1e-12)
        for level in reward.terms.map(\.level) {
          for figure in [level.precision, level.recall, level.f1, level.f0_5, level.f1_5] {
            #expect(figure >= 0 && figure <= 1 + 1e-12)
          }
        }
      }
    }
  }

  @Test func swappingTheSidesSwapsPrecisionAndRecall() throws {
    var generator = SplitMix64(state: 11)
    for _ in 0..<150 {
      let (a, b) = (randomFunders(&generator), randomFunders(&generator))
      let forth = try Reward(gold: a, predicted: b)
      let back = try Reward(gold: b, predicted: a)
      for (x, y) in zip(forth.terms.map(\.level), back.terms.map(\.level)) {
        #expect(x.precision == y.recall && x.recall == y.precision && x.f1 == y.f1)
      }
    }
  }

  @Test func aPredictedIDThatIsWrongNeverHelps() throws {
    let gold = [Funder(name: "Wellcome Trust", awards: [Award(awardIDs: ["WT086151"])])]
    let right = try Reward(gold: gold, predicted: gold).value
    var more = gold
    more[0].awards[0].awardIDs.append("999999")
    #expect(try Reward(gold: gold, predicted: more).value < right)
  }

  @Test func whatCannotBeScoredIsAnErrorNotZero() {
    let gold = [Funder(name: "NSF", awards: [])]
    #expect(throws: ScoringError.self) { try Episode(gold: gold, completion: "[{\"award_ids\": [123]}]") }
    #expect(throws: ScoringError.self) {
      var options = RewardOptions.training
      options.comparison.threshold = .nan
      _ = try Reward(gold: gold, predicted: gold, options: options)
    }
    #expect(throws: ScoringError.self) {
      var options = RewardOptions.training
      options.weights.funder = .infinity
      _ = try Reward(gold: gold, predicted: gold, options: options)
    }
  }

  /// Names that no mode takes for one another, each at most once: ties, on which the reference depends on the order, do
  /// not occur.
  private func randomFunders(_ generator: inout SplitMix64) -> [Funder] {
    let names = ["Wellcome Trust", "NSF", "Deutsche Forschungsgemeinschaft", "国家自然科学基金", "Fundação Tecnologia"]
    return names.filter { _ in generator.next() % 2 == 0 }.map { name in
      let ids = (0..<(generator.next() % 4)).map { _ in "GR\(10_000 + generator.next() % 40)" }
      return Funder(name: name, awards: [Award(awardIDs: ids)])
    }
  }
}

extension RewardOptions {
  /// The reference's keyword arguments; those not given have its defaults.
  init(arguments: JSON?) {
    self = .training
    if let weights = arguments?["weights"]?.array?.compactMap(\.double), weights.count == 4 {
      self.weights.funder = weights[0]
      self.weights.awardID = weights[1]
      self.weights.fundingScheme = weights[2]
      self.weights.awardTitle = weights[3]
    }
    if let weight = arguments?["flat_id_weight"]?.double { self.weights.flatAwardID = weight }
    if let soft = arguments?["soft_id_matching"]?.bool { comparison.softAwardIDs = soft }
    if let mode = arguments?["id_match_mode"]?.string {
      comparison.awardIDMode = AwardIDMode(rawValue: mode) ?? .normalized
    }
    if let threshold = arguments?["funder_threshold"]?.double { comparison.funderThreshold = threshold }
    if let threshold = arguments?["threshold"]?.double { comparison.threshold = threshold }
  }
}
