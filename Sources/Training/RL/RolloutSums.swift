import Generation

/// Figures of rollouts as sums, so that those of processes add up.
public struct RolloutSums: Sendable, Equatable {
  public private(set) var groups = 0.0
  /// Groups that hold a reward above 0, and one of at least ``strictReward``.
  public private(set) var passed = 0.0
  public private(set) var strictlyPassed = 0.0
  /// Groups whose rewards are all equal.
  public private(set) var equalGroups = 0.0
  public private(set) var trajectories = 0.0
  /// Trajectories with a reward, and sums over them.
  public private(set) var scored = 0.0
  public private(set) var reward = 0.0
  public private(set) var positiveReward = 0.0
  /// Trajectories whose answer names no funder although the gold list names one, and all trajectories of such groups.
  public private(set) var empty = 0.0
  public private(set) var withGold = 0.0
  public private(set) var rows = 0.0
  public private(set) var tokens = 0.0
  public private(set) var truncated = 0.0
  public private(set) var unreadable = 0.0
  public private(set) var chunksLeftOut = 0.0
  /// Over the trajectories that have the term.
  private var terms: [Double] = Array(repeating: 0, count: 2 * RolloutSums.termNames.count)

  /// A reward that counts as a whole answer.
  public static let strictReward = 0.99

  /// Terms of `Scoring.Episode` that are recorded.
  static let termNames = [
    "funder_f0_5", "award_id_f0_5", "flat_award_id_f0_5", "scheme_f0_5", "title_f0_5", "association_gap",
    "format_valid", "pred_id_count_ratio",
  ]

  public init() {}

  public init(_ groups: [ArticleGroup]) {
    for group in groups { add(group) }
  }

  private static let counters: [any WritableKeyPath<RolloutSums, Double> & Sendable] = [
    \.groups, \.passed, \.strictlyPassed, \.equalGroups, \.trajectories, \.scored, \.reward, \.positiveReward, \.empty,
    \.withGold, \.rows, \.tokens, \.truncated, \.unreadable, \.chunksLeftOut,
  ]

  /// What adds up, for a sum over processes.
  public var vector: [Double] {
    get { Self.counters.map { self[keyPath: $0] } + terms }
    set {
      for (path, value) in zip(Self.counters, newValue) { self[keyPath: path] = value }
      terms = Array(newValue.dropFirst(Self.counters.count))
    }
  }

  public static func += (left: inout Self, right: Self) { left.vector = zip(left.vector, right.vector).map(+) }

  public mutating func add(_ group: ArticleGroup) {
    let known = group.rewards.compactMap(\.self)
    groups += 1
    passed += known.contains { $0 > 0 } ? 1 : 0
    strictlyPassed += known.contains { $0 >= Self.strictReward } ? 1 : 0
    equalGroups += GroupAdvantages.areEqual(group.rewards) ? 1 : 0
    scored += Double(known.count)
    reward += known.reduce(0, +)
    positiveReward += known.reduce(0) { $0 + max($1, 0) }
    chunksLeftOut += Double(group.chunksLeftOut)
    trajectories += Double(group.trajectories.count)
    if group.hasGold {
      withGold += Double(group.trajectories.count)
      empty += Double(group.trajectories.count(where: \.isEmpty))
    }
    for trajectory in group.trajectories {
      rows += Double(trajectory.steps.count)
      tokens += Double(trajectory.responseLength)
      truncated += Double(trajectory.steps.count(where: \.isTruncated))
      unreadable += Double(trajectory.steps.count { !$0.isReadable })
      for term in trajectory.terms {
        guard let index = Self.termNames.firstIndex(of: term.name) else { continue }
        terms[2 * index] += term.value
        terms[2 * index + 1] += 1
      }
    }
  }

  /// The figures, under the trainer's names.
  /// - Parameter samples: rollouts of a group.
  public func metrics(samples: Int) -> [(name: String, value: Double)] {
    func share(_ value: Double, _ of: Double) -> Double { of == 0 ? 0 : value / of }
    var metrics: [(name: String, value: Double)] = [
      (RolloutMetric.reward, share(reward, scored)), (RolloutMetric.pass(samples), share(passed, groups)),
      (RolloutMetric.strictPass(samples), share(strictlyPassed, groups)),
      (RolloutMetric.positiveReward, share(positiveReward, scored)),
    ]
    for (index, name) in Self.termNames.enumerated() where terms[2 * index + 1] > 0 {
      metrics.append(("reward/\(name)", terms[2 * index] / terms[2 * index + 1]))
    }
    return metrics + [
      (RolloutMetric.zeroVariance, share(equalGroups, groups)),
      (RolloutMetric.unscorable, share(trajectories - scored, trajectories)),
      (RolloutMetric.empty, share(empty, withGold)), (RolloutMetric.truncated, share(truncated, rows)),
      (RolloutMetric.unreadable, share(unreadable, rows)), (RolloutMetric.rowLength, share(tokens, rows)),
      (RolloutMetric.trajectoryLength, share(tokens, trajectories)), (RolloutMetric.chunksLeftOut, chunksLeftOut),
    ]
  }
}

/// Names of the rollouts' figures; those that SkyRL has, under its names.
public enum RolloutMetric {
  public static let reward = "reward/avg_raw_reward"
  /// Share of groups with a reward above 0.
  public static func pass(_ samples: Int) -> String { "reward/avg_pass_at_\(samples)" }
  /// Share of groups with a reward of 0.99 or more.
  public static func strictPass(_ samples: Int) -> String { "reward/strict_pass_at_\(samples)" }
  public static let positiveReward = "reward/mean_positive_reward"
  public static let zeroVariance = "rollouts/zero_variance_share"
  public static let unscorable = "rollouts/unscorable_share"
  /// Of the trajectories of rows that have a funder.
  public static let empty = "rollouts/empty_share"
  /// Of rows.
  public static let truncated = "rollouts/truncated_share"
  public static let unreadable = "rollouts/unreadable_share"
  /// Mean tokens of a response (SkyRL's name), and of all responses of a trajectory.
  public static let rowLength = "generate/avg_num_tokens"
  public static let trajectoryLength = "generate/avg_trajectory_tokens"
  public static let chunksLeftOut = "rollouts/chunks_left_out"
}
