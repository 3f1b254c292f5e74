import Foundation
import Generation
import Text

/// Requests of many lengths, the same for the same seed.
struct RequestMix {
  /// What is submitted in one call.
  struct Call: Sendable {
    /// Seconds after the start; 0 for all where no rate is given.
    var arrival: Double
    /// One, or several samples of one prompt.
    var requests: [CompletionRequest]
  }

  var count = 64
  /// Tokens of prompts and outputs: the logarithm of a length is uniform.
  var promptTokens = 128...1024
  var newTokens = 16...256
  /// Share of the prompts that begin with one of a few beginnings, as long as half the shortest prompt.
  var sharedShare = 0.5
  /// Share of the requests that are samples of a prompt with others, `sampleCount` together.
  var sampledShare = 0.25
  var sampleCount = 4
  /// Calls a second, in the mean; nil: all at once.
  var rate: Double?
  var seed: UInt64 = 1

  private static let beginningCount = 4

  /// - Parameter vocabularySize: prompts are of ids below it; which they are changes no work.
  func calls(vocabularySize: Int) -> [Call] {
    var random = SplitMix64(state: seed)
    func tokens(_ count: Int) -> [Int] { (0..<count).map { _ in random.next(below: vocabularySize) } }
    func length(_ range: ClosedRange<Int>) -> Int {
      let (low, high) = (log(Double(range.lowerBound)), log(Double(range.upperBound) + 1))
      let drawn = exp(low + (high - low) * random.nextUniform())
      return min(max(Int(drawn), range.lowerBound), range.upperBound)
    }
    let beginnings = (0..<Self.beginningCount).map { _ in tokens(promptTokens.lowerBound / 2) }
    var calls: [Call] = []
    var left = count
    var arrival = 0.0
    while left > 0 {
      // A call of samples counts as so many requests: its chance is smaller by that.
      let isSampled = left >= sampleCount && random.nextUniform() < callShare
      let size = isSampled ? sampleCount : 1
      let beginning = random.nextUniform() < sharedShare ? beginnings[random.next(below: beginnings.count)] : []
      let prompt = beginning + tokens(length(promptTokens) - beginning.count)
      let limit = length(newTokens)
      calls.append(
        Call(
          arrival: arrival,
          requests: (0..<size).map { index in
            CompletionRequest(
              prompt: .tokens(prompt), maximumNewTokens: limit,
              sampling: isSampled ? Sampling(temperature: 0.9, seed: seed &+ UInt64(index)) : .greedy,
              endsAtStopTokens: false)
          }))
      left -= size
      if let rate { arrival -= log(1 - random.nextUniform()) / rate }
    }
    return calls
  }

  /// Share of the calls that are of samples, so that `sampledShare` of the requests are.
  private var callShare: Double {
    let sampled = sampledShare / Double(sampleCount)
    return sampled / max(sampled + 1 - sampledShare, .leastNormalMagnitude)
  }
}
