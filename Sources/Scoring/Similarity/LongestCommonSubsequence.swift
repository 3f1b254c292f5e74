import Text

/// Length of the longest common subsequence, bit-parallel (Hyyrö 2004, "Bit-parallel LCS-length computation
/// revisited").
///
/// Work is `⌈m/64⌉ · n` word steps for lengths m and n. The pattern is processed in strips of 64 scalars with one
/// carry bit for each scalar of the text between strips, so memory is O(n) whatever the alphabet.
enum LongestCommonSubsequence {
  static func length(_ first: Scalars, _ second: Scalars) -> Int {
    first.withRun { a in second.withRun { b in length(a, b) } }
  }

  static func length(_ first: ScalarRun, _ second: ScalarRun) -> Int {
    // A common prefix and suffix belong to a longest common subsequence.
    let (pattern, text, common) = ScalarRun.withoutCommonEnds(first, second)
    if pattern.count == 0 { return common }
    if pattern.count <= 64 {
      return common + withPatternMasks(pattern) { singleStrip($0, text, width: pattern.count) }
    }
    return common + strips(pattern, text)
  }

  private static func singleStrip(_ masks: PatternMasks, _ text: ScalarRun, width: Int) -> Int {
    var state = UInt64.max
    var index = 0
    while index < text.count {
      let matches = state & masks[text.base[index]]
      state = (state &+ matches) | (state &- matches)
      index += 1
    }
    return matched(in: state, width: width)
  }

  private static func strips(_ pattern: ScalarRun, _ text: ScalarRun) -> Int {
    var carries = [UInt8](repeating: 0, count: text.count)
    return carries.withUnsafeMutableBufferPointer { carries in
      var total = 0
      var start = 0
      while start < pattern.count {
        let width = min(64, pattern.count - start)
        total += withPatternMasks(pattern.dropFirst(start).prefix(width)) { masks in
          var state = UInt64.max
          var index = 0
          while index < text.count {
            advance(&state, masks[text.base[index]], &carries[index])
            index += 1
          }
          return matched(in: state, width: width)
        }
        start += width
      }
      return total
    }
  }

  /// Takes a strip's state over one scalar of the text, whose places in the strip are `mask`. `carry` comes from the
  /// strip before and goes to the next.
  @inline(__always)
  private static func advance(_ state: inout UInt64, _ mask: UInt64, _ carry: inout UInt8) {
    let matches = state & mask
    let (partial, overflow1) = state.addingReportingOverflow(matches)
    let (sum, overflow2) = partial.addingReportingOverflow(UInt64(carry))
    carry = overflow1 || overflow2 ? 1 : 0
    state = sum | (state &- matches)
  }

  /// The zero bits of the state are the matched pattern positions.
  private static func matched(in state: UInt64, width: Int) -> Int {
    (~state & (width >= 64 ? .max : (1 << UInt64(width)) - 1)).nonzeroBitCount
  }

  /// Lengths with every prefix of `text`: element k is the value for the first k + 1 scalars.
  static func prefixLengths(_ pattern: ScalarRun, _ text: ScalarRun) -> [Int] {
    var lengths = [Int](repeating: 0, count: text.count)
    var carries = [UInt8](repeating: 0, count: text.count)
    lengths.withUnsafeMutableBufferPointer { lengths in
      carries.withUnsafeMutableBufferPointer { carries in
        var start = 0
        while start < pattern.count {
          let width = min(64, pattern.count - start)
          withPatternMasks(pattern.dropFirst(start).prefix(width)) { masks in
            var state = UInt64.max
            var index = 0
            while index < text.count {
              advance(&state, masks[text.base[index]], &carries[index])
              lengths[index] += matched(in: state, width: width)
              index += 1
            }
          }
          start += width
        }
      }
    }
    return lengths
  }
}
