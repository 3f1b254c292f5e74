/// How the next token is chosen.
public struct Sampling: Sendable, Equatable {
  /// What tokens' log-probabilities speak of.
  public enum LogProbabilities: Sendable {
    /// The model's own, at temperature 1, whatever tokens are drawn at.
    case model
    /// Those at the temperature that tokens are drawn at, before top-k and top-p; the model's own where it is 0.
    case temperature
  }

  /// 0 means greedy: the most probable token, the lowest id on a tie.
  public var temperature: Double
  /// The smallest set of tokens whose probability reaches this is kept; 1 keeps all.
  public var topP: Double
  /// Only the most probable `topK` tokens are kept; 0 keeps all. Applied before `topP`.
  public var topK: Int
  /// Seeds the draw. The same seed, request and model give the same tokens on the same machine.
  public var seed: UInt64
  public var logProbabilitiesAt: LogProbabilities

  public static let greedy = Sampling()

  /// The lowest temperature but 0: logits are divided by it, which must not overflow.
  public static let leastTemperature = 1e-6

  public init(
    temperature: Double = 0, topP: Double = 1, topK: Int = 0, seed: UInt64 = 0,
    logProbabilitiesAt: LogProbabilities = .model
  ) {
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.seed = seed
    self.logProbabilitiesAt = logProbabilitiesAt
  }

  /// What logits are divided by before log-probabilities are taken.
  public var logProbabilityTemperature: Double {
    logProbabilitiesAt == .temperature && temperature > 0 ? temperature : 1
  }

  /// Refuses values outside their ranges. Generators ask this of each request before they work on it: a NaN among the
  /// probabilities would otherwise choose some token in silence.
  /// - Throws: `GenerationError` with the code of the first such value.
  public func check() throws(GenerationError) {
    guard temperature == 0 || temperature >= Self.leastTemperature && temperature.isFinite else {
      throw GenerationError(
        .temperature, "found temperature \(temperature), expected 0 or a finite number from \(Self.leastTemperature) up"
      )
    }
    guard topP > 0, topP <= 1 else {
      throw GenerationError(.topP, "found top-p \(topP), expected more than 0 and at most 1")
    }
    guard topK >= 0 else { throw GenerationError(.topK, "found top-k \(topK), expected 0 or more") }
  }
}
