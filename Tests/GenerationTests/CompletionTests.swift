import Generation
import Testing

@Suite struct CompletionTests {
  private func completion(_ tokens: [ChosenToken], temperature: Double = 1) -> Completion {
    Completion(
      text: "", tokens: tokens, finishReason: .stop, promptTokens: [1, 2], logProbabilityTemperature: temperature)
  }

  @Test func logProbabilitiesAreSummed() {
    let sum = completion([
      ChosenToken(id: 1, logProbability: -0.5, constrainedLogProbability: 0), ChosenToken(id: 2, logProbability: -0.25),
    ])
    #expect(sum.logProbability == -0.75 && sum.constrainedLogProbability == -0.25)
  }

  /// A sum over nothing would be 0, which is certainty.
  @Test func nothingIsNoCertainty() {
    #expect(completion([]).logProbability == nil && completion([]).constrainedLogProbability == nil)
    let known = ChosenToken(id: 1, logProbability: -0.5)
    let halfKnown = ChosenToken(id: 2, logProbability: -1, constrainedLogProbability: nil)
    let unknown = ChosenToken(id: 3, logProbability: nil)
    #expect(completion([known, unknown]).logProbability == nil)
    #expect(completion([known, unknown]).constrainedLogProbability == nil)
    #expect(completion([known, halfKnown]).logProbability == -1.5)
    #expect(completion([known, halfKnown]).constrainedLogProbability == nil)
  }

  @Test func onlyTemperature1IsTheModelItself() {
    #expect(completion([]).tellsModelProbabilities)
    #expect(!completion([], temperature: 0.7).tellsModelProbabilities)
  }
}
