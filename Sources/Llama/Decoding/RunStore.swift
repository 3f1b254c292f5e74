import ModelFiles
import Torch

/// Keys and values of each request in one stretch of a pool, as the library's attention on a GPU wants them. What two
/// requests have in common at their beginning is computed once and copied.
///
/// Memory is taken from the device as it is needed, up to the budget, a pool at a time.
final class RunStore: KVStore {
  private let configuration: LlamaConfiguration
  private let dtype: DType
  private let device: Device
  private let budget: Int
  private var pools: [KVPool] = []
  private var active: [KVLease] = []
  /// Ended requests whose prompts are kept, the one that was used last at the end.
  private var kept: [KVLease] = []
  private var usedRows = 0
  private var mostUsedRows = 0

  /// Rows that a pool has at least.
  private static let leastRows = 8_192

  init(_ configuration: LlamaConfiguration, dtype: DType, device: Device, byteBudget: Int) {
    self.configuration = configuration
    self.dtype = dtype
    self.device = device
    budget = max(1, byteBudget / Self.rowBytes(configuration, dtype))
  }

  private static func rowBytes(_ configuration: LlamaConfiguration, _ dtype: DType) -> Int {
    KVBlocks.byteCount(configuration, dtype) / KVBlocks.size
  }

  var byteCounts: (used: Int, most: Int) {
    let bytes = Self.rowBytes(configuration, dtype)
    return (usedRows * bytes, mostUsedRows * bytes)
  }

  func lease(_ prompt: [Int], limit: Int) throws -> KVLease? {
    let needed = prompt.count + limit
    guard needed <= budget else {
      let bytes = Self.rowBytes(configuration, dtype)
      throw memoryError(positions: needed, bytes: needed * bytes, budget: budget * bytes)
    }
    guard let (pool, rows) = try room(needed) else { return nil }
    usedRows += rows.count
    mostUsedRows = max(mostUsedRows, usedRows)
    let lease = KVLease(prompt: prompt, positions: needed, cache: KVCache(.pooled(pool, rows: rows)))
    active.append(lease)
    return lease
  }

  /// Rows of a pool: free ones, or those of a new pool within the budget, or those of prompts that were kept.
  private func room(_ count: Int) throws -> (KVPool, Range<Int>)? {
    while true {
      for pool in pools {
        if let rows = pool.allocate(count) { return (pool, rows) }
      }
      let left = budget - pools.reduce(0) { $0 + $1.rows }
      if left >= count {
        pools.append(
          try KVPool(configuration, rows: min(left, max(count, Self.leastRows)), dtype: dtype, device: device))
      } else if !kept.isEmpty {
        free(kept.removeFirst())
        // A pool that nobody uses gives its memory back, so that a longer stretch can be made of it.
        pools.removeAll(where: \.isUnused)
      } else {
        return nil
      }
    }
  }

  func begin(_ lease: KVLease) throws -> Bool {
    let usable = lease.prompt.dropLast()
    var best: (lease: KVLease, count: Int)?
    var promised = 0
    for other in kept + active where other !== lease && other.prompt.first == lease.prompt.first {
      let common = commonCount(usable, other.prompt)
      let known = min(common, other.cache.length)
      if other.hasBegun { promised = max(promised, common) }
      if known > (best?.count ?? 0) { best = (other, known) }
    }
    if promised - (best?.count ?? 0) >= tokensWorthWaitingFor { return false }
    if let (other, count) = best {
      guard case .pooled(let source, let known) = other.cache.storage,
        case .pooled(let target, let own) = lease.cache.storage
      else { preconditionFailure("a cache of another kind of store") }
      try target.copy(known.lowerBound..<known.lowerBound + count, of: source, to: own.lowerBound)
      lease.cache.length = count
      if let place = kept.firstIndex(where: { $0 === other }) { kept.append(kept.remove(at: place)) }
    }
    lease.hasBegun = true
    return true
  }

  /// All rows were taken at the beginning.
  func extend(_ lease: KVLease, by count: Int) throws {}

  func didRead(_ lease: KVLease) {}

  func end(_ lease: KVLease) {
    active.removeAll { $0 === lease }
    guard case .pooled(let pool, let rows) = lease.cache.storage else { return }
    let read = min(lease.cache.length, lease.prompt.count)
    let own = rows.lowerBound..<rows.lowerBound + read
    lease.cache.length = read
    lease.cache.storage = .pooled(pool, rows: own)
    if own.upperBound < rows.upperBound { pool.free(own.upperBound..<rows.upperBound) }
    usedRows -= rows.count - read
    if read > 0 { kept.append(lease) }
  }

  private func free(_ lease: KVLease) {
    guard case .pooled(let pool, let rows) = lease.cache.storage else { return }
    pool.free(rows)
    usedRows -= rows.count
  }
}
