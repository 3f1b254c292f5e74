/// The merges of a byte-pair encoding: which pairs of tokens become which token, and which pair goes first.
struct MergeTable: Sendable {
  /// A found merge: `rank << 32 | id` of the merged token, so that the smaller goes first.
  typealias Merge = UInt64
  static let none: Merge = .max

  /// Open-addressing hash table from `left << 32 | right` to the merge.
  private var keys: [UInt64]
  private var merges: [Merge]
  private let shift: UInt64

  init(capacity: Int) {
    var bits: UInt64 = 4
    while 1 << bits < capacity * 2 { bits += 1 }
    shift = 64 - bits
    keys = Array(repeating: .max, count: 1 << bits)
    merges = Array(repeating: Self.none, count: 1 << bits)
  }

  /// Adds a merge; no more than `capacity` of them. A pair given twice keeps the last rank.
  mutating func insert(left: UInt32, right: UInt32, rank: UInt32, id: UInt32) {
    let key = UInt64(left) << 32 | UInt64(right)
    var place = firstPlace(key)
    while keys[place] != .max, keys[place] != key { place = (place + 1) & (keys.count - 1) }
    keys[place] = key
    merges[place] = UInt64(rank) << 32 | UInt64(id)
  }

  func find(_ left: UInt32, _ right: UInt32) -> Merge {
    let key = UInt64(left) << 32 | UInt64(right)
    var place = firstPlace(key)
    while keys[place] != key {
      if keys[place] == .max { return Self.none }
      place = (place + 1) & (keys.count - 1)
    }
    return merges[place]
  }

  /// Whether the same pairs become the same tokens, in the same order.
  func isSame(as other: MergeTable) -> Bool {
    func count(_ table: MergeTable) -> Int { table.keys.count { $0 != .max } }
    return count(self) == count(other)
      && zip(keys, merges).allSatisfy { key, merge in
        key == .max || other.find(UInt32(key >> 32), UInt32(truncatingIfNeeded: key)) == merge
      }
  }

  private func firstPlace(_ key: UInt64) -> Int { Int((key &* 0x9E37_79B9_7F4A_7C15) >> shift) }
}
