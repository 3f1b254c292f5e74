import ModelFiles
import Torch

/// Keys and values of several sequences in one tensor per layer, a sequence's positions one after the other, so that
/// one call of the library serves all of them. Used on a GPU.
final class KVPool: @unchecked Sendable {
  // One thread at a time uses a pool and its caches.

  /// [rows, 2·Hkv·D]: of each position its keys, then its values.
  let layers: [Tensor]
  /// Hkv
  let groups: Int
  /// D
  let headDimension: Int
  /// Rows that no cache has, in order and without neighbours.
  private var free: [Range<Int>]

  init(_ configuration: LlamaConfiguration, rows: Int, dtype: DType, device: Device) throws {
    groups = configuration.keyValueHeadCount
    headDimension = configuration.headDimension
    let shape = [rows, 2 * groups * headDimension]
    layers = try (0..<configuration.layerCount).map { _ in try Tensor.empty(shape, dtype: dtype, device: device) }
    free = rows > 0 ? [0..<rows] : []
  }

  var rows: Int { layers[0].size(0) }
  var isUnused: Bool { free == [0..<rows] }

  /// The first stretch of free rows that is long enough; nil where there is none.
  func allocate(_ count: Int) -> Range<Int>? {
    guard count > 0, let place = free.firstIndex(where: { $0.count >= count }) else { return nil }
    let found = free[place].lowerBound..<free[place].lowerBound + count
    if found.upperBound == free[place].upperBound {
      free.remove(at: place)
    } else {
      free[place] = found.upperBound..<free[place].upperBound
    }
    return found
  }

  func free(_ rows: Range<Int>) {
    let place = free.firstIndex { $0.lowerBound >= rows.upperBound } ?? free.endIndex
    free.insert(rows, at: place)
    if place + 1 < free.count, free[place + 1].lowerBound == rows.upperBound {
      free[place] = rows.lowerBound..<free.remove(at: place + 1).upperBound
    }
    if place > 0, free[place - 1].upperBound == rows.lowerBound {
      free[place - 1] = free[place - 1].lowerBound..<free.remove(at: place).upperBound
    }
  }

  /// Copies keys and values of all layers from rows of a pool of the same model.
  func copy(_ source: Range<Int>, of other: KVPool, to start: Int) throws {
    for (new, old) in zip(layers, other.layers) {
      try new[start..<start + source.count].copy(from: old[source])
    }
  }
}
