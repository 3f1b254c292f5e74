import Generation

/// The substrings of a text that begin and end where a rule lets them, for walking byte by byte.
///
/// It does what a suffix automaton does, by the sorted suffixes of the text: the places at which a string stands are
/// one interval of them, and one more byte makes the interval smaller. Other than an automaton's state, an interval
/// knows where its strings began, so that beginnings and ends can be held to rules at once. It needs four bytes for
/// each place where a copy may begin, and no edges.
final class CopyIndex: Sendable {
  /// Where a copy is: suffixes `low ..< high` of the index begin with its bytes, of which there are `depth`.
  struct State: Hashable {
    var low: UInt32
    var high: UInt32
    var depth: UInt32
  }

  private let bytes: [UInt8]
  private let suffixes: [Int32]
  private let ends: BitArray
  private let limitEnds: BitArray
  let start: State
  private let firstBytes: ByteSet

  /// - Parameter sorted: all suffixes of the text's bytes in order.
  init(_ text: CopyText, _ places: CopyText.Places, sorted: [Int32]) {
    var isStart = BitArray()
    isStart.extend(to: text.bytes.count)
    for place in places.starts { isStart.set(Int(place)) }
    var suffixes: [Int32] = []
    suffixes.reserveCapacity(places.starts.count)
    for suffix in sorted where isStart[Int(suffix)] { suffixes.append(suffix) }
    self.suffixes = suffixes
    bytes = text.bytes
    ends = places.ends
    limitEnds = places.limitEnds
    start = State(low: 0, high: UInt32(suffixes.count), depth: 0)
    firstBytes = ByteSet(places.starts.lazy.map { text.bytes[Int($0)] })
  }

  /// Indices for several rules on the same text.
  static func indices(of text: CopyText) -> [CopyEdges: CopyIndex] {
    let sorted = SuffixArray.sorted(text.bytes)
    return Dictionary(
      uniqueKeysWithValues: zip(text.edges, text.places).map { ($0, CopyIndex(text, $1, sorted: sorted)) })
  }

  /// Whether nothing can be copied.
  var isEmpty: Bool { suffixes.isEmpty }

  /// The byte of the interval's member `index` behind the copy. Segments end with a separator, which is never copied:
  /// this stays inside the text.
  @inline(__always)
  private func byte(_ index: UInt32, _ depth: UInt32) -> UInt8 { bytes[Int(suffixes[Int(index)]) + Int(depth)] }

  /// The bytes that can follow.
  func nextBytes(_ state: State) -> ByteSet {
    if state.depth == 0 { return firstBytes }
    var set = ByteSet()
    var low = state.low
    while low < state.high {
      let value = byte(low, state.depth)
      if value == CopyText.separator { break }  // the largest byte
      set.insert(value)
      low = upperBound(of: value, low, state.high, state.depth)
    }
    return set
  }

  func advance(_ state: State, by value: UInt8) -> State? {
    guard state.low < state.high, value != CopyText.separator else { return nil }
    let (first, last) = (byte(state.low, state.depth), byte(state.high - 1, state.depth))
    guard first <= value, value <= last else { return nil }
    let low = first == value ? state.low : lowerBound(of: value, state)
    guard low < state.high, byte(low, state.depth) == value else { return nil }
    let high = last == value ? state.high : upperBound(of: value, low, state.high, state.depth)
    return State(low: low, high: high, depth: state.depth + 1)
  }

  /// Whether the copy may end here: at one of its places the rule lets it.
  func mayEnd(_ state: State) -> Bool {
    // Inside a character (UTF-8's continuation bytes follow) no place will do.
    guard state.depth > 0, state.low < state.high, byte(state.low, state.depth) & 0xC0 != 0x80 else { return false }
    return (state.low..<state.high).contains { ends[Int(suffixes[Int($0)]) + Int(state.depth)] }
  }

  /// The shortest bytes after which the copy may be ended when the token limit is near.
  func finishing(_ state: State) -> ArraySlice<UInt8> {
    guard state.depth > 0 else { return [] }
    var best: Range<Int>?
    for index in state.low..<state.high {
      let place = Int(suffixes[Int(index)]) + Int(state.depth)
      guard let end = limitEnds.first(from: place) else { continue }
      if best == nil || end - place < best!.count { best = place..<end }
    }
    return bytes[best ?? 0..<0]
  }

  /// A length that `finishing` does not exceed; quick.
  func finishingBound(_ state: State) -> Int {
    guard state.depth > 0, state.low < state.high else { return 0 }
    let place = Int(suffixes[Int(state.low)]) + Int(state.depth)
    return (limitEnds.first(from: place) ?? place) - place
  }

  // MARK: Search. The bytes at one depth ascend over an interval.

  private func lowerBound(of value: UInt8, _ state: State) -> UInt32 {
    var (low, high) = (state.low, state.high)
    while low < high {
      let middle = low + (high - low) / 2
      if byte(middle, state.depth) < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The end of the run of `value` that begins at `low`; by leaps first, because most runs are short.
  private func upperBound(of value: UInt8, _ low: UInt32, _ high: UInt32, _ depth: UInt32) -> UInt32 {
    if byte(high - 1, depth) == value { return high }
    var (low, high) = (low, high)
    var step: UInt32 = 1
    while low + step < high, byte(low + step, depth) == value {
      low += step
      step *= 2
    }
    high = min(high, low + step)
    while low < high {
      let middle = low + (high - low) / 2
      if byte(middle, depth) == value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
