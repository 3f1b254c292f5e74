/// Token bytes by id, and ids by bytes, in flat arrays.
struct Vocabulary: Sendable {
  /// The bytes of all tokens, one after the other.
  private var bytes: [UInt8] = []
  /// Where each id's bytes begin and how many they are; −1 for an id without a token.
  private var starts: [UInt32] = []
  private var lengths: [Int32] = []
  /// Open-addressing hash table of `hash << 32 | id + 1`; 0 is free.
  private var slots: [UInt64] = []

  /// One more than the highest id.
  var count: Int { starts.count }

  /// Sets the bytes of an id, without making it findable: call `buildIndex` after the last one.
  /// - Returns: false if the id has a token already.
  mutating func set(_ id: Int, to append: (inout [UInt8]) -> Void) -> Bool {
    if id >= starts.count {
      starts.append(contentsOf: repeatElement(0, count: id + 1 - starts.count))
      lengths.append(contentsOf: repeatElement(-1, count: id + 1 - lengths.count))
    }
    guard lengths[id] < 0 else { return false }
    let start = bytes.count
    append(&bytes)
    starts[id] = UInt32(truncatingIfNeeded: start)
    lengths[id] = Int32(truncatingIfNeeded: bytes.count - start)
    return true
  }

  /// Makes the tokens findable by their bytes. Of equal ones the lowest id is found.
  mutating func buildIndex() {
    var capacity = 16
    while capacity < count * 2 { capacity *= 2 }
    var slots = [UInt64](repeating: 0, count: capacity)
    bytes.withUnsafeBufferPointer { bytes in
      for id in starts.indices where lengths[id] > 0 {
        let start = Int(starts[id])
        let token = UnsafeBufferPointer(rebasing: bytes[start..<start + Int(lengths[id])])
        let hash = Self.hash(token)
        var place = Int(hash) & (capacity - 1)
        var isNew = true
        while slots[place] != 0 {
          if slots[place] >> 32 == hash, self.bytes(slots[place], equal: token) {
            isNew = false
            break
          }
          place = (place + 1) & (capacity - 1)
        }
        if isNew { slots[place] = hash << 32 | UInt64(id + 1) }
      }
    }
    self.slots = slots
  }

  /// The id of the token with exactly these bytes.
  func id(of token: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard !slots.isEmpty else { return nil }
    let hash = Self.hash(token)
    var place = Int(hash) & (slots.count - 1)
    while slots[place] != 0 {
      if slots[place] >> 32 == hash, bytes(slots[place], equal: token) {
        return UInt32(truncatingIfNeeded: slots[place]) - 1
      }
      place = (place + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The bytes of a token; nil for an id without one.
  func bytes(of id: Int) -> ArraySlice<UInt8>? {
    guard starts.indices.contains(id), lengths[id] >= 0 else { return nil }
    let start = Int(starts[id])
    return bytes[start..<start + Int(lengths[id])]
  }

  private func bytes(_ slot: UInt64, equal token: UnsafeBufferPointer<UInt8>) -> Bool {
    let id = Int(slot & 0xFFFF_FFFF) - 1
    guard Int(lengths[id]) == token.count else { return false }
    let start = Int(starts[id])
    for index in 0..<token.count where bytes[start + index] != token[index] { return false }
    return true
  }

  /// 32 well-mixed bits.
  private static func hash(_ token: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
    var hash = UInt64(truncatingIfNeeded: token.count) &* multiplier
    var index = 0
    let raw = UnsafeRawBufferPointer(token)
    while index + 8 <= token.count {
      hash = (hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* multiplier
      hash ^= hash >> 32
      index += 8
    }
    var rest: UInt64 = 0
    while index < token.count {
      rest = rest << 8 | UInt64(token[index])
      index += 1
    }
    hash = (hash ^ rest) &* multiplier
    hash ^= hash >> 29
    hash = hash &* multiplier
    return hash >> 32
  }
}
