import Funding
import Generation
import Scoring

/// How episodes are gone through; the defaults are the recipe's.
public struct EpisodeOptions: Sendable {
  /// How articles are read: as `patron extract` does with the adapter's card. Sampling and constraint are not taken
  /// from here: rollouts are not held to anything.
  public var extraction = ExtractionOptions()
  /// Most chunks of an article. Of more, those that hold a gold statement come first, then others by seeded draw.
  public var maximumChunks = 10
  public var temperature = 0.9
  /// Of sampling alone; the trainer's log-probabilities know nothing of it.
  public var topP = 0.9
  public var seed: UInt64 = 0
  /// What an answer is worth.
  public var reward: any EpisodeReward = FunderReward()

  public init() {}

  var reading: ExtractionOptions {
    var options = extraction
    options.constraint.mode = .none
    return options
  }

  /// - Throws: `TrainingError.setting` for a value outside its range.
  public func check() throws {
    guard maximumChunks > 0 else {
      throw TrainingError(.setting, "found at most \(maximumChunks) chunks of an article, expected 1 or more")
    }
    guard temperature > 0, temperature.isFinite, topP > 0, topP <= 1 else {
      throw TrainingError(
        .setting, "found temperature \(temperature) and top-p \(topP), expected more than 0, the latter at most 1")
    }
  }
}

/// What an episode's end is worth.
public struct EpisodeScore: Sendable, Equatable {
  public var reward: Double
  public var terms: [Trajectory.Term]
  /// Whether the answer names no funder.
  public var isEmpty: Bool

  public init(reward: Double, terms: [Trajectory.Term] = [], isEmpty: Bool) {
    self.reward = reward
    self.terms = terms
    self.isEmpty = isEmpty
  }
}

/// Scores the end of a trajectory.
public protocol EpisodeReward: Sendable {
  /// - Parameters:
  ///   - steps: the trajectory's.
  ///   - answers: what stage 2 wrote; `[]` where stage 1 found no statement, several only where the statements did not
  ///     fit into one prompt.
  /// - Throws: where there is no reward. The trajectory is then masked; it does not count as one of reward 0.
  func score(_ row: EpisodeRow, steps: [RolloutStep], answers: [String]) throws -> EpisodeScore
}

/// `Scoring.Episode`'s: 0.50 funder + 0.40 award id + 0.10 award id anywhere, soft ids, nothing for an empty answer
/// where there are funders.
public struct FunderReward: EpisodeReward {
  public init() {}

  public func score(_ row: EpisodeRow, steps: [RolloutStep], answers: [String]) throws -> EpisodeScore {
    let predicted = try answers.flatMap { try FunderReader.funders(in: $0) }
    let episode =
      try answers.count == 1
      ? Episode(gold: row.gold, completion: answers[0]) : Episode(gold: row.gold, predicted: predicted)
    return EpisodeScore(
      reward: episode.reward, terms: episode.metrics.map { Trajectory.Term($0.name, $0.value) },
      isEmpty: predicted.isEmpty)
  }
}
