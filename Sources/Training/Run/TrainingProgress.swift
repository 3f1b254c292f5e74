import JSON

/// How far a run is: counters that the next steps, and the figures shown, depend on.
public struct TrainingProgress: Sendable, Equatable {
  /// Steps done, those skipped included. A trainer's random choices and its place in the data are functions of it.
  public var step = 0
  /// The last step after which everything that was due was measured.
  public var settledStep = 0
  /// Steps left out because their loss or gradients were not finite.
  public var skippedSteps = 0
  public var skipsInARow = 0
  /// Of all rows so far.
  public var tokens = 0
  public var supervisedTokens = 0
  /// Mean loss of the first five steps, and the running mean (factor 0.9) of all since: what divergence is judged by.
  public var firstLoss: Double?
  public var smoothedLoss: Double?

  public init() {}

  mutating func add(loss: Double, isSkipped: Bool, tokens: Int, supervisedTokens: Int) {
    step += 1
    self.tokens += tokens
    self.supervisedTokens += supervisedTokens
    guard !isSkipped else {
      skippedSteps += 1
      skipsInARow += 1
      return
    }
    skipsInARow = 0
    let counted = step - skippedSteps
    if counted <= 5 { firstLoss = ((firstLoss ?? 0) * Double(counted - 1) + loss) / Double(counted) }
    smoothedLoss = smoothedLoss.map { 0.9 * $0 + 0.1 * loss } ?? loss
  }

  var json: JSON {
    .object([
      ("step", .number(step)), ("settled_step", .number(settledStep)), ("skipped_steps", .number(skippedSteps)),
      ("skips_in_a_row", .number(skipsInARow)),
      ("tokens", .number(tokens)), ("supervised_tokens", .number(supervisedTokens)),
      ("first_loss", firstLoss.map { .number($0) } ?? .null),
      ("smoothed_loss", smoothedLoss.map { .number($0) } ?? .null),
    ])
  }

  init?(_ json: JSON) {
    func count(_ key: String) -> Int? { json[key]?.int.flatMap { $0 >= 0 ? $0 : nil } }
    guard let step = count("step"), let settled = count("settled_step"), let skipped = count("skipped_steps"),
      let inARow = count("skips_in_a_row"),
      let tokens = count("tokens"), let supervised = count("supervised_tokens"), skipped <= step, settled <= step
    else { return nil }
    self.step = step
    settledStep = settled
    skippedSteps = skipped
    skipsInARow = inARow
    self.tokens = tokens
    supervisedTokens = supervised
    firstLoss = json["first_loss"]?.double
    smoothedLoss = json["smoothed_loss"]?.double
  }
}
