import Funding
import JSON
import Testing

@testable import Scoring

@Suite struct RewardTests {
  @Test(.needsGoldenVectors) func everyGoldenReward() throws {
    let rows = try GoldenVectors.rows("reward/reward.jsonl")
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
      let episode = try Reward.episodeValue(gold: gold, predicted: predicted)
      differences.expectEqual(episode, row.number("env_reward"), "\(id) env_reward")
      for (funders, key) in [(gold, "gold_merged"), (predicted, "pred_merged")] {
        let merged = try FunderMerging.merge(funders).map { $0.name ?? "<null>" }
        let expected = (row[key]?.array ?? []).map { $0.string ?? "<null>" }
        differences.expectEqual(merged, expected, "\(id) \(key)")
      }
    }
    differences.expectNone(of: rows.count)
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
