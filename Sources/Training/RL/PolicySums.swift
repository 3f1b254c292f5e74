import Torch

/// Figures of an update as sums over its rows, so that those of micro-batches and of processes add up.
public struct PolicySums: Sendable, Equatable {
  /// The policy's term of the loss, divided by N already.
  public var policyLoss = 0.0
  /// The divergence's and the entropy's terms, with their weights and denominators.
  public var divergenceLoss = 0.0
  public var entropyLoss = 0.0
  /// Over tokens.
  public var divergence = 0.0
  public var entropy = 0.0
  public var ratio = 0.0
  /// Tokens whose ratio a bound holds: of negative advantages below the lower one (and above the dual clip), of
  /// positive ones above the upper one.
  public var clippedLow = 0.0
  public var clippedHigh = 0.0
  public var tokens = 0.0
  /// Means of the rows' tokens.
  public var rowDivergence = 0.0
  public var rowEntropy = 0.0
  public var rows = 0.0
  /// Distance between the sampler's and the trainer's log-probabilities, over the tokens of which the sampler tells.
  public var gap = 0.0
  public var gapTokens = 0.0
  /// The largest; it does not add up.
  public var largestGap = 0.0

  public init() {}

  private static let additive: [any WritableKeyPath<PolicySums, Double> & Sendable] = [
    \.policyLoss, \.divergenceLoss, \.entropyLoss, \.divergence, \.entropy, \.ratio, \.clippedLow, \.clippedHigh,
    \.tokens, \.rowDivergence, \.rowEntropy, \.rows, \.gap, \.gapTokens,
  ]

  /// What adds up, for a sum over processes.
  public var vector: [Double] {
    get { Self.additive.map { self[keyPath: $0] } }
    set { for (path, value) in zip(Self.additive, newValue) { self[keyPath: path] = value } }
  }

  public static func += (left: inout Self, right: Self) {
    left.vector = zip(left.vector, right.vector).map(+)
    left.largestGap = max(left.largestGap, right.largestGap)
  }

  mutating func add(
    _ row: PolicyRow, _ weights: PolicyWeights, _ figures: [PolicyFigures], _ objective: PolicyObjective
  ) {
    let bounds = objective.bounds
    // In float32, as the kernel compares.
    let (low, high) = (1 - Float(bounds.clipLow), 1 + Float(bounds.clipHigh))
    let dual = Float(bounds.dualClip)
    let rising = Double(row.advantages.count { $0 > 0 })
    let falling = Double(row.advantages.count { $0 < 0 })
    let copies = Double(row.advantages.count)
    var (divergence, entropy) = (0.0, 0.0)
    for token in figures {
      let ratio = Double(token.ratio)
      policyLoss += weights.loss * min(max(ratio, Double(low)), Double(dual)) - weights.gain * min(ratio, Double(high))
      divergence += Double(token.divergence)
      entropy += Double(token.entropy)
      self.ratio += copies * ratio
      if token.ratio < low || token.ratio > dual { clippedLow += falling }
      if token.ratio > high { clippedHigh += rising }
    }
    divergenceLoss += weights.divergence * divergence
    entropyLoss -= weights.entropy * entropy
    self.divergence += copies * divergence
    self.entropy += copies * entropy
    tokens += copies * Double(figures.count)
    rowDivergence += copies * divergence / Double(figures.count)
    rowEntropy += copies * entropy / Double(figures.count)
    rows += copies
    for (sampled, token) in zip(row.sampled ?? [], figures) {
      let distance = Double(abs(sampled - token.logProbability))
      gap += distance
      gapTokens += 1
      largestGap = max(largestGap, distance)
    }
  }

  /// The loss.
  public var total: Double { policyLoss + divergenceLoss + entropyLoss }

  /// The figures of an update, under the trainer's names.
  /// - Parameter counts: of the whole update.
  public func metrics(_ counts: PolicyCounts) -> [(name: String, value: Double)] {
    let tokens = max(self.tokens, 1)
    var metrics: [(name: String, value: Double)] = [
      (PolicyMetric.loss, total), (PolicyMetric.policyLoss, policyLoss),
      // A row that an overlong filter masks counts with 0.
      (PolicyMetric.kl, rowDivergence / Double(max(counts.rows, 1))), (PolicyMetric.entropy, entropy / tokens),
      (PolicyMetric.ratio, ratio / tokens), (PolicyMetric.clipRatio, (clippedLow + clippedHigh) / tokens),
      (PolicyMetric.clipLow, clippedLow / tokens), (PolicyMetric.clipHigh, clippedHigh / tokens),
    ]
    if gapTokens > 0 {
      metrics += [(PolicyMetric.gap, gap / gapTokens), (PolicyMetric.largestGap, largestGap)]
    }
    return metrics
  }
}

/// Names of the policy's figures; those that SkyRL has, under its names.
public enum PolicyMetric {
  public static let loss = "policy/final_loss"
  public static let policyLoss = "policy/policy_loss"
  /// Mean over the rows of their tokens' mean k3.
  public static let kl = "policy/policy_kl"
  /// Mean over the tokens.
  public static let entropy = "policy/policy_entropy"
  public static let ratio = "policy/ratio"
  /// Shares of tokens whose ratio is held.
  public static let clipRatio = "policy/ppo_clip_ratio"
  public static let clipLow = "policy/clip_low"
  public static let clipHigh = "policy/clip_high"
  /// Mean and largest distance between the sampler's and the trainer's log-probabilities.
  public static let gap = "policy/rollout_train_logprobs_abs_diff_mean"
  public static let largestGap = "policy/rollout_train_logprobs_abs_diff_max"
}
