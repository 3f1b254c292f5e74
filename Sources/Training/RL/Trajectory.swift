import Funding
import Generation

/// What the policy wrote for one prompt.
public struct RolloutStep: Sendable, Equatable {
  public var stage: Stage
  /// The chunk of the article, or the group of statements.
  public var part: Int
  public var prompt: [Int]
  /// The sampled tokens, the stop token included; training never encodes the text again.
  public var response: [Int]
  /// Of the response's tokens, before top-p, at `logProbabilityTemperature`; nil where the sampler does not tell.
  public var logProbabilities: [Float]?
  public var logProbabilityTemperature: Double
  public var text: String
  public var finish: FinishReason
  /// Whether the text is what its stage is to write, complete.
  public var isReadable: Bool

  public init(stage: Stage, part: Int, _ completion: Completion, isReadable: Bool) {
    self.stage = stage
    self.part = part
    prompt = completion.promptTokens
    response = completion.tokens.map(\.id)
    let known = completion.tokens.compactMap(\.logProbability)
    logProbabilities = known.count == completion.tokens.count ? known : nil
    logProbabilityTemperature = completion.logProbabilityTemperature
    text = completion.text
    finish = completion.finishReason
    self.isReadable = isReadable
  }

  public var isTruncated: Bool { finish == .length }
}

/// One way through an article: stage 1 on its chunks, then stage 2 on what that found.
public struct Trajectory: Sendable, Equatable {
  /// A figure that the reward is made of, or that stands beside it.
  public struct Term: Sendable, Equatable {
    public var name: String
    public var value: Double

    public init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// Number in its group.
  public var sample: Int
  /// In order; stage 2 last, where there is one.
  public var steps: [RolloutStep]
  /// Of the whole: that of the last step. nil: it could not be computed, and the trajectory is masked.
  public var reward: Double?
  /// As the reward's program logs them.
  public var terms: [Term]
  /// Whether the answer names no funder.
  public var isEmpty: Bool
  /// Why there is no reward.
  public var failure: String?

  public init(
    sample: Int, steps: [RolloutStep], reward: Double?, terms: [Term] = [], isEmpty: Bool = false,
    failure: String? = nil
  ) {
    self.sample = sample
    self.steps = steps
    self.reward = reward
    self.terms = terms
    self.isEmpty = isEmpty
    self.failure = failure
  }

  public var responseLength: Int { steps.reduce(0) { $0 + $1.response.count } }
}

/// The trajectories of one article, or the rollouts of one statement, whose rewards are compared.
public struct ArticleGroup: Sendable, Equatable {
  /// Of the row.
  public var id: String
  /// `.statements`: articles, which go through both stages; `.funders`: statements.
  public var task: Stage
  /// Whether the gold list names a funder.
  public var hasGold: Bool
  public var trajectories: [Trajectory]
  /// Chunks that stage 1 did not read, because there were too many.
  public var chunksLeftOut: Int

  public init(
    id: String, task: Stage, hasGold: Bool, trajectories: [Trajectory], chunksLeftOut: Int = 0
  ) {
    self.id = id
    self.task = task
    self.hasGold = hasGold
    self.trajectories = trajectories
    self.chunksLeftOut = chunksLeftOut
  }

  public var rewards: [Double?] { trajectories.map(\.reward) }

  /// The rewards of trajectories of which something is left to train on; nil for the others.
  public func liveRewards(_ overlong: OverlongResponses) -> [Double?] {
    trajectories.map { trajectory in
      overlong == .mask && trajectory.steps.allSatisfy(\.isTruncated) ? nil : trajectory.reward
    }
  }

  /// Of the trajectories; nil where there is no reward. Each is that of all steps of its trajectory.
  public var advantages: [Float?] { GroupAdvantages.advantages(of: rewards) }

  /// What the policy trains on, and what of it the loss is divided by.
  ///
  /// - Parameters:
  ///   - overlong: of responses at their token limit.
  ///   - temperature: the objective's; the sampler's log-probabilities count where they are at it.
  /// - Returns: a row for each step, trajectory by trajectory; masked ones are not there.
  public func rows(
    overlong: OverlongResponses = .keep, temperature: Double
  ) -> (rows: [PolicyRow], counts: PolicyCounts) {
    var rows: [PolicyRow] = []
    var counts = PolicyCounts(tokens: 0, rows: 0)
    for (trajectory, advantage) in zip(trajectories, advantages) {
      guard let advantage else { continue }
      for step in trajectory.steps {
        counts.rows += 1
        guard !step.response.isEmpty, !(overlong == .mask && step.isTruncated) else { continue }
        counts.tokens += step.response.count
        rows.append(
          PolicyRow(
            id: "\(id) \(step.stage.rawValue) \(step.part) sample \(trajectory.sample)", prompt: step.prompt,
            response: step.response, advantages: [advantage],
            sampled: step.logProbabilityTemperature == temperature ? step.logProbabilities : nil))
      }
    }
    return (rows, counts)
  }
}

extension Array<ArticleGroup> {
  /// Without groups whose rewards are all equal, where those do not count.
  public func selected(_ equal: EqualGroups, overlong: OverlongResponses = .keep) -> [ArticleGroup] {
    equal == .keep ? self : filter { !GroupAdvantages.areEqual($0.liveRewards(overlong)) }
  }
}
