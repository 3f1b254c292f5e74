import Foundation
import Testing
import Torch

/// Resident memory of this process in bytes.
private func residentBytes() throws -> Int {
  let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
  return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}

@Suite(.serialized) struct MemoryTests {
  /// 10⁵ tensors of 64 KiB are 6.5 GB: had a handle in a hundred leaked, this would show it.
  @Test func tensorsAreFreed() throws {
    func work(_ rounds: Int) throws {
      for _ in 0..<rounds {
        let x = try Tensor.zeros([128, 128])
        _ = try x.reshaped([-1])
      }
    }
    try work(100)
    let before = try residentBytes()
    try work(50_000)
    #expect(try residentBytes() - before < 32 << 20)
  }

  @Test func failuresLeakNothing() throws {
    let a = try Tensor.zeros([256, 256])
    let b = try Tensor.zeros([3, 3])
    let before = try residentBytes()
    for _ in 0..<2_000 { _ = try? a.matmul(b) }
    #expect(try residentBytes() - before < 32 << 20)
  }
}
