import Testing
import Text

@testable import Constraints

@Suite struct SuffixArrayTests {
  private func plain(_ bytes: [UInt8]) -> [Int32] {
    bytes.indices.sorted { bytes[$0...].lexicographicallyPrecedes(bytes[$1...]) }.map(Int32.init)
  }

  @Test func smallTexts() {
    #expect(SuffixArray.sorted([]) == [])
    #expect(SuffixArray.sorted([7]) == [0])
    #expect(SuffixArray.sorted(Array("banana".utf8)) == [5, 3, 1, 0, 4, 2])
    #expect(SuffixArray.sorted(Array("mississippi".utf8)) == [10, 7, 4, 1, 0, 9, 8, 6, 3, 5, 2])
  }

  @Test func equalsPlainSorting() {
    var random = SplitMix64(state: 1)
    for round in 0..<3_000 {
      let alphabet = [1, 2, 3, 4, 256][round % 5]
      let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        UInt8(Int.random(in: 0..<alphabet, using: &random))
      }
      #expect(SuffixArray.sorted(bytes) == plain(bytes), "\(bytes)")
    }
  }

  /// Texts that make quadratic algorithms slow.
  @Test func repetitiveTexts() {
    let count = 20_000
    let same = [UInt8](repeating: 65, count: count)
    #expect(SuffixArray.sorted(same) == (0..<Int32(count)).reversed())
    var fibonacci: ([UInt8], [UInt8]) = ([65], [65, 66])
    while fibonacci.1.count < count { fibonacci = (fibonacci.1, fibonacci.1 + fibonacci.0) }
    let sorted = SuffixArray.sorted(fibonacci.1)
    #expect(Set(sorted).count == fibonacci.1.count)
    for index in stride(from: 0, to: sorted.count - 1, by: 97) {
      let (a, b) = (fibonacci.1[Int(sorted[index])...], fibonacci.1[Int(sorted[index + 1])...])
      #expect(a.lexicographicallyPrecedes(b))
    }
  }
}
