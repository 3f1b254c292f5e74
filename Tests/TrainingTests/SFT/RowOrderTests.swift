import Testing

@testable import Training

@Suite struct RowOrderTests {
  @Test(arguments: [(1, 1), (7, 3), (10, 5), (10, 32)])
  func everyEpochHasAllRowsOnce(_ count: Int, _ perStep: Int) {
    let order = RowOrder(rowCount: count, rowsPerStep: perStep, seed: 4)
    for epoch in 0..<3 {
      let steps = (0..<order.stepsPerEpoch).map { order.rows(ofStep: epoch * order.stepsPerEpoch + $0) }
      #expect(steps.flatMap { $0 }.sorted() == Array(0..<count))
      #expect(steps.dropLast().allSatisfy { $0.count == perStep })
    }
    #expect(order.stepCount(epochs: 2) == 2 * order.stepsPerEpoch)
    #expect(order.epoch(afterStep: 2 * order.stepsPerEpoch - 1) == 2)
  }

  @Test func seedsAndEpochsDecideTheOrder() {
    let order = RowOrder(rowCount: 50, rowsPerStep: 8, seed: 4)
    #expect(order.order(epoch: 0) == order.order(epoch: 0))
    #expect(order.order(epoch: 0) != order.order(epoch: 1))
    #expect(order.order(epoch: 0) != RowOrder(rowCount: 50, rowsPerStep: 8, seed: 5).order(epoch: 0))
    #expect(RowOrder(rowCount: 50, rowsPerStep: 8, seed: nil).order(epoch: 1) == Array(0..<50))
    #expect(order.stepCount(epochs: 0.5) == 4)
    #expect(order.stepCount(epochs: 0.001) == 1)
  }
}
