import Funding

/// Measures how many rewards a second one core computes.
public struct ScoringBenchmark: Sendable {
  /// A gold list and a prediction for it.
  public struct Case: Sendable {
    public var gold: [Funder]
    public var predicted: [Funder]

    public init(gold: [Funder], predicted: [Funder]) {
      self.gold = gold
      self.predicted = predicted
    }
  }

  public struct Result: Sendable {
    /// Cases of a pass.
    public var cases: Int
    /// Rewards computed, whole passes over the cases.
    public var rewards: Int
    /// Cases that could not be scored in a pass.
    public var failures: Int
    public var seconds: Double
    public var rewardsPerSecond: Double { seconds > 0 ? Double(rewards) / seconds : 0 }
    /// The mean reward of a pass; a figure to see that two measurements did the same work.
    public var meanReward: Double
  }

  public var cases: [Case]
  public var options: RewardOptions

  public init(cases: [Case], options: RewardOptions = .training) {
    self.cases = cases
    self.options = options
  }

  /// A small built-in set of typical size (2 to 4 funders), for machines without data at hand.
  public static let typical: ScoringBenchmark = {
    let gold = [
      Funder(name: "National Science Foundation (NSF)", awards: [Award(awardIDs: ["DMS-1855568", "1321851"])]),
      Funder(name: "Deutsche Forschungsgemeinschaft", awards: [Award(awardIDs: ["KR 4286/1"])]),
      Funder(name: "Fundação para a Ciência e a Tecnologia", awards: [Award(fundingSchemes: ["PhD Fellowship"])]),
    ]
    let renamed = [
      Funder(name: "NSF", awards: [Award(awardIDs: ["DMS 1855568"])]),
      Funder(name: "German Research Foundation", awards: [Award(awardIDs: ["KR4286/2"])]),
      Funder(name: "Fundacao para a Ciencia e a Tecnologia", awards: [Award(fundingSchemes: ["PhD Fellowship"])]),
    ]
    return ScoringBenchmark(cases: [
      Case(gold: gold, predicted: gold), Case(gold: gold, predicted: renamed),
      Case(gold: gold, predicted: Array(renamed.dropLast())), Case(gold: Array(gold.prefix(2)), predicted: renamed),
    ])
  }()

  /// Scores all cases again and again for at least `seconds`, on one core.
  public func run(seconds: Double) -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    var result = Result(cases: cases.count, rewards: 0, failures: 0, seconds: 0, meanReward: 0)
    if cases.isEmpty { return result }
    repeat {
      var sum = 0.0
      var failures = 0
      for item in cases {
        do throws(ScoringError) {
          sum += try Reward(gold: item.gold, predicted: item.predicted, options: options).value
        } catch {
          failures += 1
        }
      }
      result.rewards += cases.count - failures
      result.failures = failures
      result.meanReward = failures < cases.count ? sum / Double(cases.count - failures) : 0
      let elapsed = (clock.now - start).components
      result.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    } while result.seconds < seconds
    return result
  }
}
