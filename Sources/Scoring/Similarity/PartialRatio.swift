extension FuzzyRatio {
  static func partialRatio(_ first: Scalars, _ second: Scalars) -> Double {
    let shorter = first.count <= second.count ? first : second
    let longer = first.count <= second.count ? second : first
    if shorter.isEmpty { return longer.isEmpty ? 100 : 0 }
    let score = bestWindow(of: shorter, in: longer)
    if score == 100 || shorter.count != longer.count { return score }
    return max(score, bestWindow(of: longer, in: shorter))
  }

  /// - Complexity: ⌈m/64⌉·m word steps for each window that is looked at. The common length of a window and of its
  ///   neighbour differ by at most one, so all windows that cannot beat the best one so far are jumped over.
  private static func bestWindow(of needle: Scalars, in text: Scalars) -> Double {
    let length = needle.count
    return needle.withRun { needle in
      text.withRun { text in
        var best = 0
        var position = 0
        while position + length <= text.count {
          let common = LongestCommonSubsequence.length(needle, text.dropFirst(position).prefix(length))
          best = max(best, common)
          if best == length { return 100 }
          position += best - common + 1
        }
        var score = FuzzyRatio.score(indel: 2 * (length - best), total: 2 * length)

        // Windows that hang over an end of the text: shorter ones at its beginning and at its end.
        let head = LongestCommonSubsequence.prefixLengths(needle, text.prefix(length - 1))
        let reversedNeedle = Scalars(UnsafeBufferPointer(start: needle.base, count: length).reversed())
        let tail = text.dropFirst(text.count - (length - 1))
        let reversedTail = Scalars(UnsafeBufferPointer(start: tail.base, count: tail.count).reversed())
        let end = reversedNeedle.withRun { a in
          reversedTail.withRun { b in LongestCommonSubsequence.prefixLengths(a, b) }
        }
        for index in 0..<(length - 1) {
          let total = length + index + 1
          let common = max(head[index], end[index])
          score = max(score, FuzzyRatio.score(indel: total - 2 * common, total: total))
        }
        return score
      }
    }
  }
}
