/// Splits words into tokens by byte-pair encoding: always the merge of lowest rank, the leftmost of equal ones.
///
/// Holds the scratch arrays of one encoding run.
struct BytePairMerger {
  /// The tokens of the last word and, for each, the offset of its first byte in the word.
  private(set) var tokens: [UInt32] = []
  private(set) var starts: [Int] = []

  private let merges: MergeTable
  /// The token of each single byte; nil where the vocabulary lacks it.
  private let tokenOfByte: [UInt32?]

  /// `pairs[i]` is the merge of token i with its right neighbour.
  private var pairs: [MergeTable.Merge] = []

  /// Words with more bytes than this go through a heap, so that a hostile one does not take quadratic time.
  let scanLimit: Int

  init(merges: MergeTable, tokenOfByte: [UInt32?], scanLimit: Int = 48) {
    self.merges = merges
    self.tokenOfByte = tokenOfByte
    self.scanLimit = scanLimit
  }

  /// Fills `tokens` and `starts` from a word. Bytes that the vocabulary lacks vanish before merging.
  mutating func split(_ word: UnsafeBufferPointer<UInt8>) {
    tokens.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    for (offset, byte) in word.enumerated() {
      guard let token = tokenOfByte[Int(byte)] else { continue }
      tokens.append(token)
      starts.append(offset)
    }
    guard tokens.count > 1 else { return }
    pairs.removeAll(keepingCapacity: true)
    for index in 0..<tokens.count - 1 { pairs.append(merges.find(tokens[index], tokens[index + 1])) }
    if tokens.count <= scanLimit { mergeByScanning() } else { mergeByHeap() }
  }

  private mutating func mergeByScanning() {
    while true {
      var best = MergeTable.none
      var place = 0
      for (index, pair) in pairs.enumerated() where pair < best { (best, place) = (pair, index) }
      guard best != MergeTable.none else { return }
      tokens[place] = UInt32(truncatingIfNeeded: best)
      tokens.remove(at: place + 1)
      starts.remove(at: place + 1)
      pairs.remove(at: place)
      if place < pairs.count { pairs[place] = merges.find(tokens[place], tokens[place + 1]) }
      if place > 0 { pairs[place - 1] = merges.find(tokens[place - 1], tokens[place]) }
    }
  }

  /// The same result from a linked list of tokens and a heap of `rank << 32 | place`, in n log n.
  private mutating func mergeByHeap() {
    let count = tokens.count
    pairs.append(MergeTable.none)
    // Neighbours; `count` stands for no right one, −1 for no left one.
    var next = Array(1...count)
    var previous = Array(-1..<count - 1)
    func entry(_ pair: MergeTable.Merge, at place: Int) -> UInt64 {
      pair & ~0xFFFF_FFFF | UInt64(UInt32(truncatingIfNeeded: place))
    }
    var heap = MinimumHeap((0..<count).filter { pairs[$0] != MergeTable.none }.map { entry(pairs[$0], at: $0) })

    while let top = heap.popMinimum() {
      let place = Int(top & 0xFFFF_FFFF)
      // An entry is stale if the pair at its place has changed since.
      guard pairs[place] != MergeTable.none, pairs[place] >> 32 == top >> 32 else { continue }
      tokens[place] = UInt32(truncatingIfNeeded: pairs[place])
      let removed = next[place]
      pairs[removed] = MergeTable.none
      next[place] = next[removed]
      next[removed] = -1
      if next[place] < count {
        previous[next[place]] = place
        pairs[place] = merges.find(tokens[place], tokens[next[place]])
        if pairs[place] != MergeTable.none { heap.push(entry(pairs[place], at: place)) }
      } else {
        pairs[place] = MergeTable.none
      }
      let left = previous[place]
      if left >= 0 {
        pairs[left] = merges.find(tokens[left], tokens[place])
        if pairs[left] != MergeTable.none { heap.push(entry(pairs[left], at: left)) }
      }
    }

    let kept = (0..<count).filter { next[$0] >= 0 }
    tokens = kept.map { tokens[$0] }
    starts = kept.map { starts[$0] }
  }
}

/// A binary heap whose smallest element comes out first.
private struct MinimumHeap {
  private var elements: [UInt64]

  init(_ elements: [UInt64]) {
    self.elements = elements
    for index in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  mutating func push(_ element: UInt64) {
    var index = elements.count
    elements.append(element)
    while index > 0, elements[(index - 1) / 2] > elements[index] {
      elements.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func popMinimum() -> UInt64? {
    guard let last = elements.popLast() else { return nil }
    guard let first = elements.first else { return last }
    elements[0] = last
    sink(0)
    return first
  }

  private mutating func sink(_ start: Int) {
    var index = start
    while true {
      var child = index * 2 + 1
      guard child < elements.count else { return }
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      guard elements[child] < elements[index] else { return }
      elements.swapAt(index, child)
      index = child
    }
  }
}
