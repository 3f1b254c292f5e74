import Generation
import JSON
import TestSupport
import Testing

@testable import Llama

@Suite struct SamplerTests {
  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func distributionsOfTheReference() throws {
    var compared = 0
    for row in try Golden.rows("dapo/sampling.jsonl") {
      let sampling = Sampling(
        temperature: row["temperature"]?.double ?? 1, topP: row["top_p"]?.double ?? 1, topK: row["top_k"]?.int ?? 0)
      let candidates = Sampler.distribution(try row.at("logits").floats, sampling)
      let ambiguous = row["ties"]?.bool == true || row["boundary_close"]?.bool == true
      let kept = try row.at("kept").integers
      if ambiguous {
        #expect(abs(candidates.count - kept.count) <= 1 || row["ties"]?.bool == true)
        continue
      }
      compared += 1
      #expect(candidates.filter { $0.probability > 0 }.map(\.id) == kept)
      var probabilities = [Float](repeating: 0, count: try row.at("probs").floats.count)
      for candidate in candidates { probabilities[candidate.id] = candidate.probability }
      for (a, b) in zip(probabilities, try row.at("probs").floats) { #expect(abs(a - b) < 1e-6) }
      for (uniform, choice) in zip(
        try row.at("uniforms").array ?? [], try row.at("inverse_cdf_choice").integers)
      {
        #expect(Sampler.draw(candidates, uniform: uniform.double ?? 0) == choice)
      }
    }
    #expect(compared > 20)
  }

  @Test func greedyTakesTheFirstOfEquals() {
    var sampler = Sampler(.greedy)
    #expect(sampler.choose([1, 3, 3, 2]) == 1)
    #expect(sampler.choose([.nan, -1, .infinity]) == 2)
  }

  @Test func seedsDecide() {
    func draws(_ seed: UInt64) -> [Int] {
      var sampler = Sampler(Sampling(temperature: 1, seed: seed))
      return (0..<50).map { _ in sampler.choose([0, 0.5, 1, 0.2]) }
    }
    #expect(draws(1) == draws(1))
    #expect(draws(1) != draws(2))
    #expect(Set(draws(3)) == [0, 1, 2, 3])
  }

  @Test func drawsFollowTheDistribution() {
    var sampler = Sampler(Sampling(temperature: 1, seed: 9))
    var counts = [0, 0]
    for _ in 0..<20_000 { counts[sampler.choose([0, 1])] += 1 }
    #expect(abs(Double(counts[1]) / 20_000 - 0.7311) < 0.02)
  }

  @Test func topPAlwaysKeepsOne() {
    let candidates = Sampler.distribution([0, 0, 0], Sampling(temperature: 1, topP: 1e-9))
    #expect(candidates.filter { $0.probability > 0 }.count == 1)
  }
}
