/// Counts of one level (funders, award ids, schemes, titles, statements) and what follows from them.
public struct LevelScore: Sendable, Equatable {
  public var gold: Int
  public var predicted: Int
  /// Matched pairs; with soft award ids a near miss counts 0.5.
  public var matched: Double

  public init(gold: Int = 0, predicted: Int = 0, matched: Double = 0) {
    self.gold = gold
    self.predicted = predicted
    self.matched = matched
  }

  /// Share of the predictions that are matched; 0 without predictions.
  public var precision: Double { predicted > 0 ? matched / Double(predicted) : 0 }
  /// Share of the gold entries that are matched; 0 without gold.
  public var recall: Double { gold > 0 ? matched / Double(gold) : 0 }
  public var f1: Double { fMeasure(beta: 1) }
  /// Precision counts twice as much as recall.
  public var f0_5: Double { fMeasure(beta: 0.5) }
  public var f1_5: Double { fMeasure(beta: 1.5) }

  /// Nothing was there and nothing was predicted.
  public var isEmpty: Bool { gold == 0 && predicted == 0 }

  /// (1 + β²)·P·R / (β²·P + R); 0 where both are 0.
  public func fMeasure(beta: Double) -> Double { Self.fMeasure(precision: precision, recall: recall, beta: beta) }

  static func fMeasure(precision: Double, recall: Double, beta: Double) -> Double {
    let weight = beta * beta
    let denominator = weight * precision + recall
    return denominator == 0 ? 0 : (1 + weight) * precision * recall / denominator
  }

  public static func + (left: LevelScore, right: LevelScore) -> LevelScore {
    LevelScore(
      gold: left.gold + right.gold, predicted: left.predicted + right.predicted, matched: left.matched + right.matched)
  }

  public static func += (left: inout LevelScore, right: LevelScore) { left = left + right }
}
