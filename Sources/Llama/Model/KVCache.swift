import ModelFiles
import Torch

/// Keys and values of one sequence for every layer.
///
/// Memory: 2 · layers · Hkv · D elements per position; pages are touched only as positions are filled.
public final class KVCache: @unchecked Sendable {
  // One generation uses a cache at a time; nothing here is for two threads at once.

  /// Positions filled.
  public private(set) var length = 0
  /// Positions there is room for.
  public private(set) var capacity: Int
  /// Per layer: [Hkv, capacity, D].
  private(set) var keys: [Tensor]
  private(set) var values: [Tensor]

  init(_ configuration: LlamaConfiguration, capacity: Int, dtype: DType, device: Device) throws {
    self.capacity = capacity
    let shape = [configuration.keyValueHeadCount, capacity, configuration.headDimension]
    keys = try (0..<configuration.layerCount).map { _ in try Tensor.empty(shape, dtype: dtype, device: device) }
    values = try (0..<configuration.layerCount).map { _ in try Tensor.empty(shape, dtype: dtype, device: device) }
  }

  /// Makes room for `count` more positions, at least doubling when there is none.
  func reserve(_ count: Int) throws {
    let needed = length + count
    guard needed > capacity else { return }
    let larger = max(needed, 2 * capacity)
    func grown(_ old: Tensor) throws -> Tensor {
      let new = try Tensor.empty([old.size(0), larger, old.size(2)], dtype: old.dtype, device: old.device)
      try new.sliced(0..<length, dimension: 1).copy(from: old.sliced(0..<length, dimension: 1))
      return new
    }
    // Layer by layer, so that old and new stand side by side for one layer only.
    for layer in keys.indices {
      keys[layer] = try grown(keys[layer])
      values[layer] = try grown(values[layer])
    }
    capacity = larger
  }

  /// Appends what another cache of the same model holds.
  func append(_ other: KVCache) throws {
    try reserve(other.length)
    let new = length..<length + other.length
    for layer in keys.indices {
      try keys[layer].sliced(new, dimension: 1).copy(from: other.keys[layer].sliced(0..<other.length, dimension: 1))
      try values[layer].sliced(new, dimension: 1).copy(from: other.values[layer].sliced(0..<other.length, dimension: 1))
    }
    advance(other.length)
  }

  /// A cache of its own with the same positions, and no room for more.
  func copy() throws -> KVCache {
    func filled(_ tensors: [Tensor]) throws -> [Tensor] {
      try tensors.map { old in
        let new = try Tensor.empty([old.size(0), length, old.size(2)], dtype: old.dtype, device: old.device)
        try new.copy(from: old.sliced(0..<length, dimension: 1))
        return new
      }
    }
    return KVCache(length: length, keys: try filled(keys), values: try filled(values))
  }

  private init(length: Int, keys: [Tensor], values: [Tensor]) {
    self.length = length
    capacity = length
    self.keys = keys
    self.values = values
  }

  /// The layers have written `count` new positions.
  func advance(_ count: Int) { length += count }
}
