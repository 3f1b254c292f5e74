/// The lists that are open around a place in the output, the outermost first.
struct OpenLists {
  /// Of each list the hash of what its present item has so far; items with equal hashes count as equal.
  private var hashes = SIMD4<UInt64>(repeating: Self.seed)
  private var limits = SIMD4<Int32>(repeating: 0)
  /// Of each list the last finished item in the memory; −1: none.
  private var lastItems = SIMD4<Int32>(repeating: -1)
  private var level = 0

  private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  private static let prime: UInt64 = 0x0000_0100_0000_01B3

  /// FNV-1a over the bytes of each open item.
  @inline(__always)
  mutating func append(_ byte: UInt8) {
    if level > 0 { hashes = (hashes ^ SIMD4(repeating: UInt64(byte))) &* SIMD4(repeating: Self.prime) }
  }

  mutating func open(limit: Int32) {
    hashes[level] = Self.seed
    limits[level] = limit
    lastItems[level] = -1
    level += 1
  }

  mutating func close() { level -= 1 }

  /// Whether the innermost list, behind an item, may have another one.
  func mayGoOn(_ memory: ItemMemory) -> Bool {
    guard level > 0 else { return false }
    let last = lastItems[level - 1]
    return memory.number(of: last) + 1 < limits[level - 1] && !memory.contains(hashes[level - 1], upTo: last)
  }

  /// Remembers the innermost list's item as it was before the comma.
  mutating func finishItem(before: OpenLists, _ memory: ItemMemory) {
    lastItems[level - 1] = memory.add(before.hashes[level - 1], after: lastItems[level - 1])
    hashes[level - 1] = Self.seed
  }
}

/// The finished items of all lists, each linked to the one before it in its list: states share what they have in
/// common.
final class ItemMemory {
  private struct Item {
    var hash: UInt64
    var previous: Int32
    /// Of the list so far.
    var number: Int32
  }

  private var items: [Item] = []

  var count: Int { items.count }

  func truncate(to count: Int) { items.removeLast(items.count - count) }

  func number(of item: Int32) -> Int32 { item < 0 ? 0 : items[Int(item)].number }

  func add(_ hash: UInt64, after previous: Int32) -> Int32 {
    items.append(Item(hash: hash, previous: previous, number: number(of: previous) + 1))
    return Int32(items.count - 1)
  }

  func contains(_ hash: UInt64, upTo item: Int32) -> Bool {
    var item = item
    while item >= 0 {
      if items[Int(item)].hash == hash { return true }
      item = items[Int(item)].previous
    }
    return false
  }
}
