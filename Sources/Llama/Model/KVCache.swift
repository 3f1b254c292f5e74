import ModelFiles
import Torch

/// Keys and values of one sequence for every layer.
///
/// Memory: 2 · layers · Hkv · D elements per position. On a CPU pages are touched only as positions are filled.
public final class KVCache: @unchecked Sendable {
  // One generation uses a cache at a time; nothing here is for two threads at once.

  /// Where the positions stand.
  enum Storage {
    /// In tensors of their own, per layer: [Hkv, capacity, D].
    case own(keys: [Tensor], values: [Tensor])
    /// From row `start` of a pool on.
    case pooled(KVPool, start: Int)
  }

  /// Positions filled.
  public private(set) var length = 0
  /// Positions there is room for.
  public private(set) var capacity: Int
  private(set) var storage: Storage
  private let layerCount: Int

  init(_ configuration: LlamaConfiguration, capacity: Int, dtype: DType, device: Device) throws {
    self.capacity = capacity
    layerCount = configuration.layerCount
    let shape = [configuration.keyValueHeadCount, capacity, configuration.headDimension]
    func tensors() throws -> [Tensor] {
      try (0..<configuration.layerCount).map { _ in try Tensor.empty(shape, dtype: dtype, device: device) }
    }
    storage = .own(keys: try tensors(), values: try tensors())
  }

  /// A cache of the rows `start` ..< `start` + `capacity` of a pool.
  init(in pool: KVPool, start: Int, capacity: Int) {
    self.capacity = capacity
    layerCount = pool.layers.count
    storage = .pooled(pool, start: start)
  }

  /// Keys and values of a layer at these positions: views, [Hkv, positions, D].
  func entries(_ layer: Int, _ positions: Range<Int>) throws -> (keys: Tensor, values: Tensor) {
    switch storage {
    case .own(let keys, let values):
      if positions == 0..<capacity { return (keys[layer], values[layer]) }
      return (
        try keys[layer].sliced(positions, dimension: 1), try values[layer].sliced(positions, dimension: 1)
      )
    case .pooled(let pool, let start):
      return try pool.entries(layer, start + positions.lowerBound..<start + positions.upperBound)
    }
  }

  /// Makes room for `count` more positions, at least doubling when there is none.
  func reserve(_ count: Int) throws {
    let needed = length + count
    guard needed > capacity else { return }
    let larger = max(needed, 2 * capacity)
    switch storage {
    case .own(var keys, var values):
      func grown(_ old: Tensor) throws -> Tensor {
        let new = try Tensor.empty([old.size(0), larger, old.size(2)], dtype: old.dtype, device: old.device)
        try new.sliced(0..<length, dimension: 1).copy(from: old.sliced(0..<length, dimension: 1))
        return new
      }
      // Layer by layer, so that old and new stand side by side for one layer only.
      storage = .own(keys: [], values: [])
      defer { storage = .own(keys: keys, values: values) }
      for layer in keys.indices {
        keys[layer] = try grown(keys[layer])
        values[layer] = try grown(values[layer])
      }
    case .pooled(let pool, _):
      let grown = KVCache(in: try KVPool(like: pool, rows: larger), start: 0, capacity: larger)
      try grown.append(self)
      storage = grown.storage
    }
    capacity = larger
  }

  /// Appends what another cache of the same model holds.
  func append(_ other: KVCache) throws {
    try reserve(other.length)
    for layer in 0..<layerCount {
      let new = try entries(layer, length..<length + other.length)
      let old = try other.entries(layer, 0..<other.length)
      try new.keys.copy(from: old.keys)
      try new.values.copy(from: old.values)
    }
    advance(other.length)
  }

  /// A cache with the same positions in tensors of its own, and no room for more.
  func copy() throws -> KVCache {
    let all = try (0..<layerCount).map { layer in
      let old = try entries(layer, 0..<length)
      return (keys: try old.keys.clone(), values: try old.values.clone())
    }
    return KVCache(length: length, keys: all.map(\.keys), values: all.map(\.values))
  }

  private init(length: Int, keys: [Tensor], values: [Tensor]) {
    self.length = length
    capacity = length
    layerCount = keys.count
    storage = .own(keys: keys, values: values)
  }

  /// The layers have written `count` new positions.
  func advance(_ count: Int) { length += count }
}

/// Keys and values of several sequences in one tensor per layer, so that one call serves all of them. Used on a GPU.
final class KVPool: Sendable {
  /// [rows, 2·Hkv·D]: of each position its keys, then its values.
  let layers: [Tensor]
  /// Hkv
  let groups: Int
  /// D
  let headDimension: Int

  init(_ configuration: LlamaConfiguration, rows: Int, dtype: DType, device: Device) throws {
    groups = configuration.keyValueHeadCount
    headDimension = configuration.headDimension
    let shape = [rows, 2 * groups * headDimension]
    layers = try (0..<configuration.layerCount).map { _ in try Tensor.empty(shape, dtype: dtype, device: device) }
  }

  /// An empty pool for the same model.
  init(like other: KVPool, rows: Int) throws {
    groups = other.groups
    headDimension = other.headDimension
    layers = try other.layers.map { try Tensor.empty([rows, $0.size(1)], dtype: $0.dtype, device: $0.device) }
  }

  /// Keys and values of a layer in these rows: views, [Hkv, rows, D].
  func entries(_ layer: Int, _ rows: Range<Int>) throws -> (keys: Tensor, values: Tensor) {
    let heads = try layers[layer][rows].reshaped([rows.count, 2, groups, headDimension]).permuted([1, 2, 0, 3])
    return (try heads[0], try heads[1])
  }
}
