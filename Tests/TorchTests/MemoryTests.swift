import Foundation
import Testing
import Torch

/// Resident memory of this process in bytes.
private func residentBytes() throws -> Int {
  let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
  return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// Least growth of resident memory over several rounds: other tests of this process allocate at the same time, but a
/// leak shows in every round.
private func growth(_ work: () throws -> Void) throws -> Int {
  try work()
  return try (0..<5).map { _ in
    let before = try residentBytes()
    try work()
    return try residentBytes() - before
  }.min()!
}

@Suite(.serialized) struct MemoryTests {
  /// 10⁵ tensors of 64 KiB are 6.5 GB: had one handle in a hundred leaked, this would show it.
  @Test func tensorsAreFreed() throws {
    let grown = try growth {
      for _ in 0..<50_000 {
        let x = try Tensor.empty([128, 128])
        _ = try x.reshaped([-1])
      }
    }
    #expect(grown < 32 << 20)
  }

  @Test func failuresLeakNothing() throws {
    let a = try Tensor.zeros([256, 256])
    let b = try Tensor.zeros([3, 3])
    let grown = try growth {
      for _ in 0..<2_000 { _ = try? a.matmul(b) }
    }
    #expect(grown < 8 << 20)
  }
}
