import ModelFiles
import Torch

/// Keys and values in blocks that requests with the same beginning share. Used on a CPU.
///
/// Whole blocks are shared as they are. Where two prompts part inside a block, what they have in common is copied.
final class BlockStore: KVStore {
  private let blocks: KVBlocks
  private let blockBytes: Int
  private let tree = BeginningTree()
  /// Blocks that leases may still ask for.
  private var owed = 0

  /// - Parameter byteBudget: for keys and values; a block at least.
  init(_ configuration: LlamaConfiguration, dtype: DType, byteBudget: Int) throws {
    blockBytes = KVBlocks.byteCount(configuration, dtype)
    blocks = try KVBlocks(
      configuration, capacity: min(max(1, byteBudget / blockBytes), Int(Int32.max)), grows: false, dtype: dtype)
  }

  var byteCounts: (used: Int, most: Int) { (blocks.usedCount * blockBytes, blocks.mostUsed * blockBytes) }

  func lease(_ prompt: [Int], limit: Int) throws -> KVLease? {
    let needed = KVBlocks.count(forPositions: prompt.count + limit)
    guard needed <= blocks.capacity else {
      throw memoryError(
        positions: prompt.count + limit, bytes: needed * blockBytes, budget: blocks.capacity * blockBytes)
    }
    guard blocks.freeCount + tree.idleCount - owed >= needed else { return nil }
    owed += needed
    let lease = KVLease(
      prompt: prompt, positions: prompt.count + limit, cache: KVCache(.blocks(blocks, [])))
    lease.owedBlocks = needed
    return lease
  }

  func begin(_ lease: KVLease) throws -> Bool {
    let (size, prompt) = (KVBlocks.size, lease.prompt)
    // The last token is always read: the first new one is chosen from its logits.
    let usable = prompt.count - 1
    while true {
      let place = lease.nodes.count * size
      let parent = lease.nodes.last ?? tree.root
      let rest = prompt[place..<min(place + size, usable)]
      if let (child, common) = tree.bestChild(of: parent, for: rest) {
        let read = child.isRead ? (child, common) : tree.bestReadChild(of: parent, for: rest)
        if common - (read?.common ?? 0) >= tokensWorthWaitingFor { return false }
        if let (child, common) = read {
          if common == size {
            tree.use(child)
            take(child.block, for: lease)
            lease.nodes.append(child)
            lease.cache.length = place + size
            continue
          }
          // The copy's source must not go while a block is made free for it.
          tree.use(child)
          defer { tree.release(child) }
          if blocks.freeCount + tree.idleCount > 0 {
            try blocks.copy(child.block, to: allocate(for: lease))
            lease.cache.length = place + common
          }
        }
      }
      try insertRest(of: lease)
      lease.hasBegun = true
      return true
    }
  }

  /// Gives the rest of a prompt its blocks, and tells the tree what will be in them.
  private func insertRest(of lease: KVLease) throws {
    let (size, prompt) = (KVBlocks.size, lease.prompt)
    var parent: BeginningTree.Node? = lease.nodes.last ?? tree.root
    var place = lease.nodes.count * size
    while place < prompt.count {
      let index = place / size
      let block = try index < lease.cache.blocks.count ? lease.cache.blocks[index] : allocate(for: lease)
      // An array of its own: the slice would keep the whole prompt alive.
      let tokens = ArraySlice(Array(prompt[place..<min(place + size, prompt.count)]))
      if let under = parent {
        if under.children.contains(where: { $0.tokens == tokens }) {
          parent = nil  // another request's: from here on the blocks are this request's own
        } else {
          let node = tree.insert(tokens, block: block, under: under)
          lease.nodes.append(node)
          parent = node
        }
      }
      place += size
    }
  }

  func extend(_ lease: KVLease, by count: Int) throws {
    let needed = KVBlocks.count(forPositions: lease.cache.length + count)
    while lease.cache.blocks.count < needed { _ = try allocate(for: lease) }
  }

  func didRead(_ lease: KVLease) {
    var end = 0
    for node in lease.nodes {
      end += node.tokens.count
      if end > lease.cache.length { break }
      node.isRead = true
    }
  }

  func end(_ lease: KVLease) {
    let (shared, own) = (lease.nodes, lease.cache.blocks.dropFirst(lease.nodes.count))
    for block in own { blocks.free(block) }
    for node in shared.reversed() {
      tree.release(node)
      if !node.isRead {
        tree.remove(node)
        blocks.free(node.block)
      }
    }
    owed -= lease.owedBlocks
    lease.owedBlocks = 0
    lease.nodes = []
    lease.cache.storage = .blocks(blocks, [])
  }

  // MARK: Blocks

  /// Appends a block to a lease's.
  private func take(_ block: Int32, for lease: KVLease) {
    lease.cache.storage = .blocks(blocks, lease.cache.blocks + [block])
    lease.owedBlocks -= 1
    owed -= 1
  }

  private func allocate(for lease: KVLease) throws -> Int32 {
    if blocks.freeCount == 0 { evict() }
    guard lease.owedBlocks > 0, let block = try blocks.allocate() else {
      throw LlamaError(.memory, "found no free block of keys and values, though one was promised")
    }
    take(block, for: lease)
    return block
  }

  /// Frees blocks that are kept for later, several at a time because finding the oldest takes a walk over all.
  private func evict() {
    for node in tree.oldest(max(16, tree.idleCount / 8)) {
      tree.remove(node)
      blocks.free(node.block)
    }
  }
}

extension KVCache {
  /// The blocks of its positions; none where it is in a pool.
  var blocks: [Int32] { if case .blocks(_, let blocks) = storage { blocks } else { [] } }
}

/// What a request that can never be admitted is told.
func memoryError(positions: Int, bytes: Int, budget: Int) -> LlamaError {
  func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
  return LlamaError(
    .memory,
    "found a request of \(positions) tokens, whose keys and values need \(mebibytes(bytes)), expected at most the "
      + "\(mebibytes(budget)) that are set aside for them: give them more memory, or ask for fewer tokens")
}
