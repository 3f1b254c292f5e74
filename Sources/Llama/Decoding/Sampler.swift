import Foundation
import Generation
import Text

/// Chooses tokens from logits: temperature, then top-k, then top-p, then one draw by the inverse of the cumulative
/// distribution, as transformers' warpers do in that order.
struct Sampler {
  let sampling: Sampling
  private var random: SplitMix64

  init(_ sampling: Sampling) {
    self.sampling = sampling
    random = SplitMix64(state: sampling.seed)
  }

  /// - Parameter logits: [V]
  mutating func choose(_ logits: [Float]) -> Int {
    if sampling.temperature <= 0 { return argmax(logits) }
    return Self.draw(Self.distribution(logits, sampling), uniform: random.nextUniform())
  }

  /// Draws among these tokens only: the filters see no others.
  ///
  /// - Parameters:
  ///   - logits: [V]
  ///   - ids: ascending, not empty.
  mutating func choose(_ logits: [Float], among ids: [Int]) -> Int {
    let candidates = Self.distribution(ids.map { logits[$0] }, sampling)
    return ids[Self.draw(candidates, uniform: random.nextUniform())]
  }

  /// A token that was kept, with its probability after all filters.
  struct Candidate: Equatable {
    let id: Int
    let probability: Float
  }

  /// The kept tokens in ascending order of id, their probabilities summing to 1.
  static func distribution(_ logits: [Float], _ sampling: Sampling) -> [Candidate] {
    let temperature = Float(sampling.temperature)
    var ids = Array(logits.indices)
    var scaled = logits.map { $0 / temperature }

    if sampling.topK > 0, sampling.topK < ids.count {
      // All that equal the k-th largest stay: a threshold, not a count.
      let threshold = scaled.sorted(by: >)[sampling.topK - 1]
      ids = ids.filter { scaled[$0] >= threshold }
      scaled = ids.map { scaled[$0] }
    }
    var probabilities = softmax(scaled)

    if sampling.topP < 1 {
      // Whatever lies below (1-p)/V sums to less than 1-p and goes in any case: only the rest needs sorting.
      let negligible = Float((1 - sampling.topP) / Double(max(ids.count, 1)))
      let order = probabilities.indices.filter { probabilities[$0] >= negligible }
        .sorted { (probabilities[$0], ids[$1]) < (probabilities[$1], ids[$0]) }
      var below = 0.0
      for (index, probability) in probabilities.enumerated() where probability < negligible {
        below += Double(probability)
        probabilities[index] = 0
      }
      // From the smallest up: a token goes while all up to and with it make no more than 1-p. The largest stays.
      for index in order.dropLast() {
        below += Double(probabilities[index])
        if below > 1 - sampling.topP { break }
        probabilities[index] = 0
      }
      let kept = probabilities.indices.filter { probabilities[$0] > 0 }
      let survivors = softmax(kept.map { scaled[$0] })
      return zip(kept, survivors).map { Candidate(id: ids[$0], probability: $1) }
    }
    return zip(ids, probabilities).map { Candidate(id: $0, probability: $1) }
  }

  /// The first candidate whose cumulative probability, summed in Double, exceeds `uniform`.
  static func draw(_ candidates: [Candidate], uniform: Double) -> Int {
    var cumulative = 0.0
    for candidate in candidates {
      cumulative += Double(candidate.probability)
      if cumulative > uniform { return candidate.id }
    }
    return candidates.last(where: { $0.probability > 0 })?.id ?? 0
  }
}

/// e^x over its sum, shifted by the maximum. The sum is taken in Double.
func softmax(_ values: [Float]) -> [Float] {
  guard let maximum = values.max() else { return [] }
  var exponentials = values.map { Foundation.exp($0 - maximum) }
  let sum = Float(exponentials.reduce(0.0) { $0 + Double($1) })
  for index in exponentials.indices { exponentials[index] /= sum }
  return exponentials
}

/// Place of the largest value, the first one on a tie; NaN never wins.
func argmax(_ values: [Float]) -> Int {
  var best = 0
  var largest = -Float.infinity
  for (index, value) in values.enumerated() where value > largest {
    largest = value
    best = index
  }
  return best
}
