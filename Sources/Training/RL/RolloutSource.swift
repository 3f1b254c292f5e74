import Generation

/// Where trajectories come from: the model on this machine, or a server.
public protocol RolloutSource {
  /// Goes through each episode so many times.
  ///
  /// - Parameters:
  ///   - step: of the run. The same step gives the same draws, whatever else is drawn beside them.
  ///   - report: rows done and, as far as is known, of how many; throws to end everything.
  /// - Returns: a group for each episode, in their order, with trajectories by their number.
  func roll(
    _ episodes: [ArticleEpisode], samples: Int, step: Int, report: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> [ArticleGroup]
}

/// Rollouts in waves: stage 1 of all trajectories, then stage 2 of all. For completions that take no more requests once
/// they have begun.
public struct WaveRollouts: RolloutSource {
  public typealias Complete = ([CompletionRequest]) throws -> [Completion]
  private let complete: Complete

  /// - Parameter complete: completes all requests; the results are in their order.
  public init(_ complete: @escaping Complete) { self.complete = complete }

  public func roll(
    _ episodes: [ArticleEpisode], samples: Int, step: Int, report: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> [ArticleGroup] {
    var runs = episodes.flatMap { episode in (0..<samples).map { episode.trajectory(sample: $0, step: step) } }
    var done = 0
    while true {
      let waiting = runs.indices.filter { !runs[$0].requests.isEmpty }
      guard !waiting.isEmpty else { break }
      let requests = waiting.flatMap { runs[$0].requests }
      try report(done, done + requests.count)
      var completions = try complete(requests)[...]
      for index in waiting {
        let count = runs[index].requests.count
        try runs[index].take(Array(completions.prefix(count)))
        completions = completions.dropFirst(count)
      }
      done += requests.count
    }
    try report(done, done)
    return try episodes.indices.map { index in
      let trajectories = runs[index * samples..<(index + 1) * samples].compactMap(\.trajectory)
      guard trajectories.count == samples else {
        throw TrainingError(.data, "found \(trajectories.count) trajectories of \(samples)")
      }
      return episodes[index].group(trajectories)
    }
  }
}
