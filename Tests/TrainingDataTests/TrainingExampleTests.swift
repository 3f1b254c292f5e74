import Generation
import Testing

@testable import TrainingData

@Suite struct TrainingExampleTests {
  @Test func theFirstTokenIsNeverAskedFor() {
    let example = TrainingExample(id: "a", task: .funders, tokens: [1, 2, 3], isSupervised: [true, false, true])
    #expect(example.supervisedCount == 1)
  }
}
