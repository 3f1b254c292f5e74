/// Which rows each step trains on: every epoch all of them once, in an order that the seed and the epoch decide. The
/// last step of an epoch may have fewer.
struct RowOrder: Sendable {
  let rowCount: Int
  let rowsPerStep: Int
  /// nil: in the order in which they stand.
  let seed: UInt64?

  var stepsPerEpoch: Int { (rowCount + rowsPerStep - 1) / rowsPerStep }

  func stepCount(epochs: Double) -> Int { max(1, Int((Double(stepsPerEpoch) * epochs).rounded(.up))) }

  func rows(ofStep step: Int) -> ArraySlice<Int> {
    let first = step % stepsPerEpoch * rowsPerStep
    return order(epoch: step / stepsPerEpoch)[first..<min(first + rowsPerStep, rowCount)]
  }

  /// Passes over the rows when the step is done.
  func epoch(afterStep step: Int) -> Double {
    let inEpoch = min((step % stepsPerEpoch + 1) * rowsPerStep, rowCount)
    return Double(step / stepsPerEpoch) + Double(inEpoch) / Double(rowCount)
  }

  /// Fisher and Yates.
  func order(epoch: Int) -> [Int] {
    var rows = Array(0..<rowCount)
    guard let seed else { return rows }
    let epochSeed = mixed(seed ^ 0x5_3AFF_1E, UInt64(epoch))
    for index in rows.indices.dropFirst().reversed() {
      let draw = mixed(epochSeed, UInt64(index))
      rows.swapAt(index, Int(draw.multipliedFullWidth(by: UInt64(index + 1)).high))
    }
    return rows
  }
}
