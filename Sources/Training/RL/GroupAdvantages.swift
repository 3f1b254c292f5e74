/// Advantages of the rollouts of one prompt or article over one another (GRPO), in float32 as SkyRL computes them.
public enum GroupAdvantages {
  private static let epsilon: Float = 1e-6

  /// (reward − mean) / (standard deviation + 1e-6), with the unbiased deviation; of a group of one, the reward over
  /// 1 + 1e-6.
  ///
  /// Where all rewards are equal the advantages are exactly 0: in float32 the mean of sixteen times 0.7 is not 0.7,
  /// which would make them 0.056.
  /// - Parameter rewards: nil: the reward could not be computed. Such a rollout has no part in the mean and the
  ///   deviation; where one alone is left of several, there is nothing to compare it with.
  /// - Returns: nil where the reward is nil.
  public static func advantages(of rewards: [Double?]) -> [Float?] {
    let known = rewards.compactMap { $0.map { Float($0) } }
    guard known.count > 1 || rewards.count == 1 else { return rewards.map { $0 == nil ? nil : 0 } }
    var mean: Float = 0
    var deviation: Float = 1
    if known.count > 1 {
      guard known.contains(where: { $0 != known[0] }) else { return rewards.map { $0 == nil ? nil : 0 } }
      mean = Float(known.reduce(0) { $0 + Double($1) } / Double(known.count))
      let squares = known.reduce(0) { $0 + (Double($1) - Double(mean)) * (Double($1) - Double(mean)) }
      deviation = Float((squares / Double(known.count - 1)).squareRoot())
    }
    return rewards.map { $0.map { (Float($0) - mean) / (deviation + epsilon) } }
  }

  /// Whether a group says nothing of what is better: two rewards or more, and all equal.
  /// - Parameter tolerance: largest difference of rewards that count as equal.
  public static func areEqual(_ rewards: [Double?], tolerance: Double = 0) -> Bool {
    let known = rewards.compactMap(\.self)
    guard known.count > 1, let least = known.min(), let most = known.max() else { return false }
    return tolerance > 0 ? most - least <= tolerance : Float(most) == Float(least)
  }
}

/// What becomes of groups whose rewards are all equal.
public enum EqualGroups: String, Sendable, CaseIterable {
  /// Their advantages are 0; divergence and entropy stay, and the loss's denominators count them.
  case keep
  /// They are left out, denominators included.
  case mask
  /// As `mask`, and others are drawn in their place.
  case resample
}

/// What becomes of responses that reached their token limit.
public enum OverlongResponses: String, Sendable, CaseIterable {
  case keep
  /// No token of them counts in the loss (SkyRL's overlong filter); the row itself still counts, with a divergence of
  /// 0. Other steps of the trajectory stay.
  case mask
}

/// Draws groups until enough of them tell what is better (DAPO's dynamic sampling).
///
///     var draws = GroupDraws<ArticleGroup>(wanted: 64)
///     while draws.missing > 0 { draws.add(try roll(draws.missing)) { $0.rewards } }
///
/// After so many draws a step goes on with what there is: a policy that has learnt its rows would end the run
/// otherwise.
public struct GroupDraws<Group> {
  /// Groups of a step.
  public let wanted: Int
  /// Most draws of a step.
  public let limit: Int
  /// Groups whose rewards differ, at most `wanted`, in the order in which they were drawn.
  public private(set) var groups: [Group] = []
  /// Groups left out because their rewards are equal.
  public private(set) var equalCount = 0
  public private(set) var drawCount = 0

  public init(wanted: Int, limit: Int = 3) {
    self.wanted = wanted
    self.limit = limit
  }

  /// Groups to draw next; 0 when done.
  public var missing: Int { drawCount < limit ? wanted - groups.count : 0 }

  public mutating func add(_ drawn: [Group], rewards: (Group) -> [Double?]) {
    drawCount += 1
    for group in drawn {
      if GroupAdvantages.areEqual(rewards(group)) {
        equalCount += 1
      } else if groups.count < wanted {
        groups.append(group)
      }
    }
  }
}
