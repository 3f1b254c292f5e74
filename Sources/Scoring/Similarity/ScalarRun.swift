/// A borrowed stretch of scalars: a pointer and a length, because this is what the innermost loops run over.
struct ScalarRun {
  var base: UnsafePointer<UInt32>
  var count: Int

  subscript(_ index: Int) -> UInt32 { base[index] }

  func prefix(_ length: Int) -> ScalarRun { ScalarRun(base: base, count: length) }
  func dropFirst(_ length: Int) -> ScalarRun { ScalarRun(base: base + length, count: count - length) }

  /// Cuts the ends that both have in common off both and returns how long they were together.
  static func trimCommonEnds(_ first: inout ScalarRun, _ second: inout ScalarRun) -> Int {
    let limit = min(first.count, second.count)
    var head = 0
    while head < limit && first.base[head] == second.base[head] { head += 1 }
    first = first.dropFirst(head)
    second = second.dropFirst(head)
    let rest = limit - head
    var tail = 0
    while tail < rest && first.base[first.count - 1 - tail] == second.base[second.count - 1 - tail] { tail += 1 }
    first.count -= tail
    second.count -= tail
    return head + tail
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
