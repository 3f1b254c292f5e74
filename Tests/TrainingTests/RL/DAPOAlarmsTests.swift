import Testing

@testable import Training

struct DAPOAlarmsTests {
  /// Kinds of the alarms of each step's figures.
  func kinds(_ name: String, _ values: [Double]) -> [[DAPOAlarm.Kind]] {
    var alarms = DAPOAlarms()
    return values.enumerated().map { alarms.observe(step: $0 + 1, [name: $1]).map(\.kind) }
  }

  @Test func entropyInBothDirections() {
    let first = [1.0, 1.2, 0.8, 1.0, 1.0]
    #expect(
      kinds(PolicyMetric.entropy, first + [0.3, 0.19, 0.1, 0.5, 0.1]) == [
        [], [], [], [], [], [],
        [.entropyCollapse], [], [], [.entropyCollapse],
      ])
    #expect(kinds(PolicyMetric.entropy, first + [2.9, 3.1]).last == [.entropyRise])
  }

  @Test func emptyAnswers() {
    // All empty from the beginning, with nothing to rise from.
    #expect(kinds(RolloutMetric.empty, [1, 1]) == [[.empty], []])
    #expect(kinds(RolloutMetric.empty, [0.6, 0.55, 0.5]) == [[], [], []])
    #expect(kinds(RolloutMetric.empty, [0.4, 0.55, 0.53, 0.4, 0.6]) == [[], [.empty], [], [], [.empty]])
  }

  @Test func sharesAndGaps() {
    #expect(kinds(RolloutMetric.truncated, [0.9, 0.95]) == [[], [.truncated]])
    #expect(kinds(RolloutMetric.zeroVariance, [1, 1, 1, 1, 1, 1]) == [[], [], [], [], [.zeroVariance], []])
    #expect(kinds(RolloutMetric.zeroVariance, [1, 1, 1, 0.5, 1, 1]).allSatisfy { $0.isEmpty })
    #expect(kinds(PolicyMetric.gap, [0.001, 0.021]) == [[], [.samplerGap]])
    // A fresh adapter begins at 0.
    #expect(kinds(PolicyMetric.kl, [0, 1e-5, 1e-4, 1e-4, 1e-3, 5e-3]).allSatisfy { $0.isEmpty })
    #expect(kinds(PolicyMetric.kl, [0.01, 0.01, 0.01, 0.01, 0.01, 0.09, 0.2]).last == [.divergence])
    #expect(kinds(PolicyMetric.kl, [.nan, .nan]).allSatisfy { $0.isEmpty })
  }

  @Test func devFiguresFall() {
    var alarms = DAPOAlarms(devFigures: ["dev/reward", "dev/funder_f0.5"])
    func measure(_ step: Int, train: Double, _ reward: Double, _ score: Double) -> [DAPOAlarm.Kind] {
      let atStep = alarms.observe(step: step, [RolloutMetric.reward: train])
      return (atStep + alarms.observe(step: step, ["dev/reward": reward, "dev/funder_f0.5": score])).map(\.kind)
    }
    #expect(measure(5, train: 0.5, 0.50, 0.60).isEmpty)
    #expect(measure(10, train: 0.5, 0.55, 0.62).isEmpty)
    #expect(measure(15, train: 0.5, 0.52, 0.62).isEmpty)
    #expect(measure(20, train: 0.5, 0.52, 0.62) == [.devFalls])
    #expect(measure(25, train: 0.5, 0.56, 0.62).isEmpty)
    // What is rewarded rises, what is wanted falls.
    #expect(measure(30, train: 0.8, 0.60, 0.55) == [.rewardHacking])
  }

  @Test func aResumedRunIsWhereItWas() {
    let lines: [[String: Double]] = (1...12).map {
      [
        PolicyMetric.entropy: 1 / Double($0), RolloutMetric.empty: Double($0) / 12, PolicyMetric.kl: 0.01 * Double($0),
      ]
    }
    var whole = DAPOAlarms()
    let expected = lines.enumerated().map { whole.observe(step: $0, $1) }
    for split in lines.indices {
      var resumed = DAPOAlarms()
      for index in 0..<split { _ = resumed.observe(step: index, lines[index]) }
      #expect(lines.indices[split...].map { resumed.observe(step: $0, lines[$0]) } == Array(expected[split...]))
    }
    #expect(expected.joined().contains { $0.kind == .empty })
  }

  @Test func messagesAreOneLine() {
    var alarms = DAPOAlarms()
    let found = alarms.observe(step: 3, [RolloutMetric.truncated: 1])
    #expect(
      found == [
        DAPOAlarm(
          .truncated, step: 3,
          "100 % of the responses end at their token limit: raise it, or look at what is written")
      ])
    #expect(DAPOAlarm.ranksDiffer([2, 5], step: 7).message == "the adapter of ranks 2, 5 is not that of rank 0")
  }
}
