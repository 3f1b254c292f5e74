import Foundation

/// The learning rate of each update, as transformers' `get_scheduler` defines it.
public struct LearningRateSchedule: Sendable, Hashable {
  public enum Shape: String, Sendable, CaseIterable {
    /// Falls in a straight line to 0 at the last update.
    case linear
    /// Falls along half a cosine wave to 0.
    case cosine
    /// Stays.
    case constant
  }

  public var shape: Shape
  /// Highest learning rate.
  public var base: Double
  /// Updates over which the rate rises from 0 to `base`; the first update of a warm-up has rate 0.
  public var warmupSteps: Int
  /// Updates of the whole run.
  public var totalSteps: Int

  public init(shape: Shape = .linear, base: Double, warmupSteps: Int = 0, totalSteps: Int) {
    self.shape = shape
    self.base = base
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
  }

  /// Warm-up steps of a share of the run, rounded up.
  public static func warmupSteps(ratio: Double, of totalSteps: Int) -> Int {
    Int((Double(totalSteps) * ratio).rounded(.up))
  }

  /// The rate of an update; `step` counts from 0.
  public func rate(atStep step: Int) -> Double {
    if step < warmupSteps { return base * (Double(step) / Double(max(1, warmupSteps))) }
    switch shape {
    case .constant: return base
    case .linear:
      return base * max(0, Double(totalSteps - step) / Double(max(1, totalSteps - warmupSteps)))
    case .cosine:
      let progress = Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
      return base * max(0, 0.5 * (1 + cos(.pi * 0.5 * 2 * progress)))
    }
  }
}
