import Foundation
import Generation

/// How one token is drawn, written plainly and slowly: what the product's loops are compared with.
enum ReferenceSampler {
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
      // From the smallest up, of equals the last first: a token goes while all up to and with it make no more than 1-p.
      // The largest stays.
      let order = probabilities.indices.sorted { (probabilities[$0], ids[$1]) < (probabilities[$1], ids[$0]) }
      var below = 0.0
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

  /// e^x over its sum, shifted by the maximum. The sum is taken in Double.
  private static func softmax(_ values: [Float]) -> [Float] {
    guard let maximum = values.max() else { return [] }
    let exponentials = values.map { Foundation.exp($0 - maximum) }
    let sum = Float(exponentials.reduce(0.0) { $0 + Double($1) })
    return exponentials.map { $0 / sum }
  }
}
