import TensorTestSupport
import TestSupport
import Testing
import Torch

@testable import Llama

/// The store that a GPU uses, on the CPU.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct RunStoreTests {
  private let model: LlamaModel

  init() throws { model = try Golden.tinyLlama("untied") }

  private func store(rows: Int) -> RunStore {
    RunStore(
      model.configuration, dtype: model.dtype, device: .cpu,
      byteBudget: rows * KVBlocks.byteCount(model.configuration, model.dtype) / KVBlocks.size)
  }

  private func prompt(_ count: Int, differentFrom place: Int = .max) -> [Int] {
    (0..<count).map { ($0 * 37 + ($0 >= place ? 1 : 0)) % 512 }
  }

  private func read(_ lease: KVLease) throws -> Tensor {
    try withoutGradients { try model.forward([(Array(lease.prompt[lease.cache.length...]), lease.cache)]) }
  }

  @Test func beginningsAreCopied() throws {
    let store = store(rows: 1_000)
    let first = try #require(try store.lease(prompt(100), limit: 8))
    let second = try #require(try store.lease(prompt(100, differentFrom: 70), limit: 8))
    #expect(try store.begin(first))
    #expect(try !store.begin(second), "the first is reading what the second needs")
    _ = try read(first)
    #expect(try store.begin(second))
    #expect(second.cache.length == 70)
    let found = try read(second)
    let whole = try withoutGradients { try model.forward([(second.prompt, model.makeCache(capacity: 100))]) }
    #expect(try distance(found, whole[70..<100]) < 1e-4)
    // What ended is kept, and gives its rows when they are needed.
    store.end(first)
    let again = try #require(try store.lease(prompt(100), limit: 8))
    #expect(try store.begin(again))
    #expect(again.cache.length == 99)
  }

  @Test func theBudgetHolds() throws {
    let store = store(rows: 300)
    let first = try #require(try store.lease(prompt(100), limit: 100))
    #expect(try store.lease(prompt(100, differentFrom: 0), limit: 50) == nil)
    let error = #expect(throws: LlamaError.self) { try store.lease(prompt(100), limit: 201) }
    #expect(error?.code == .memory)
    #expect(try store.begin(first))
    _ = try read(first)
    store.end(first)
    let all = try #require(try store.lease(prompt(200, differentFrom: 0), limit: 100))
    #expect(try store.begin(all))
    #expect(all.cache.length == 0)
    store.end(all)
    #expect(store.byteCounts.used == 0, "nothing of it was read")
  }

  /// Stretches of a pool come from its free rows and go back to them.
  @Test func stretchesOfAPool() throws {
    let pool = try KVPool(model.configuration, rows: 100, dtype: .float32, device: .cpu)
    var taken: [Range<Int>] = []
    for _ in 0..<2_000 {
      if Bool.random(), let rows = pool.allocate(.random(in: 1..<40)) {
        #expect(taken.allSatisfy { !$0.overlaps(rows) } && rows.upperBound <= 100)
        taken.append(rows)
      } else if let place = taken.indices.randomElement() {
        pool.free(taken.remove(at: place))
      }
    }
    for rows in taken { pool.free(rows) }
    #expect(pool.isUnused)
  }
}
