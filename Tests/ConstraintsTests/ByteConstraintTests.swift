import Testing

@testable import Constraints

@Suite struct ByteConstraintTests {
  /// Only `aaa…`, at least one.
  private struct Letters: ByteConstraint {
    var start: Int { 0 }
    func advance(_ state: Int, by byte: UInt8) -> Int? { byte == UInt8(ascii: "a") ? min(state + 1, 1) : nil }
    func isComplete(_ state: Int) -> Bool { state > 0 }
  }

  @Test func aMachineIsWalkedByteByByte() {
    let machine = Letters()
    let end = "aa".utf8.reduce(Optional(machine.start)) { state, byte in state.flatMap { machine.advance($0, by: byte) }
    }
    #expect(end.map(machine.isComplete) == true)
    #expect(machine.advance(machine.start, by: 0) == nil)
  }
}
