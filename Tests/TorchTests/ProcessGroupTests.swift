import Foundation
import Synchronization
import TestSupport
import Testing
import Torch

/// Groups whose members are threads of this process: to Gloo and the store they are as strange to one another as
/// processes are.
@Suite struct ProcessGroupTests {
  /// Runs `body` as each of `count` members.
  /// - Returns: what they return or throw, by rank.
  @discardableResult
  private func members<Value: Sendable>(
    _ count: Int, joinSeconds: Double = 20, waitSeconds: Double = 20,
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
  ) throws -> [Result<Value, any Error>] {
    let port = try LocalPort.free()
    return Members.run(count) { rank in
      var options = ProcessGroup.Options(rank: rank, count: count, port: port, servesStore: rank == 0, isLocal: true)
      (options.joinSeconds, options.waitSeconds) = (joinSeconds, waitSeconds)
      return try body(ProcessGroup(options))
    }
  }

  @Test(arguments: [1, 2, 4]) func tensorsAreReduced(_ count: Int) throws {
    let results = try members(count) { group in
      let rank = Float(group.rank)
      for dtype in [DType.float32, .float64, .bfloat16, .int64] {
        let sum = try Tensor([rank, 2 * rank, 1], shape: [3]).to(dtype)
        try group.sum(sum)
        let total = Float(count * (count - 1) / 2)
        #expect(try sum.to(.float32).floats() == [total, 2 * total, Float(count)])
      }
      let most = try Tensor([rank, -rank], shape: [2])
      try group.max(most)
      #expect(try most.floats() == [Float(count - 1), 0])
      let first = try Tensor([rank, 7], shape: [2]).to(.bfloat16)
      try group.broadcast(first)
      #expect(try first.to(.float32).floats() == [0, 7])
      try group.put("of \(group.rank)", Array("value \(group.rank)".utf8))
      try group.barrier()
      let others = try (0..<count).map { try group.get("of \($0)").map { String(decoding: $0, as: UTF8.self) } }
      #expect(others == (0..<count).map { "value \($0)" })
      #expect(try group.get("nothing", seconds: 0.05) == nil && group.lost == nil)
      try group.put("empty", [])
      #expect(try group.get("empty") == [])
      try group.leave()
      return group.lost
    }
    for result in results { #expect(try result.get() == nil) }
  }

  /// Nobody waits for one that has ended, and its neighbour knows who it was.
  @Test func whoEndsIsMissed() throws {
    let results = try members(2) { group -> Int? in
      try group.barrier()
      if group.rank == 1 { return nil }
      let start = ContinuousClock.now
      while group.lost == nil, ContinuousClock.now - start < .seconds(5) { usleep(5_000) }
      let error = #expect(throws: TorchError.self) { try group.sum(Tensor.zeros([1000])) }
      #expect(error?.code == .group)
      #expect(throws: TorchError.self) { try group.barrier() }
      return group.lost
    }
    #expect(try results[0].get() == 1)
  }

  @Test func whoStallsIsNotWaitedForLonger() throws {
    let isOver = Atomic(false)
    let results = try members(2, waitSeconds: 0.3) { group -> String in
      if group.rank == 1 {
        while !isOver.load(ordering: .relaxed) { usleep(5_000) }
        return ""
      }
      defer { isOver.store(true, ordering: .relaxed) }
      let error = #expect(throws: TorchError.self) { try group.sum(Tensor.zeros([3])) }
      #expect(error?.code == .group && group.lost == nil)
      return error?.message ?? ""
    }
    #expect(try results[0].get().hasPrefix("sum over processes: "))
  }

  @Test func whoDoesNotComeIsNamed() throws {
    let port = try LocalPort.free()
    func message(_ rank: Int, of count: Int) -> String {
      var options = ProcessGroup.Options(rank: rank, count: count, port: port, servesStore: rank == 0, isLocal: true)
      options.joinSeconds = 0.3
      let error = #expect(throws: TorchError.self) { try ProcessGroup(options) }
      #expect(error?.code == .group)
      return error?.message ?? ""
    }
    #expect(message(0, of: 3) == "join: rank 0 of 3 waited 0.3 s for rank 1, 2, which did not join")
    #expect(message(1, of: 2).contains("rank 1 of 2 found no store at 127.0.0.1:\(port) within 0.3 s"))
  }

  @Test func aPortThatIsTakenIsNamed() throws {
    let (port, socket) = try LocalPort.taken()
    defer { close(socket) }
    let options = ProcessGroup.Options(rank: 0, count: 2, port: port, servesStore: true, isLocal: true)
    let error = #expect(throws: TorchError.self) { try ProcessGroup(options) }
    #expect(error?.message.contains("cannot listen on 127.0.0.1:\(port): Address already in use") == true)
  }

  @Test func hostileOptionsAreRefused() throws {
    let good = ProcessGroup.Options(rank: 0, count: 1, port: 29_500, servesStore: true, isLocal: true)
    let changes: [(inout ProcessGroup.Options) -> Void] = [
      { $0.rank = 1 }, { $0.rank = -1 }, { $0.count = 0 }, { $0.port = 0 }, { $0.port = 70_000 },
      { $0.joinSeconds = .nan }, { $0.joinSeconds = -1 }, { $0.waitSeconds = .infinity }, { $0.ncclDevice = .cpu },
      {
        $0.isLocal = false
        $0.host = ""
      },
    ]
    for change in changes {
      var options = good
      change(&options)
      let error = #expect(throws: TorchError.self) { try ProcessGroup(options) }
      #expect(error?.code == .argument, "\(options)")
    }
  }

  @Test func viewsWithHolesAreRefused() throws {
    for result in try members(
      1,
      { group in
        let error = #expect(throws: TorchError.self) { try group.sum(Tensor.zeros([4, 4]).transposed(0, 1)) }
        #expect(error?.code == .argument)
        try group.sum(Tensor.zeros([4, 4]))
      })
    { try result.get() }
  }

  // MARK: NCCL

  @Test func withoutNCCLTheErrorNamesWhatIsMissing() throws {
    func message(_ library: String?) -> String? {
      do {
        return "version \(try ProcessGroup.ncclVersion(library: library))"
      } catch {
        #expect(error.code == .device)
        return error.message
      }
    }
    #expect(message("libm.so.6")?.contains("ncclGetVersion is not in libm.so.6; use a libtorch with CUDA") == true)
    #expect(message("/nowhere/libnccl.so.2")?.contains("NCCL could not be loaded: /nowhere/libnccl.so.2") == true)
    guard Runtime.cudaDeviceCount == 0 else { return }
    #expect(message(nil)?.contains("ncclGetVersion is not in the loaded libraries") == true)
    var options = ProcessGroup.Options(
      rank: 0, count: 1, port: try LocalPort.free(), servesStore: true, isLocal: true)
    options.ncclDevice = .cuda(0)
    let error = #expect(throws: TorchError.self) { try ProcessGroup(options) }
    #expect(error?.code == .device && error?.message.contains("nccl") == true)
  }
}
