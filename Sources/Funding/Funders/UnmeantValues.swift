/// Leaves out values that the constraint, not the model, wrote.
package enum UnmeantValues {
  /// A value that was left out.
  package struct LeftOut<Value> {
    package var value: Value
    package var kind: ValueKind
    /// Whether it was left out because its funder's name was.
    package var isForName: Bool
  }

  /// The funders without the values that are not kept.
  ///
  /// A funder whose name is left out goes with its awards: they would stand under another name. So does an award, and a
  /// funder without a name, of which nothing is left.
  package static func without<Value>(
    _ funders: [FunderTree<Value>], keeps: (Value, ValueKind) -> Bool
  ) -> (kept: [FunderTree<Value>], leftOut: [LeftOut<Value>]) {
    var leftOut: [LeftOut<Value>] = []
    let kept = funders.compactMap { funder -> FunderTree<Value>? in
      let losesName = funder.name.map { !keeps($0, .funderName) } ?? false
      let count = leftOut.count
      var kept = funder.compactMap { value, kind in
        let isKept = !losesName && keeps(value, kind)
        if !isKept { leftOut.append(LeftOut(value: value, kind: kind, isForName: losesName && kind != .funderName)) }
        return isKept ? value : nil
      }
      guard leftOut.count > count else { return kept }
      kept.awards.removeAll(where: \.isEmpty)
      return kept.name == nil && kept.awards.isEmpty ? nil : kept
    }
    return (kept, leftOut)
  }
}
