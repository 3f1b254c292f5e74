/// A borrowed stretch of scalars: a pointer and a length, because this is what the innermost loops run over.
struct ScalarRun {
  var base: UnsafePointer<UInt32>
  var count: Int

  subscript(_ index: Int) -> UInt32 { base[index] }

  func prefix(_ length: Int) -> ScalarRun { ScalarRun(base: base, count: length) }
  func dropFirst(_ length: Int) -> ScalarRun { ScalarRun(base: base + length, count: count - length) }

  /// Two runs, the shorter first, without the ends that both have in common, and how long these were together.
  static func withoutCommonEnds(
    _ first: ScalarRun, _ second: ScalarRun
  ) -> (shorter: ScalarRun, longer: ScalarRun, common: Int) {
    var (shorter, longer) = first.count <= second.count ? (first, second) : (second, first)
    var head = 0
    while head < shorter.count && shorter.base[head] == longer.base[head] { head += 1 }
    shorter = shorter.dropFirst(head)
    longer = longer.dropFirst(head)
    var tail = 0
    while tail < shorter.count && shorter.base[shorter.count - 1 - tail] == longer.base[longer.count - 1 - tail] {
      tail += 1
    }
    shorter.count -= tail
    longer.count -= tail
    return (shorter, longer, head + tail)
  }
}

extension Array<UInt32> {
  /// Calls `body` with the array's elements as a run; an empty array is a run of length 0.
  func withRun<Result>(_ body: (ScalarRun) -> Result) -> Result {
    withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        var nothing: UInt32 = 0
        return withUnsafePointer(to: &nothing) { body(ScalarRun(base: $0, count: 0)) }
      }
      return body(ScalarRun(base: base, count: buffer.count))
    }
  }
}
