import Testing

@testable import Training

@Suite struct DevGenerationTests {
  private func row(_ id: String, _ task: TrainingExample.Task, start: Int = 1) -> TrainingExample {
    TrainingExample(id: id, task: task, tokens: [1, 2, 3], isSupervised: (0..<3).map { $0 >= start })
  }

  @Test func aSampleTellsOfAllTasks() {
    let rows = (0..<5).map { row("p\($0)", .parse) } + (0..<2).map { row("e\($0)", .extract) } + [row("c", .chat)]
    func ids(_ count: Int) -> [String] { DevGeneration.sample(of: rows, count: count).map(\.id) }
    #expect(ids(0) == [])
    #expect(ids(2) == ["e0", "p0"])
    #expect(ids(6) == ["e0", "p0", "c", "e1", "p1", "p2"])
    #expect(Set(ids(100)) == Set(rows.map(\.id)) && ids(100).count == rows.count)
  }

  @Test func figuresAreThoseOfTheTasks() {
    #expect(DevGeneration.figures(of: []) == [])
    #expect(
      DevGeneration.figures(of: [row("a", .parse)]) == ["dev/whole_answers", "dev/funder_f0.5", "dev/award_id_f0.5"])
    #expect(DevGeneration.figures(of: [row("a", .chat, start: 0)]) == [], "nothing asks for this answer")
    let all = DevGeneration.figures(of: TrainingExample.Task.allCases.map { row("a", $0) })
    #expect(Set(all) == Set(DevGeneration.figures))
  }
}
