/// Memory for the keys and values of requests, within a budget, that knows what was read before.
///
/// One thread at a time uses a store.
protocol KVStore: AnyObject {
  /// Room for a prompt and what is written after it; nil while others have it.
  /// - Throws: `LlamaError` of code `.memory` where it is more than the whole budget.
  func lease(_ prompt: [Int], limit: Int) throws -> KVLease?
  /// Takes over what is known of the prompt's beginning, all but its last token at most.
  /// - Returns: false while another lease is reading more of it: ask again after the next step.
  func begin(_ lease: KVLease) throws -> Bool
  /// Makes room for new positions of a lease that has begun; it was promised.
  func extend(_ lease: KVLease, by count: Int) throws
  /// The new positions of a lease hold what they should.
  func didRead(_ lease: KVLease)
  /// The request has ended. What was read of its prompt stays as long as there is room.
  func end(_ lease: KVLease)
  /// Bytes in use, what is kept for later included, and the most that were.
  var byteCounts: (used: Int, most: Int) { get }
}

/// The room that one request has.
final class KVLease {
  let prompt: [Int]
  /// Positions of the prompt and of what may be written after it.
  let positions: Int
  let cache: KVCache
  /// Whether the reading of the prompt may go on.
  var hasBegun = false
  /// What of the cache's beginning is in the tree of a ``BlockStore``.
  var nodes: [BeginningTree.Node] = []
  /// Blocks that a ``BlockStore`` still owes.
  var owedBlocks = 0

  init(prompt: [Int], positions: Int, cache: KVCache) {
    self.prompt = prompt
    self.positions = positions
    self.cache = cache
  }
}

/// A beginning that another request is reading is waited for where it saves so many tokens more than what is known.
let tokensWorthWaitingFor = 16

/// How many tokens two stretches have in common at their beginning.
func commonCount(_ a: ArraySlice<Int>, _ b: some Collection<Int>) -> Int {
  zip(a, b).prefix { $0 == $1 }.count
}
