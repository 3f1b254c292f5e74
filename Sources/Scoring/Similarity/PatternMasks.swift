/// For each scalar the positions (as bits) where it stands in a pattern of at most 64 scalars.
///
/// Open addressing over 128 slots: at most 64 are used, so a probe always ends. ASCII scalars hash to themselves.
struct PatternMasks {
  static let slotCount = 128
  fileprivate let keys: UnsafeMutablePointer<UInt32>
  fileprivate let masks: UnsafeMutablePointer<UInt64>

  subscript(_ scalar: UInt32) -> UInt64 {
    var slot = Int(truncatingIfNeeded: scalar & 127)
    while masks[slot] != 0 {
      if keys[slot] == scalar { return masks[slot] }
      slot = (slot &+ 1) & 127
    }
    return 0
  }

  fileprivate func insert(_ scalar: UInt32, bit: Int) {
    var slot = Int(truncatingIfNeeded: scalar & 127)
    while masks[slot] != 0 && keys[slot] != scalar { slot = (slot &+ 1) & 127 }
    keys[slot] = scalar
    masks[slot] |= 1 &<< UInt64(truncatingIfNeeded: bit)
  }
}

/// Builds the masks of a pattern (at most 64 scalars) on the stack for the time of `body`.
func withPatternMasks<Result>(_ pattern: ScalarRun, _ body: (PatternMasks) -> Result) -> Result {
  withUnsafeTemporaryAllocation(of: UInt64.self, capacity: PatternMasks.slotCount) { masks in
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: PatternMasks.slotCount) { keys in
      masks.initialize(repeating: 0)
      keys.initialize(repeating: 0)
      guard let maskBase = masks.baseAddress, let keyBase = keys.baseAddress else {
        preconditionFailure("a temporary allocation that is not empty has an address")
      }
      let table = PatternMasks(keys: keyBase, masks: maskBase)
      var bit = 0
      while bit < pattern.count {
        table.insert(pattern.base[bit], bit: bit)
        bit += 1
      }
      return body(table)
    }
  }
}
