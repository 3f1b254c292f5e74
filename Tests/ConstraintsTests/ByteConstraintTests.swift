import Testing
import Text

@testable import Constraints

@Suite struct ByteConstraintTests {
  /// Only `aaa…`, at least one: a machine of one's own.
  private struct Letters: ByteConstraint {
    var start: Int { 0 }
    func nextBytes(_ state: Int) -> ByteSet { [UInt8(ascii: "a")] }
    func advance(_ state: Int, by byte: UInt8) -> Int? { byte == UInt8(ascii: "a") ? min(state + 1, 1) : nil }
    func isComplete(_ state: Int) -> Bool { state > 0 }
  }

  @Test func aMachineIsWalkedByteByByte() {
    let machine = Letters()
    #expect(machine.advance(machine.start, by: "aa".utf8).map(machine.isComplete) == true)
    #expect(machine.advance(machine.start, by: "ab".utf8) == nil)
    let trie = TokenTrie(vocabularySize: 5) { ["b", "a", "aa", "ab", "aaa"][$0].utf8.map { $0 }[...] }
    #expect(trie.tokens(allowedBy: machine, in: machine.start).sorted() == [1, 2, 4])
  }

  @Test func byteSets() {
    var random = SplitMix64(state: 4)
    for _ in 0..<200 {
      let (a, b) = (randomBytes(&random), randomBytes(&random))
      let (first, second) = (ByteSet(a), ByteSet(b))
      #expect(first.bytes == a.sorted() && first.count == a.count)
      #expect(first.first == a.min() && first.isEmpty == a.isEmpty)
      #expect(first.only == (a.count == 1 ? a.first : nil))
      #expect(first.intersection(second) == ByteSet(a.intersection(b)))
      var union = first
      union.formUnion(second)
      #expect(union == ByteSet(a.union(b)) && union.isSuperset(of: second))
      var difference = first
      difference.subtract(second)
      #expect(difference == ByteSet(a.subtracting(b)))
    }
    #expect(ByteSet.all.count == 256)
  }

  private func randomBytes(_ random: inout SplitMix64) -> Set<UInt8> {
    Set((0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) })
  }
}
