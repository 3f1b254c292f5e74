/// The suffixes of bytes in lexicographic order, by induced sorting (Nong, Zhang and Chan, "Linear Suffix Array
/// Construction by Almost Pure Induced-Sorting", DCC 2009).
enum SuffixArray {
  /// Where the suffixes begin, the smallest first; a suffix that is a prefix of another stands before it.
  /// - Complexity: linear in time and memory.
  static func sorted(_ bytes: [UInt8]) -> [Int32] {
    precondition(bytes.count < Int(Int32.max), "no text has 2 GiB")
    var suffixes = [Int32](repeating: 0, count: bytes.count)
    bytes.withUnsafeBufferPointer { text in
      suffixes.withUnsafeMutableBufferPointer { sort(text, alphabet: 256, into: $0) }
    }
    return suffixes
  }

  /// - Parameters:
  ///   - text: symbols below `alphabet`.
  ///   - suffixes: as long as the text; overwritten.
  private static func sort<Symbol: FixedWidthInteger>(
    _ text: UnsafeBufferPointer<Symbol>, alphabet: Int, into suffixes: UnsafeMutableBufferPointer<Int32>
  ) {
    let count = text.count
    if count == 0 { return }
    if count == 1 {
      suffixes[0] = 0
      return
    }
    // A suffix is smaller (S) or larger (L) than the one after it; the last one, which only the end follows, is L.
    var isSmaller = [Bool](repeating: false, count: count)
    var bucketSizes = [Int32](repeating: 0, count: alphabet)
    for index in stride(from: count - 2, through: 0, by: -1) {
      isSmaller[index] = text[index] < text[index + 1] || (text[index] == text[index + 1] && isSmaller[index + 1])
    }
    for index in 0..<count { bucketSizes[Int(text[index])] += 1 }
    var buckets = bucketSizes

    isSmaller.withUnsafeBufferPointer { isSmaller in
      func isLeftmostSmaller(_ index: Int) -> Bool { index > 0 && isSmaller[index] && !isSmaller[index - 1] }

      func setBuckets(toEnds: Bool) {
        var sum: Int32 = 0
        for symbol in 0..<alphabet {
          if toEnds {
            sum += bucketSizes[symbol]
            buckets[symbol] = sum
          } else {
            buckets[symbol] = sum
            sum += bucketSizes[symbol]
          }
        }
      }

      /// From the order of the leftmost S suffixes follows that of the L ones, and from that the order of all S ones.
      func induce() {
        setBuckets(toEnds: false)
        let last = Int(text[count - 1])
        suffixes[Int(buckets[last])] = Int32(count - 1)
        buckets[last] += 1
        for place in 0..<count {
          let index = Int(suffixes[place]) - 1
          guard index >= 0, !isSmaller[index] else { continue }
          let symbol = Int(text[index])
          suffixes[Int(buckets[symbol])] = Int32(index)
          buckets[symbol] += 1
        }
        setBuckets(toEnds: true)
        for place in stride(from: count - 1, through: 0, by: -1) {
          let index = Int(suffixes[place]) - 1
          guard index >= 0, isSmaller[index] else { continue }
          let symbol = Int(text[index])
          buckets[symbol] -= 1
          suffixes[Int(buckets[symbol])] = Int32(index)
        }
      }

      func place(_ leftmost: some Sequence<Int>) {
        for index in 0..<count { suffixes[index] = -1 }
        setBuckets(toEnds: true)
        for index in leftmost {
          let symbol = Int(text[index])
          buckets[symbol] -= 1
          suffixes[Int(buckets[symbol])] = Int32(index)
        }
      }

      let leftmost = (0..<count).filter(isLeftmostSmaller)
      place(leftmost)
      induce()
      guard leftmost.count > 1 else { return }

      // The substrings between leftmost S places are sorted now; equal ones get one name.
      let sortedLeftmost = (0..<count).map { Int(suffixes[$0]) }.filter(isLeftmostSmaller)
      var ends = [Int32](repeating: Int32(count), count: count)
      for (index, next) in zip(leftmost, leftmost.dropFirst()) { ends[index] = Int32(next) }
      func areEqual(_ a: Int, _ b: Int) -> Bool {
        let (lengthA, lengthB) = (Int(ends[a]) - a, Int(ends[b]) - b)
        // The last substring runs into the end of the text, which equals nothing.
        guard lengthA == lengthB, Int(ends[a]) < count, Int(ends[b]) < count else { return false }
        for offset in 0...lengthA where text[a + offset] != text[b + offset] { return false }
        return true
      }
      var names = [Int32](repeating: -1, count: count)
      var name: Int32 = 0
      names[sortedLeftmost[0]] = 0
      for (previous, index) in zip(sortedLeftmost, sortedLeftmost.dropFirst()) {
        if !areEqual(previous, index) { name += 1 }
        names[index] = name
      }

      let reduced = leftmost.map { names[$0] }
      var order = [Int32](repeating: 0, count: reduced.count)
      if Int(name) + 1 == reduced.count {
        for (index, name) in reduced.enumerated() { order[Int(name)] = Int32(index) }
      } else {
        reduced.withUnsafeBufferPointer { reduced in
          order.withUnsafeMutableBufferPointer { sort(reduced, alphabet: Int(name) + 1, into: $0) }
        }
      }
      place(order.reversed().lazy.map { leftmost[Int($0)] })
      induce()
    }
  }
}
