/// How the next token is chosen.
public struct Sampling: Sendable, Equatable {
  /// 0 means greedy: the most probable token, the lowest id on a tie.
  public var temperature: Double
  /// The smallest set of tokens whose probability reaches this is kept; 1 keeps all.
  public var topP: Double
  /// Only the most probable `topK` tokens are kept; 0 keeps all. Applied before `topP`.
  public var topK: Int
  /// Seeds the draw. The same seed, request and model give the same tokens on the same machine.
  public var seed: UInt64

  public static let greedy = Sampling()

  public init(temperature: Double = 0, topP: Double = 1, topK: Int = 0, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.seed = seed
  }
}
