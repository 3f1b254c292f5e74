import Generation
import JSON
import TestSupport
import Testing
import Text
import Torch

/// One token drawn from one row: temperature, top-k, top-p, and the inverse of the cumulative distribution.
@Suite struct SamplerTests {
  private func choose(_ logits: [Float], _ sampling: Sampling, uniform: Double = 0) throws -> Int {
    try choose(logits, sampling, uniforms: [uniform])[0]
  }

  private func choose(_ logits: [Float], _ sampling: Sampling, uniforms: [Double]) throws -> [Int] {
    let questions = uniforms.map { RowQuestion(row: 0, .chosen(.all, sampling.draw($0))) }
    return try Tensor(logits, shape: [1, logits.count]).answers(to: questions).map(\.id)
  }

  /// The kept tokens and their probabilities are seen by draws just within the borders of the cumulative ones.
  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func distributionsOfTheReference() throws {
    var compared = 0
    for row in try Golden.rows("dapo/sampling.jsonl") {
      let sampling = Sampling(
        temperature: row["temperature"]?.double ?? 1, topP: row["top_p"]?.double ?? 1, topK: row["top_k"]?.int ?? 0)
      let logits = try row.at("logits").floats
      let candidates = ReferenceSampler.distribution(logits, sampling)
      let ambiguous = row["ties"]?.bool == true || row["boundary_close"]?.bool == true
      let kept = try row.at("kept").integers
      if ambiguous {
        #expect(abs(candidates.count - kept.count) <= 1 || row["ties"]?.bool == true)
        continue
      }
      compared += 1
      #expect(candidates.filter { $0.probability > 0 }.map(\.id) == kept)
      let expected = try row.at("probs").floats
      var probabilities = [Float](repeating: 0, count: expected.count)
      for candidate in candidates { probabilities[candidate.id] = candidate.probability }
      for (a, b) in zip(probabilities, expected) { #expect(abs(a - b) < 1e-6) }

      var ids = try row.at("inverse_cdf_choice").integers
      var uniforms = try #require(row.at("uniforms").array).map { $0.double ?? 0 }
      var cumulative = 0.0
      for id in kept {
        let next = cumulative + Double(expected[id])
        if next - cumulative > 2e-5 {
          ids += [id, id]
          uniforms += [cumulative + 5e-6, next - 5e-6]
        }
        cumulative = next
      }
      for (uniform, id) in zip(uniforms, ids) {
        #expect(ReferenceSampler.draw(candidates, uniform: uniform) == id)
      }
      #expect(try choose(logits, sampling, uniforms: uniforms) == ids)
    }
    #expect(compared > 20)
  }

  @Test func greedyTakesTheFirstOfEquals() throws {
    #expect(try choose([1, 3, 3, 2], .greedy) == 1)
    #expect(try choose([.nan, -1, .infinity], .greedy) == 2)
    #expect(try choose([.nan, .nan], .greedy) == 0 && choose([-.infinity, -.infinity], .greedy) == 0)
  }

  @Test func drawsFollowTheDistribution() throws {
    var random = SplitMix64(state: 9)
    let ids = try choose([0, 1], Sampling(temperature: 1), uniforms: (0..<20_000).map { _ in random.nextUniform() })
    #expect(abs(Double(ids.reduce(0, +)) / 20_000 - 0.7311) < 0.02)
  }

  @Test func topPAlwaysKeepsOne() throws {
    for topP in [1e-9, 0, -1] {
      let sampling = Sampling(temperature: 1, topP: topP)
      #expect(try choose([0, 0, 0], sampling, uniforms: [0, 0.5, 0.999_999]) == [0, 0, 0])
      #expect(try choose([0, 0, 1], sampling, uniforms: [0, 0.5, 0.999_999]) == [2, 2, 2])
    }
  }

  @Test func topKKeepsAllThatEqualTheLast() throws {
    let sampling = Sampling(temperature: 1, topK: 2)
    #expect(try choose([1, 3, 2, 2, 1], sampling, uniforms: [0, 0.6, 0.8, 0.999_999]) == [1, 2, 3, 3])
    #expect(try choose([1, 1], Sampling(temperature: 1, topK: 7), uniforms: [0.4, 0.6]) == [0, 1])
  }

  /// What is infinitely probable is alone, what is impossible or no number is never drawn.
  @Test func infinitiesAndNaN() throws {
    let sampling = Sampling(temperature: 0.7, topP: 0.95)
    let uniforms = [0, 0.3, 0.7, 0.999_999]
    #expect(try choose([1, .infinity, 2, .infinity], sampling, uniforms: uniforms) == [1, 1, 3, 3])
    #expect(try choose([-.infinity, 0, .nan, -.infinity], sampling, uniforms: uniforms) == [1, 1, 1, 1])
    #expect(try choose([-.infinity, .nan], sampling, uniforms: uniforms) == [0, 0, 0, 0])
  }

  /// Temperatures that float32 does not tell from 0, and one at which all tokens are alike.
  @Test func extremeTemperatures() throws {
    #expect(try choose([1, 2, 0], Sampling(temperature: 1e-60), uniform: 0.999) == 1)
    #expect(try choose([1, 2, 0], Sampling(temperature: 1e-38), uniform: 0.999) == 1)
    #expect(try choose([1, 2, 0, 0], Sampling(temperature: 1e38), uniforms: [0.1, 0.3, 0.6, 0.9]) == [0, 1, 2, 3])
  }
}

extension Sampling {
  func draw(_ uniform: Double) -> RowQuestion.Draw {
    RowQuestion.Draw(temperature: temperature, topP: topP, topK: topK, uniform: uniform)
  }
}
