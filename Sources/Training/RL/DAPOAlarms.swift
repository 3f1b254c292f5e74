import Foundation

/// Something that a person should look at before the run goes on.
public struct DAPOAlarm: Sendable, Equatable {
  /// What is wrong; as flags and reports spell it.
  public enum Kind: String, Sendable, CaseIterable {
    /// The policy has become sure of one answer, or of none.
    case entropyCollapse = "entropy-collapse"
    case entropyRise = "entropy-rise"
    /// Answers name no funder where there are some.
    case empty
    /// Responses end at their token limit.
    case truncated
    /// Rewards are equal within the groups: there is nothing to learn from.
    case zeroVariance = "zero-variance"
    /// The sampler does not compute what is trained.
    case samplerGap = "sampler-gap"
    /// The policy moves away from the reference at once.
    case divergence
    /// The figure of the dev rows falls.
    case devFalls = "dev-falls"
    /// The reward rises while the dev rows' figures fall: what is rewarded is not what is wanted.
    case rewardHacking = "reward-hacking"
    /// Processes do not hold the same adapter.
    case ranksDiffer = "ranks-differ"
  }

  public var kind: Kind
  public var step: Int
  /// One line.
  public var message: String

  public init(_ kind: Kind, step: Int, _ message: String) {
    self.kind = kind
    self.step = step
    self.message = message
  }

  /// - Parameter ranks: whose adapters differ from that of the first.
  public static func ranksDiffer(_ ranks: [Int], step: Int) -> DAPOAlarm {
    DAPOAlarm(
      .ranksDiffer, step: step,
      "the adapter of \(ranks.count == 1 ? "rank" : "ranks") \(ranks.map(String.init).joined(separator: ", ")) is not "
        + "that of rank 0")
  }
}

/// Watches the figures of a run. An alarm is raised when its condition begins, and again only after that has ended.
///
/// All that it knows comes from lines of the metric log: a resumed run shows it those of before and is where it was.
public struct DAPOAlarms: Sendable {
  /// Bounds of the alarms.
  public struct Bounds: Sendable, Hashable {
    /// Of the entropy, relative to its mean over the first steps.
    public var leastEntropy = 0.2
    public var mostEntropy = 3.0
    public var firstSteps = 5
    /// Of empty answers: from the first on an alarm where their share rises, from the second on in any case.
    public var risingEmptyShare = 0.5
    public var emptyShare = 0.9
    public var truncatedShare = 0.9
    public var zeroVarianceShare = 0.95
    /// Steps in a row.
    public var zeroVarianceSteps = 5
    /// In nats; the same process in one dtype stays below a tenth of it.
    public var samplerGap = 0.02
    /// KL over its median so far, where it is more than `leastDivergence`: a fresh adapter begins at 0.
    public var divergenceRise = 10.0
    public var leastDivergence = 0.01
    /// How far a dev figure may fall below its best, and how often in a row.
    public var devFall = 0.02
    public var devFalls = 2
    /// How far the reward must have risen for a fallen dev figure to be hacking.
    public var rewardRise = 0.02

    public init() {}
  }

  public let bounds: Bounds
  /// Names of figures of the dev rows that are to rise; the first one is that by which the best checkpoint is chosen.
  public let devFigures: [String]
  private var entropies: [Double] = []
  private var divergences: [Double] = []
  private var lastEmptyShare: Double?
  private var equalSteps = 0
  private var fallsInARow = 0
  /// Rewards of the steps since the last measurement.
  private var rewards: [Double] = []
  private var lastReward: Double?
  /// The best of each figure of the dev rows, and the training reward then.
  private var best: [String: (value: Double, reward: Double?)] = [:]
  private var active: Set<DAPOAlarm.Kind> = []
  /// Of the line that is looked at.
  private var step = 0
  private var begun: [DAPOAlarm] = []

  public init(devFigures: [String] = [], bounds: Bounds = Bounds()) {
    self.devFigures = devFigures
    self.bounds = bounds
  }

  /// - Parameter values: of a line of the metric log; what is not finite counts as missing.
  /// - Returns: the alarms that begin.
  public mutating func observe(step: Int, _ values: [String: Double]) -> [DAPOAlarm] {
    func figure(_ name: String) -> Double? { values[name].flatMap { $0.isFinite ? $0 : nil } }
    self.step = step
    begun = []
    if let entropy = figure(PolicyMetric.entropy) {
      if entropies.count < bounds.firstSteps {
        entropies.append(entropy)
      } else {
        let first = entropies.reduce(0, +) / Double(entropies.count)
        let text = "entropy \(Self.text(entropy)), \(Self.text(first)) in the first \(entropies.count) steps"
        set(
          .entropyCollapse, entropy < bounds.leastEntropy * first, "\(text): the policy no longer tries anything else")
        set(.entropyRise, entropy > bounds.mostEntropy * first, "\(text): the policy is coming apart")
      }
    }
    if let share = figure(RolloutMetric.empty) {
      let rises = lastEmptyShare.map { share > $0 } ?? false
      set(
        .empty, share > bounds.emptyShare || (share > bounds.risingEmptyShare && (rises || active.contains(.empty))),
        "\(Self.percent(share)) of the answers name no funder where there are some: the policy may be learning to say "
          + "nothing")
      lastEmptyShare = share
    }
    if let share = figure(RolloutMetric.truncated) {
      set(
        .truncated, share > bounds.truncatedShare,
        "\(Self.percent(share)) of the responses end at their token limit: raise it, or look at what is written")
    }
    if let share = figure(RolloutMetric.zeroVariance) {
      equalSteps = share > bounds.zeroVarianceShare ? equalSteps + 1 : 0
      set(
        .zeroVariance, equalSteps >= bounds.zeroVarianceSteps,
        "rewards were equal within \(Self.percent(share)) of the groups for \(equalSteps) steps: there is nothing to "
          + "learn from")
    }
    if let gap = figure(PolicyMetric.gap) {
      set(
        .samplerGap, gap > bounds.samplerGap,
        "the sampler's and the trainer's log-probabilities are \(Self.text(gap)) apart in the mean, expected at most "
          + "\(Self.text(bounds.samplerGap)): the sampler may not have the present adapter")
    }
    if let divergence = figure(PolicyMetric.kl) {
      if divergences.count >= bounds.firstSteps {
        let median = divergences.sorted()[divergences.count / 2]
        set(
          .divergence, divergence > max(bounds.divergenceRise * median, bounds.leastDivergence),
          "KL \(Self.text(divergence)), its median so far is \(Self.text(median)): the learning rate may be too high")
      }
      divergences.append(divergence)
    }
    if let reward = figure(RolloutMetric.reward) { rewards.append(reward) }
    if devFigures.contains(where: { figure($0) != nil }) {
      measured(figure)
    }
    return begun
  }

  private mutating func set(_ kind: DAPOAlarm.Kind, _ holds: Bool, _ message: String) {
    if !holds {
      active.remove(kind)
    } else if active.insert(kind).inserted {
      begun.append(DAPOAlarm(kind, step: step, message))
    }
  }

  private mutating func measured(_ figure: (String) -> Double?) {
    if !rewards.isEmpty { lastReward = rewards.reduce(0, +) / Double(rewards.count) }
    rewards = []
    var hacked: String?
    for (index, name) in devFigures.enumerated() {
      guard let value = figure(name) else { continue }
      guard let best = best[name], value < best.value else {
        self.best[name] = (value, lastReward)
        if index == 0 { fallsInARow = 0 }
        continue
      }
      let hasFallen = value < best.value - bounds.devFall
      if index == 0 { fallsInARow = hasFallen ? fallsInARow + 1 : 0 }
      if hasFallen, let before = best.reward, let now = lastReward, now > before + bounds.rewardRise {
        hacked =
          hacked ?? "the reward rose from \(Self.text(before)) to \(Self.text(now)) while \(name) fell from "
          + "\(Self.text(best.value)) to \(Self.text(value)): look at the rollouts"
      }
    }
    let first = devFigures.first.flatMap { name in best[name].map { (name, $0.value) } }
    set(
      .devFalls, fallsInARow >= bounds.devFalls,
      first.map {
        "\($0.0) has been more than \(Self.text(bounds.devFall)) below its best of \(Self.text($0.1)) "
          + "\(fallsInARow) times in a row"
      } ?? "")
    set(.rewardHacking, hacked != nil, hacked ?? "")
  }

  private static func text(_ value: Double) -> String { String(format: "%.3g", value) }
  private static func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }
}
