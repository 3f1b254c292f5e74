/// A bound on the work that one row may cost, so that hostile output (ten thousand funders, names of a megabyte)
/// cannot stall a training step.
///
/// Work is counted in steps of about a nanosecond in an optimised build: a 64-bit word of a text comparison, a cell of
/// an assignment, a pair that its lengths and letters already part. Ordinary rows need some thousand steps.
public struct WorkLimit: Sendable, Equatable {
  /// Steps after which scoring ends with `ScoringError.tooMuchWork`.
  public var steps: Int

  /// About two to four seconds.
  public static let standard = WorkLimit(steps: 2_000_000_000)

  /// What it costs to see that a pair of names is not alike, and to set a comparison up.
  static let stepsPerGlance = 8
  static let stepsPerPair = 250

  public init(steps: Int) { self.steps = steps }
}

/// What is left of a `WorkLimit`.
struct WorkBudget {
  private let limit: Int
  private var left: Int

  init(_ limit: WorkLimit) {
    self.limit = limit.steps
    left = max(0, limit.steps)
  }

  mutating func spend(_ steps: Int) throws(ScoringError) {
    left -= steps
    if left < 0 { throw exhausted() }
  }

  /// Spends first × second × third steps without overflow.
  mutating func spend(_ first: Int, times second: Int, times third: Int = 1) throws(ScoringError) {
    let (product, overflow1) = first.multipliedReportingOverflow(by: second)
    let (steps, overflow2) = product.multipliedReportingOverflow(by: third)
    if overflow1 || overflow2 || steps > left { throw exhausted() }
    left -= steps
  }

  private func exhausted() -> ScoringError {
    ScoringError(
      .tooMuchWork,
      "scoring this row needs more than \(limit) steps: it has too many entries or too long texts; "
        + "mask the row, or raise the work limit")
  }
}
