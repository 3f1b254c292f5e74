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
    logProbabilitiesAt == .temperature && Float(temperature) > 1e-30 ? temperature : 1
  }
}
