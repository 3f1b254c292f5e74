import Text

/// Levenshtein distance with unit costs, bit-parallel (Myers 1999 in the block form of Hyyrö 2003).
public enum Levenshtein {
  /// The least number of insertions, deletions and substitutions of Unicode scalars that turn one string into the
  /// other.
  ///
  ///     Levenshtein.distance("kitten", "sitting")  // 3
  ///
  /// - Complexity: ⌈m/64⌉·n word steps for lengths m ≤ n, O(n) memory.
  public static func distance(_ first: String, _ second: String) -> Int {
    distance(first.scalarValues, second.scalarValues)
  }

  /// The same distance, or nil where it exceeds `cutoff`.
  ///
  /// - Complexity: O(1) where the lengths alone exceed the cut-off, O(n) for a cut-off of 0 or 1.
  public static func distance(_ first: String, _ second: String, cutoff: Int) -> Int? {
    distance(first.scalarValues, second.scalarValues, cutoff: cutoff)
  }

  static func distance(_ first: Scalars, _ second: Scalars, cutoff: Int) -> Int? {
    guard abs(first.count - second.count) <= cutoff else { return nil }
    return first.withRun { a in
      second.withRun { b in
        let (pattern, text, _) = ScalarRun.withoutCommonEnds(a, b)
        if text.count <= 1 { return text.count <= cutoff ? text.count : nil }
        if cutoff <= 1 { return nil }
        let exact = trimmedDistance(pattern, text)
        return exact <= cutoff ? exact : nil
      }
    }
  }

  static func distance(_ first: Scalars, _ second: Scalars) -> Int {
    first.withRun { a in
      second.withRun { b in
        let (pattern, text, _) = ScalarRun.withoutCommonEnds(a, b)
        return trimmedDistance(pattern, text)
      }
    }
  }

  private static func trimmedDistance(_ pattern: ScalarRun, _ text: ScalarRun) -> Int {
    if pattern.count == 0 { return text.count }
    // The horizontal difference (−1, 0, +1) that enters a strip from the one above, for each column.
    // Row 0 of the table is 0, 1, 2, …, so +1 enters the first strip.
    var differences = [Int8](repeating: 1, count: text.count)
    return differences.withUnsafeMutableBufferPointer { differences in
      var start = 0
      var change = 0
      while start < pattern.count {
        let width = min(64, pattern.count - start)
        change = strip(pattern.dropFirst(start).prefix(width), text, differences)
        start += width
      }
      // The last row begins at m and changes by the differences that leave the last strip.
      return pattern.count + change
    }
  }

  /// Runs one strip of at most 64 pattern scalars over the text; returns the sum of the differences that leave it.
  private static func strip(
    _ pattern: ScalarRun, _ text: ScalarRun, _ differences: UnsafeMutableBufferPointer<Int8>
  ) -> Int {
    let top = UInt64(pattern.count - 1)
    return withPatternMasks(pattern) { masks in
      var verticalPositive = UInt64.max
      var verticalNegative: UInt64 = 0
      var change = 0
      var index = 0
      while index < text.count {
        let entering = differences[index]
        let enteringPositive: UInt64 = entering > 0 ? 1 : 0
        let enteringNegative: UInt64 = entering < 0 ? 1 : 0
        let equal = masks[text.base[index]] | enteringNegative
        let diagonal =
          (((equal & verticalPositive) &+ verticalPositive) ^ verticalPositive) | equal | verticalNegative
        let horizontalPositive = verticalNegative | ~(diagonal | verticalPositive)
        let horizontalNegative = verticalPositive & diagonal
        let leaving = Int8((horizontalPositive &>> top) & 1) - Int8((horizontalNegative &>> top) & 1)
        let shiftedPositive = horizontalPositive &<< 1 | enteringPositive
        let shiftedNegative = horizontalNegative &<< 1 | enteringNegative
        verticalPositive = shiftedNegative | ~(diagonal | shiftedPositive)
        verticalNegative = shiftedPositive & diagonal
        differences[index] = leaving
        change += Int(leaving)
        index += 1
      }
      return change
    }
  }
}
