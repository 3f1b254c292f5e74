import Generation
import TensorTestSupport
import TestSupport
import Testing
import Torch

@testable import Llama

/// What requests share of their beginnings, and what becomes of the room.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct BlockStoreTests {
  private let model: LlamaModel

  init() throws { model = try Golden.tinyLlama("untied") }

  private var blockBytes: Int { KVBlocks.byteCount(model.configuration, model.dtype) }

  private func store(blocks: Int) throws -> BlockStore {
    try BlockStore(model.configuration, dtype: model.dtype, byteBudget: blocks * blockBytes)
  }

  private func prompt(_ count: Int, differentFrom place: Int = .max, by difference: Int = 1) -> [Int] {
    (0..<count).map { ($0 * 37 + ($0 >= place ? difference : 0)) % 512 }
  }

  /// Reads what is left of a prompt.
  private func read(_ lease: KVLease, in store: BlockStore) throws {
    let rest = Array(lease.prompt[lease.cache.length...])
    try store.extend(lease, by: rest.count)
    _ = try withoutGradients { try model.forward([(rest, lease.cache)]) }
    store.didRead(lease)
  }

  private func begun(_ prompt: [Int], limit: Int = 8, in store: BlockStore) throws -> KVLease {
    let lease = try #require(try store.lease(prompt, limit: limit))
    #expect(try store.begin(lease))
    return lease
  }

  @Test func wholeBlocksAreSharedAndTheRestIsCopied() throws {
    let store = try store(blocks: 64)
    let first = try begun(prompt(100), in: store)
    #expect(first.cache.length == 0 && first.cache.blocks.count == 4)
    try read(first, in: store)
    // The same prompt: all but the last token is known.
    let same = try begun(prompt(100), in: store)
    #expect(same.cache.length == 99)
    #expect(same.cache.blocks.prefix(3).elementsEqual(first.cache.blocks.prefix(3)))
    #expect(Set(same.cache.blocks).intersection(first.cache.blocks).count == 3)
    // One that parts inside the second block, and one that has nothing in common.
    let parting = try begun(prompt(100, differentFrom: 50), in: store)
    #expect(parting.cache.length == 50 && parting.cache.blocks[0] == first.cache.blocks[0])
    #expect(parting.cache.blocks[1] != first.cache.blocks[1])
    #expect(try begun(prompt(40, differentFrom: 0), in: store).cache.length == 0)
    // A multiple of a block: the last token is still read.
    let whole = try begun(prompt(96), in: store)
    #expect(whole.cache.length == 95)
  }

  /// What is taken over is what would have been read, and what follows does not show in it.
  @Test func takenBeginningsAreThoseThatWereRead() throws {
    let store = try store(blocks: 64)
    let first = try begun(prompt(100), in: store)
    try read(first, in: store)
    func next(_ lease: KVLease, _ tokens: [Int]) throws -> [Float] {
      try store.extend(lease, by: tokens.count)
      return try withoutGradients { try model.forward([(tokens, lease.cache)]).to(.float32).floats() }
    }
    let (one, two) = (prompt(120, differentFrom: 70), prompt(120, differentFrom: 70, by: 2))
    let (oneLease, twoLease) = (try begun(one, in: store), try begun(two, in: store))
    #expect(oneLease.cache.length == 70 && twoLease.cache.length == 70)
    let found = [try next(oneLease, Array(one[70...])), try next(twoLease, Array(two[70...]))]
    for (tokens, found) in zip([one, two], found) {
      let whole = try withoutGradients {
        try model.forward([(tokens, model.makeCache(capacity: 120))])[70..<120].to(.float32)
      }
      #expect(try distance(Tensor(found, shape: whole.shape), whole) < 1e-4)
    }
  }

  @Test func whatIsBeingReadIsWaitedFor() throws {
    let store = try store(blocks: 64)
    let first = try begun(prompt(100), in: store)
    let second = try #require(try store.lease(prompt(100, differentFrom: 90), limit: 8))
    #expect(try !store.begin(second), "the first is reading what the second needs")
    try read(first, in: store)
    #expect(try store.begin(second))
    #expect(second.cache.length == 90)
    // What was never read is forgotten with its request.
    let third = try begun(prompt(100, differentFrom: 3), in: store)
    let fourth = try #require(try store.lease(prompt(100, differentFrom: 3), limit: 8))
    #expect(try !store.begin(fourth))
    store.end(third)
    #expect(try store.begin(fourth))
    #expect(fourth.cache.length == 3)
  }

  /// A few tokens in common are not worth a step of waiting.
  @Test func littleIsNotWaitedFor() throws {
    let store = try store(blocks: 64)
    _ = try begun(prompt(100), in: store)
    let other = try begun(prompt(100, differentFrom: tokensWorthWaitingFor - 1), in: store)
    #expect(other.cache.length == 0)
  }

  @Test func roomIsPromisedAndGivenBack() throws {
    let store = try store(blocks: 8)
    let first = try begun(prompt(100), limit: 60, in: store)  // 5 blocks, 4 of them for the prompt
    #expect(try store.lease(prompt(100, differentFrom: 0), limit: 60) == nil)
    try read(first, in: store)
    for _ in 0..<60 {
      try store.extend(first, by: 1)
      first.cache.advance(1)
    }
    #expect(first.cache.blocks.count == 5)
    store.end(first)
    #expect(store.byteCounts.used == 4 * blockBytes && store.byteCounts.most == 5 * blockBytes)
    // The prompt is kept until its room is needed.
    let again = try begun(prompt(100), limit: 1, in: store)
    #expect(again.cache.length == 99)
    store.end(again)
    let large = try begun(prompt(200, differentFrom: 0), limit: 56, in: store)  // all 8
    try read(large, in: store)
    #expect(large.cache.blocks.count == 7 && Set(large.cache.blocks).count == 7)
    store.end(large)
    // As much of it was evicted as was needed, from its end.
    #expect(try begun(prompt(100), in: store).cache.length == KVBlocks.size)
  }

  @Test func whatNeverFitsIsAnError() throws {
    let store = try store(blocks: 3)
    let error = #expect(throws: LlamaError.self) { try store.lease(prompt(90), limit: 7) }
    #expect(error?.code == .memory)
    #expect(try store.lease(prompt(90), limit: 6) != nil)
  }

  /// Many requests in a store that is always full: no block is ever in two hands, and none is lost.
  @Test func anyOrderOfRequests() throws {
    let store = try store(blocks: 24)
    var random = SystemRandomNumberGenerator()
    var leases: [KVLease] = []
    for _ in 0..<2_000 {
      let kind = Int.random(in: 0..<3, using: &random)
      if kind == 0,
        let lease = try store.lease(
          prompt(.random(in: 1..<200), differentFrom: .random(in: 0..<200), by: .random(in: 1..<4)), limit: 20)
      {
        leases.append(lease)
      } else if kind == 1, let lease = leases.randomElement() {
        if !lease.hasBegun, try !store.begin(lease) { continue }
        let rest = min(Int.random(in: 1..<100), lease.positions - lease.cache.length)
        try store.extend(lease, by: rest)
        lease.cache.advance(rest)
        store.didRead(lease)
      } else if kind == 2, let place = leases.indices.randomElement() {
        store.end(leases.remove(at: place))
      }
      var own: Set<Int32> = []
      for lease in leases {
        let shared = Set(lease.nodes.map(\.block))
        #expect(lease.cache.blocks.allSatisfy { shared.contains($0) || own.insert($0).inserted })
      }
      #expect(own.isDisjoint(with: leases.flatMap { $0.nodes.map(\.block) }))
    }
    for lease in leases { store.end(lease) }
    let all = try begun(prompt(24 * 32 - 8, differentFrom: 0, by: 9), in: store)
    #expect(all.cache.blocks.count == 24)
  }
}
