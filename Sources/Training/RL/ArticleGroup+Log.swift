import Generation
import Runs
import TrainingData

extension ArticleGroup {
  /// The trajectories as a run records them.
  public func records(step: Int) -> [RunRollout] {
    zip(trajectories, advantages).map { trajectory, advantage in
      RunRollout(
        step: step, id: id, sample: trajectory.sample, reward: trajectory.reward, advantage: advantage.map(Double.init),
        terms: trajectory.terms.map { ($0.name, $0.value) }, failure: trajectory.failure,
        steps: trajectory.steps.map {
          RunRollout.Step(
            task: ($0.stage as Stage?).taskName, part: $0.part, promptTokens: $0.prompt.count, tokens: $0.response,
            text: $0.text, finish: $0.finish.rawValue)
        })
    }
  }
}
