import Torch

/// A part of a step's rows that belongs to one sequence.
struct Segment {
  let cache: KVCache
  let rows: Range<Int>

  /// Positions of the rows.
  var positions: Range<Int> { cache.length..<cache.length + rows.count }
}

/// How attention goes through the rows of a step: in runs of neighbouring sequences that share a store.
struct Step {
  private enum Run {
    case blocks(KVBlocks, rows: Range<Int>, BlockPlan)
    case pooled(KVPool, rows: Range<Int>, places: Tensor, PooledSequences)

    var rows: Range<Int> {
      switch self {
      case .blocks(_, let rows, _), .pooled(_, let rows, _, _): rows
      }
    }
  }

  private let runs: [Run]
  private let tables: RotaryEmbedding.Tables
  /// Of each row's position, for pools: [T, D/2].
  private let turns: RotaryEmbedding.Tables?

  init(_ segments: [Segment], rotary: RotaryEmbedding, device: Device) throws {
    let tables = try rotary.tables(forPositions: segments.map(\.positions.upperBound).max() ?? 0)
    func integers(_ values: [Int]) throws -> Tensor { try Tensor(values.map(Int64.init)).to(device: device) }
    var groups: [[Segment]] = []
    for segment in segments {
      if let last = groups.last?.last, last.cache.sharesStore(with: segment.cache) {
        groups[groups.count - 1].append(segment)
      } else {
        groups.append([segment])
      }
    }
    runs = try groups.map { members in
      let rows = members[0].rows.lowerBound..<members.last!.rows.upperBound
      switch members[0].cache.storage {
      case .blocks(let store, _):
        return .blocks(store, rows: rows, try BlockPlan(members.map(\.inBlocks), blockSize: KVBlocks.size))
      case .pooled(let pool, _):
        let starts = members.map(\.firstRowOfPool)
        return .pooled(
          pool, rows: rows,
          places: try integers(zip(members, starts).flatMap { segment, start in segment.positions.map { start + $0 } }),
          try PooledSequences(
            zip(members, starts).map { segment, start in
              .init(rows: segment.rows.count, start: start, length: segment.positions.upperBound)
            }, device: device))
      }
    }
    var needsTurns = false
    for case .pooled in runs { needsTurns = true }
    self.tables = tables
    let positions = needsTurns ? try integers(segments.flatMap(\.positions)) : nil
    turns = try positions.map {
      RotaryEmbedding.Tables(cosine: try tables.cosine.selecting($0), sine: try tables.sine.selecting($0))
    }
  }

  /// - Parameter joined: queries, keys and values side by side, [T, (Hq + 2·Hkv)·D]; overwritten.
  /// - Returns: [T, Hq·D]
  func attention(_ joined: Tensor, layer: Int, scale: Double) throws -> Tensor {
    let mixed = try runs.map { run -> Tensor in
      let own = try runs.count == 1 ? joined : joined[run.rows]
      switch run {
      case .blocks(let store, _, let plan):
        let (keys, values) = store.layers[layer]
        return try own.blockAttention(
          plan, cosine: tables.cosine, sine: tables.sine, keys: keys, values: values, scale: scale)
      case .pooled(let pool, let rows, let places, let sequences):
        let (layer, width) = (pool.layers[layer], joined.size(1))
        let keysAndValues = layer.size(1)
        try own.rotateInPlace(
          heads: (width - keysAndValues / 2) / pool.headDimension, cosine: turns!.cosine[rows],
          sine: turns!.sine[rows])
        try layer.setRows(own.sliced(width - keysAndValues..<width, dimension: 1), at: places)
        return try own.sliced(0..<width - keysAndValues, dimension: 1)
          .pooledAttention(pool: layer, groups: pool.groups, sequences, scale: scale)
      }
    }
    return try mixed.count == 1 ? mixed[0] : Tensor.concatenate(mixed)
  }
}

extension Segment {
  fileprivate var inBlocks: BlockPlan.Sequence {
    guard case .blocks(_, let blocks) = cache.storage else { preconditionFailure("a cache in a pool") }
    return .init(
      rows: rows.count, start: positions.lowerBound,
      blocks: blocks[..<KVBlocks.count(forPositions: positions.upperBound)])
  }

  fileprivate var firstRowOfPool: Int {
    guard case .pooled(_, let rows) = cache.storage else { preconditionFailure("a cache in blocks") }
    return rows.lowerBound
  }
}

extension KVCache {
  fileprivate func sharesStore(with other: KVCache) -> Bool {
    switch (storage, other.storage) {
    case (.blocks(let own, _), .blocks(let others, _)): own === others
    case (.pooled(let own, _), .pooled(let others, _)): own === others
    default: false
    }
  }
}
