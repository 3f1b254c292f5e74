import ModelFiles
import Torch

/// Keys and values of many sequences in blocks of positions, so that sequences can share beginnings and grow without
/// moving. Used on a CPU.
///
/// Memory: pages are touched only as blocks are first filled; what was freed last is used again first.
final class KVBlocks: @unchecked Sendable {
  // One thread at a time uses a store and its caches.

  /// Positions of a block.
  static let size = BlockPlan.blockSize

  /// Of each layer: keys and values in the shapes that ``BlockPlan`` names.
  private(set) var layers: [(keys: Tensor, values: Tensor)]
  /// Blocks there is room for.
  private(set) var capacity: Int
  /// Whether the store makes room for itself when it is full.
  let grows: Bool
  /// Most blocks that were in use at once.
  private(set) var mostUsed = 0
  private var freed: [Int32] = []
  /// Blocks from here on were never used.
  private var firstFresh = 0

  /// - Parameter grows: false: the capacity is all there is.
  init(_ configuration: LlamaConfiguration, capacity: Int, grows: Bool, dtype: DType) throws {
    self.capacity = capacity
    self.grows = grows
    let (groups, dimension) = (configuration.keyValueHeadCount, configuration.headDimension)
    layers = try (0..<configuration.layerCount).map { _ in
      (
        try Tensor.empty(BlockPlan.keyShape(blocks: capacity, groups: groups, dimension: dimension), dtype: dtype),
        try Tensor.empty(BlockPlan.valueShape(blocks: capacity, groups: groups, dimension: dimension), dtype: dtype)
      )
    }
  }

  /// Blocks that this many positions need.
  static func count(forPositions positions: Int) -> Int { (positions + size - 1) / size }

  /// Bytes of a block in all layers.
  static func byteCount(_ configuration: LlamaConfiguration, _ dtype: DType) -> Int {
    2 * configuration.layerCount * configuration.keyValueHeadCount * configuration.headDimension * size
      * dtype.byteWidth
  }

  /// Blocks that are in use.
  var usedCount: Int { firstFresh - freed.count }
  var freeCount: Int { capacity - usedCount }

  /// A block whose contents are anything; nil where none is free.
  func allocate() throws -> Int32? {
    defer { mostUsed = max(mostUsed, usedCount) }
    if let block = freed.popLast() { return block }
    if firstFresh == capacity, grows { try grow(to: max(1, 2 * capacity)) }
    guard firstFresh < capacity else { return nil }
    firstFresh += 1
    return Int32(firstFresh - 1)
  }

  func free(_ block: Int32) { freed.append(block) }

  /// Copies a block in all layers.
  func copy(_ source: Int32, to target: Int32) throws {
    for layer in layers {
      try layer.keys[Int(target)].copy(from: layer.keys[Int(source)])
      try layer.values[Int(target)].copy(from: layer.values[Int(source)])
    }
  }

  /// Makes room for more blocks, layer by layer, so that old and new stand side by side for one layer only.
  private func grow(to larger: Int) throws {
    func grown(_ old: Tensor) throws -> Tensor {
      let new = try Tensor.empty([larger] + old.shape.dropFirst(), dtype: old.dtype)
      if firstFresh > 0 { try new[0..<firstFresh].copy(from: old[0..<firstFresh]) }
      return new
    }
    for layer in layers.indices {
      layers[layer].keys = try grown(layers[layer].keys)
      layers[layer].values = try grown(layers[layer].values)
    }
    capacity = larger
  }
}
