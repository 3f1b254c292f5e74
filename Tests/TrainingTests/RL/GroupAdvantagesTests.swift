import Foundation
import Generation
import JSON
import TestSupport
import Testing

@testable import Training

struct GroupAdvantagesTests {
  @Test func equalGroupsHaveNone() {
    // In float32 the mean of sixteen times 0.7 is not 0.7.
    #expect(GroupAdvantages.advantages(of: Array(repeating: 0.7, count: 16)) == Array(repeating: 0, count: 16))
    #expect(GroupAdvantages.areEqual(Array(repeating: 0.7, count: 16)))
    #expect(!GroupAdvantages.areEqual([0.7, 0.7, 0.6]))
    #expect(!GroupAdvantages.areEqual([0.7]) && !GroupAdvantages.areEqual([]))
  }

  @Test func unscorableRolloutsHaveNoPart() {
    let whole = GroupAdvantages.advantages(of: [0.1, 0.5, 0.9])
    #expect(GroupAdvantages.advantages(of: [0.1, nil, 0.5, 0.9]) == [whole[0], nil, whole[1], whole[2]])
    // Nothing to compare with.
    #expect(GroupAdvantages.advantages(of: [nil, 0.9]) == [nil, 0])
    #expect(GroupAdvantages.advantages(of: [nil, nil]) == [nil, nil])
    #expect(GroupAdvantages.advantages(of: [0.5]) == [0.5 / (1 + 1e-6)])
    #expect(GroupAdvantages.areEqual([nil, 0.5, 0.5]))
  }

  /// A trajectory of `responses`, as many tokens each; the last one has the reward.
  static func trajectory(
    _ sample: Int, _ responses: [Int], reward: Double?, finish: [FinishReason]? = nil, isEmpty: Bool = false
  ) -> Trajectory {
    let steps = responses.enumerated().map { index, count in
      RolloutStep(
        stage: index == responses.count - 1 ? .funders : .statements, part: index,
        Completion(
          text: "", tokens: (0..<count).map { ChosenToken(id: 100 * sample + $0, logProbability: -1) },
          finishReason: finish?[index] ?? .stop, promptTokens: [1, 2, index], logProbabilityTemperature: 0.9),
        isReadable: true)
    }
    return Trajectory(sample: sample, steps: steps, reward: reward, isEmpty: isEmpty)
  }

  @Test func maskedRowsAndTrajectories() throws {
    let group = ArticleGroup(
      id: "a", task: .statements, hasGold: true,
      trajectories: [
        Self.trajectory(0, [3, 2], reward: 1), Self.trajectory(1, [4, 5], reward: 0, finish: [.length, .stop]),
        Self.trajectory(2, [6], reward: nil),
      ])
    let kept = group.rows(temperature: 0.9)
    #expect(kept.rows.map(\.response.count) == [3, 2, 4, 5])
    #expect(kept.counts == PolicyCounts(tokens: 14, rows: 4))
    #expect(kept.rows.allSatisfy { $0.sampled?.count == $0.response.count })
    #expect(kept.rows.map { $0.advantages[0] > 0 } == [true, true, false, false])
    // The row counts still, its tokens do not.
    let masked = group.rows(overlong: .mask, temperature: 0.9)
    #expect(masked.rows.map(\.response.count) == [3, 2, 5])
    #expect(masked.counts == PolicyCounts(tokens: 10, rows: 4))
    // Log-probabilities at another temperature cannot be compared.
    #expect(group.rows(temperature: 1).rows.allSatisfy { $0.sampled == nil })
  }

  @Test func drawsEnd() {
    var draws = GroupDraws<Int>(wanted: 4, limit: 3)
    let rewards: (Int) -> [Double?] = { $0 % 2 == 0 ? [0, 1] : [1, 1] }
    #expect(draws.missing == 4)
    draws.add([1, 2, 3, 4], rewards: rewards)
    #expect(draws.missing == 2 && draws.groups == [2, 4] && draws.equalCount == 2)
    draws.add([5, 7], rewards: rewards)
    #expect(draws.missing == 2)
    draws.add([6, 9], rewards: rewards)
    #expect(draws.missing == 0 && draws.groups == [2, 4, 6] && draws.drawCount == 3 && draws.equalCount == 5)
  }

  @Test func sumsOfProcessesAddUp() {
    func group(_ rewards: [Double?], _ isEmpty: Bool) -> ArticleGroup {
      ArticleGroup(
        id: "a", task: .statements, hasGold: true,
        trajectories: rewards.enumerated().map {
          Self.trajectory($0, [3, 5], reward: $1, finish: [.length, .stop], isEmpty: isEmpty)
        })
    }
    let groups = [group([1, 0.5], false), group([0, 0], true), group([nil, 0.2], false)]
    var sums = RolloutSums([groups[0]])
    sums += RolloutSums(Array(groups[1...]))
    #expect(sums == RolloutSums(groups))
    let metrics = Dictionary(sums.metrics(samples: 2).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    #expect(metrics["reward/avg_raw_reward"] == 1.7 / 5)
    #expect(metrics["reward/avg_pass_at_2"] == 2.0 / 3)
    #expect(metrics["reward/strict_pass_at_2"] == 1.0 / 3)
    #expect(metrics["rollouts/zero_variance_share"] == 1.0 / 3)
    #expect(metrics["rollouts/unscorable_share"] == 1.0 / 6)
    #expect(metrics["rollouts/empty_share"] == 2.0 / 6)
    #expect(metrics["rollouts/truncated_share"] == 0.5)
    #expect(metrics["generate/avg_num_tokens"] == 4)
    #expect(metrics["generate/avg_trajectory_tokens"] == 8)
  }
}

/// Against SkyRL.
@Suite(.needsGoldenVectors)
struct GroupAdvantagesVectorTests {
  struct Group {
    var members: [Int] = []
    var rewards: [Double] = []
  }

  /// Rows of one uid, in the order of their first.
  static func groups(_ row: JSON) throws -> [Group] {
    let uids = try row.at("uids").array!.map { $0.string ?? "" }
    let rewards = try row.at("rewards").array!.map { $0.double ?? .nan }
    var order: [String] = []
    var groups: [String: Group] = [:]
    for (index, uid) in uids.enumerated() {
      if groups[uid] == nil { order.append(uid) }
      groups[uid, default: Group()].members.append(index)
      groups[uid]?.rewards.append(rewards[index])
    }
    return order.compactMap { groups[$0] }
  }

  static func rollouts(_ groups: [Group], _ row: JSON) throws -> [ArticleGroup] {
    let reasons = row["stop_reasons"]?.array?.map { $0.string ?? "" }
    let masks = row["loss_masks"].map(PolicyVectorTests.matrix)
    return groups.map { group in
      ArticleGroup(
        id: "", task: .funders, hasGold: true,
        trajectories: zip(group.members, group.rewards).map { member, reward in
          GroupAdvantagesTests.trajectory(
            member, [masks?[member].count ?? 1], reward: reward,
            finish: [reasons.map { $0[member] == "stop" ? .stop : .length } ?? .stop])
        })
    }
  }

  func expectMetrics(_ groups: [ArticleGroup], _ row: JSON) throws {
    let wanted = try row.at("metrics")
    let found = Dictionary(
      RolloutSums(groups).metrics(samples: 16).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    for (name, key) in [
      (RolloutMetric.reward, "avg_score"), (RolloutMetric.pass(16), "pass_at_n"),
      (RolloutMetric.positiveReward, "mean_positive_reward"),
    ] {
      #expect(abs(try #require(found[name]) - wanted.number(key)) < 1e-9, "\(key)")
    }
  }

  func kept(_ groups: [Group], tolerance: Double) -> [Int] {
    groups.filter { !GroupAdvantages.areEqual($0.rewards, tolerance: tolerance) }.flatMap(\.members).sorted()
  }

  @Test func advantages() throws {
    for row in try Golden.rows("dapo/advantages.jsonl") {
      let groups = try Self.groups(row)
      let wanted = try row.at("advantages").floats
      for group in groups {
        let found = GroupAdvantages.advantages(of: group.rewards)
        for (member, found) in zip(group.members, found) {
          if GroupAdvantages.areEqual(group.rewards) {
            #expect(found == 0)
          } else {
            // A deviation near SkyRL's 1e-6 makes the last bit of a reward count.
            let bound: Float = row.text("tag") == "tiny_spread" ? 1e-3 : 1e-5
            #expect(abs(try #require(found) - wanted[member]) < bound, "\(row.text("tag"))")
          }
        }
      }
      #expect(kept(groups, tolerance: 0) == (try row.at("zero_variance_kept_tol0").integers), "\(row.text("tag"))")
      #expect(kept(groups, tolerance: 1e-6) == (try row.at("zero_variance_kept_tol1e-6").integers))
      try expectMetrics(Self.rollouts(groups, row), row)
    }
  }

  @Test func filters() throws {
    for row in try Golden.rows("dapo/filters.jsonl") {
      let groups = try Self.groups(row)
      let rollouts = try Self.rollouts(groups, row)
      #expect(kept(groups, tolerance: 0) == (try row.at("kept_tol0").integers))
      #expect(kept(groups, tolerance: 1e-6) == (try row.at("kept_tol1e-6").integers))
      // Rewards of trajectories that the overlong filter masks do not tell groups apart.
      let live = zip(groups, rollouts).filter {
        !GroupAdvantages.areEqual($0.1.liveRewards(.mask), tolerance: 1e-6)
      }
      #expect(live.flatMap(\.0.members).sorted() == (try row.at("kept_tol1e-6_live_only").integers))
      let masks = PolicyVectorTests.matrix(try row.at("overlong_filtered_masks"))
      for (group, rollout) in zip(groups, rollouts) {
        let tokens = group.members.reduce(0) { $0 + masks[$1].count { $0 == 1 } }
        let found = rollout.rows(overlong: .mask, temperature: 1)
        #expect(found.counts == PolicyCounts(tokens: tokens, rows: group.members.count))
        #expect(found.rows.count == group.members.count { masks[$0].contains(1) })
      }
      try expectMetrics(rollouts, row)

      let sampling = try row.at("filter_sampling")
      var draws = GroupDraws<Group>(wanted: sampling.integer("train_batch_size"))
      draws.add(groups) { $0.rewards }
      #expect((draws.missing > 0) == (sampling["keep_sampling"]?.bool ?? false))
      if let wanted = sampling["kept_trajectories"]?.array {
        #expect(draws.groups.flatMap(\.members) == wanted.compactMap(\.int))
      } else {
        #expect(draws.groups.count == sampling.integer("collected_prompts"))
      }
    }
  }

  /// The advantage of a trajectory's last step goes to all tokens of all its steps.
  @Test func stepwise() throws {
    for row in try Golden.rows("dapo/stepwise.jsonl") {
      let isLast = try row.at("is_last_step").array!.map { $0.bool ?? false }
      let uids = try row.at("uids").array!.map { $0.string ?? "" }
      let lengths = PolicyVectorTests.matrix(try row.at("response_mask")).map { $0.count { $0 == 1 } }
      let rewards = try row.at("last_step_rewards").floats.map { Double($0) }
      let wanted = PolicyVectorTests.matrix(try row.at("advantages"))
      #expect(try row.at("trajectory_index").integers == isLast.indices.map { index in isLast[..<index].count { $0 } })

      var steps: [Int] = []
      var groups: [(uid: String, trajectories: [Trajectory], advantages: [Float])] = []
      var trajectoryCount = 0
      for index in isLast.indices {
        steps.append(index)
        guard isLast[index] else { continue }
        if groups.last?.uid != uids[index] { groups.append((uids[index], [], [])) }
        groups[groups.count - 1].trajectories.append(
          GroupAdvantagesTests.trajectory(trajectoryCount, steps.map { lengths[$0] }, reward: rewards[trajectoryCount]))
        groups[groups.count - 1].advantages += steps.flatMap { wanted[$0].prefix(lengths[$0]) }
        trajectoryCount += 1
        steps = []
      }
      for group in groups {
        let found = ArticleGroup(id: "", task: .statements, hasGold: true, trajectories: group.trajectories)
        let advantages = found.rows(temperature: 1).rows.flatMap { row in
          row.response.map { _ in row.advantages[0] }
        }
        #expect(advantages.count == group.advantages.count)
        for (found, wanted) in zip(advantages, group.advantages) { #expect(abs(found - wanted) < 1e-5) }
      }
    }
  }
}
