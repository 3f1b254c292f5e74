import ModelFiles
import Torch

/// Keys and values of one sequence for every layer.
///
/// Memory: 2 · layers · Hkv · D elements per position.
public final class KVCache: @unchecked Sendable {
  // One generation uses a cache at a time; nothing here is for two threads at once.

  /// Where the positions stand.
  enum Storage {
    /// In blocks of a store, in order. Those that other caches use, too, are full.
    case blocks(KVBlocks, [Int32])
    /// In these rows of a pool.
    case pooled(KVPool, rows: Range<Int>)
  }

  /// Positions filled.
  public internal(set) var length = 0
  var storage: Storage

  init(_ storage: Storage) { self.storage = storage }

  /// Positions there is room for.
  public var capacity: Int {
    switch storage {
    case .blocks(_, let blocks): blocks.count * KVBlocks.size
    case .pooled(_, let rows): rows.count
    }
  }

  /// Makes room for `count` more positions.
  /// - Throws: `LlamaError` of code `.memory` where the store has no more.
  func reserve(_ count: Int) throws {
    let needed = length + count
    guard needed > capacity else { return }
    guard case .blocks(let store, var blocks) = storage else {
      throw LlamaError(.memory, "found \(needed) positions, expected at most the \(capacity) that were asked for")
    }
    while blocks.count * KVBlocks.size < needed {
      guard let block = try store.allocate() else {
        throw LlamaError(.memory, "found no more room for keys and values at position \(needed)")
      }
      blocks.append(block)
    }
    storage = .blocks(store, blocks)
  }

  /// The layers have written `count` new positions.
  func advance(_ count: Int) { length += count }
}
