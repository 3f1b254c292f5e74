import Funding
import Generation

/// A trajectory on its way: it says what is to be completed next, and takes in what was.
///
///     var run = episode.trajectory(sample: 0, step: 12)
///     while !run.requests.isEmpty { try run.take(complete(run.requests)) }
///     let trajectory = run.trajectory
public struct TrajectoryRun: Sendable {
  public let episode: ArticleEpisode
  public let sample: Int
  public let step: Int
  /// To be completed next, in any order; empty when the trajectory is done.
  public private(set) var requests: [CompletionRequest]
  private var stage: Stage
  private var steps: [RolloutStep] = []
  private var answers: [String] = []
  private var score: Result<EpisodeScore, any Error>?

  init(_ episode: ArticleEpisode, sample: Int, step: Int) {
    self.episode = episode
    self.sample = sample
    self.step = step
    stage = episode.row.task
    let stage = stage
    requests = episode.prompts.enumerated().map {
      episode.request($1, stage: stage, part: $0, sample: sample, step: step)
    }
  }

  /// - Parameter completions: of ``requests``, in their order.
  /// - Throws: what the pipeline throws at statements that cannot be read on. A reward that cannot be computed throws
  ///   nothing: the trajectory has none.
  public mutating func take(_ completions: [Completion]) throws {
    guard completions.count == requests.count else {
      throw TrainingError(
        .data, "found \(completions.count) completions for \(requests.count) requests of row \(episode.row.id)")
    }
    requests = []
    for (part, completion) in completions.enumerated() {
      let isComplete =
        stage == .statements
        ? StatementReader.read(completion.text).isComplete : FunderReader.read(completion.text).isComplete
      steps.append(RolloutStep(stage: stage, part: part, completion, isReadable: isComplete))
    }
    if stage == .statements, let article = episode.article {
      let groups = try episode.inputs.groups(of: article, answers: Array(zip(completions, episode.chunks)))
      stage = .funders
      requests = try groups.enumerated().map {
        try episode.request(
          episode.prompt(ofGroup: $1), stage: .funders, part: $0, sample: sample, step: step)
      }
      // Nothing found: the answer is that there is nobody.
      if requests.isEmpty { end(answers: ["[]"]) }
    } else {
      end(answers: completions.map(\.text))
    }
  }

  private mutating func end(answers: [String]) {
    self.answers = answers
    score = Result { try episode.options.reward.score(episode.row, steps: steps, answers: answers) }
  }

  /// The whole; nil before it is done.
  public var trajectory: Trajectory? {
    switch score {
    case nil: nil
    case .success(let score)?:
      Trajectory(
        sample: sample, steps: steps, reward: score.reward.isFinite ? score.reward : nil, terms: score.terms,
        isEmpty: score.isEmpty, failure: score.reward.isFinite ? nil : "the reward is \(score.reward)")
    case .failure(let error)?: Trajectory(sample: sample, steps: steps, reward: nil, failure: "\(error)")
    }
  }
}
