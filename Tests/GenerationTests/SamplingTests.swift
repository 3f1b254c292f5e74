import Generation
import Testing

@Suite struct SamplingTests {
  @Test(arguments: [
    Sampling.greedy, Sampling(temperature: 0.7), Sampling(temperature: -0.0),
    Sampling(temperature: .greatestFiniteMagnitude), Sampling(temperature: Sampling.leastTemperature),
    Sampling(topP: .leastNonzeroMagnitude), Sampling(topK: .max),
    Sampling(temperature: 1, topP: 0.9, topK: 40, seed: .max),
  ])
  func whatCanBeSampledPasses(_ sampling: Sampling) {
    #expect(throws: Never.self) { try sampling.check() }
  }

  @Test(
    arguments: [
      (Sampling(temperature: -1), .temperature, "found temperature -1.0, expected 0 or a finite number from 1e-06 up"),
      (Sampling(temperature: -.leastNonzeroMagnitude), .temperature, nil),
      // 50 divided by this is infinite in float32.
      (Sampling(temperature: 1e-40), .temperature, nil),
      (Sampling(temperature: .nan), .temperature, "found temperature nan, expected 0 or a finite number from 1e-06 up"),
      (Sampling(temperature: .infinity), .temperature, nil),
      (Sampling(topP: 0), .topP, "found top-p 0.0, expected more than 0 and at most 1"),
      (Sampling(topP: -0.1), .topP, nil), (Sampling(topP: 1.0.nextUp), .topP, nil), (Sampling(topP: .nan), .topP, nil),
      (Sampling(topK: -1), .topK, "found top-k -1, expected 0 or more"), (Sampling(topK: .min), .topK, nil),
    ] as [(Sampling, GenerationError.Code, String?)])
  func whatIsOutsideItsRangeIsRefused(_ sampling: Sampling, _ code: GenerationError.Code, _ message: String?) {
    let error = #expect(throws: GenerationError.self) { try sampling.check() }
    #expect(error?.code == code)
    if let message { #expect(error?.message == message && error.map(String.init(describing:)) == message) }
  }

  @Test func theFirstOfSeveralIsNamed() {
    let error = #expect(throws: GenerationError.self) { try Sampling(temperature: -1, topP: 2, topK: -1).check() }
    #expect(error?.code == .temperature)
  }
}
