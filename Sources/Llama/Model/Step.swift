import Torch

/// A part of a step's rows that belongs to one sequence.
struct Segment {
  let cache: KVCache
  let rows: Range<Int>

  /// Positions of the rows.
  var positions: Range<Int> { cache.length..<cache.length + rows.count }
}

/// How attention goes through the rows of a step.
enum Step {
  /// Sequence by sequence.
  case apart(StepApart)
  /// All sequences of a pool together.
  case pooled(PooledStep)

  init(_ segments: [Segment], rotary: RotaryEmbedding, device: Device) throws {
    let tables = try rotary.tables(forPositions: segments.map(\.positions.upperBound).max() ?? 0)
    self =
      if let step = try PooledStep(segments, tables, device) { .pooled(step) } else {
        .apart(StepApart(segments: segments, rotary: tables))
      }
  }
}

/// What a CPU runs: each sequence's rows are rotated, cached and mixed by themselves.
struct StepApart {
  let segments: [Segment]
  let rotary: RotaryEmbedding.Tables

  /// - Parameter parts: queries [T, Hq·D], keys and values [T, Hkv·D].
  /// - Returns: [T, Hq·D]
  func attention(_ parts: [Tensor], layer: Int, scale: Double) throws -> Tensor {
    let mixed = try segments.map { segment -> Tensor in
      let rows = segments.count == 1 ? parts : try parts.map { try $0[segment.rows] }
      let cache = segment.cache
      let (keys, values) = try cache.entries(layer, 0..<cache.capacity)
      let queries = try Tensor.rotateAndCache(
        queries: rows[0], keys: rows[1], values: rows[2], cosine: rotary.cosine, sine: rotary.sine,
        start: cache.length, keyCache: keys, valueCache: values)  // [Hq, T, D]
      return try queries.cachedAttention(
        keyCache: keys, valueCache: values, length: segment.positions.upperBound, scale: scale)  // [T, Hq·D]
    }
    return try mixed.count == 1 ? mixed[0] : Tensor.concatenate(mixed)
  }
}

/// What a GPU runs: as many calls for all sequences of a pool as for one.
struct PooledStep {
  /// Neighbouring sequences whose caches are in one pool.
  private struct Run {
    let pool: KVPool
    let rows: Range<Int>
    /// Where each row's keys and values go, int64 [rows].
    let places: Tensor
    let sequences: PooledSequences
  }

  private let runs: [Run]
  /// Of each row's position: [T, D/2].
  private let cosine: Tensor
  private let sine: Tensor

  /// Nil where a cache is not in a pool.
  init?(_ segments: [Segment], _ tables: RotaryEmbedding.Tables, _ device: Device) throws {
    var groups: [(pool: KVPool, members: [(segment: Segment, start: Int)])] = []
    for segment in segments {
      guard case .pooled(let pool, let start) = segment.cache.storage else { return nil }
      if groups.last?.pool !== pool { groups.append((pool, [])) }
      groups[groups.count - 1].members.append((segment, start))
    }
    func integers(_ values: [Int]) throws -> Tensor { try Tensor(values.map(Int64.init)).to(device: device) }
    runs = try groups.map { pool, members in
      Run(
        pool: pool, rows: members[0].segment.rows.lowerBound..<members.last!.segment.rows.upperBound,
        places: try integers(members.flatMap { segment, start in segment.positions.map { start + $0 } }),
        sequences: try PooledSequences(
          members.map { segment, start in
            .init(rows: segment.rows.count, start: start, length: segment.positions.upperBound)
          }, device: device))
    }
    let positions = try integers(segments.flatMap(\.positions))
    cosine = try tables.cosine.selecting(positions)
    sine = try tables.sine.selecting(positions)
  }

  /// - Parameter joined: queries, keys and values side by side, [T, (Hq + 2·Hkv)·D]; overwritten.
  /// - Returns: [T, Hq·D]
  func attention(_ joined: Tensor, layer: Int, scale: Double) throws -> Tensor {
    let mixed = try runs.map { run -> Tensor in
      let rows = try runs.count == 1 ? joined : joined[run.rows]
      let (cosine, sine) = try runs.count == 1 ? (cosine, sine) : (cosine[run.rows], sine[run.rows])
      let (pool, width) = (run.pool.layers[layer], joined.size(1))
      let keysAndValues = pool.size(1)
      try rows.rotateInPlace(
        heads: (width - keysAndValues / 2) / run.pool.headDimension, cosine: cosine, sine: sine)
      try pool.setRows(rows.sliced(width - keysAndValues..<width, dimension: 1), at: run.places)
      return try rows.sliced(0..<width - keysAndValues, dimension: 1)
        .pooledAttention(pool: pool, groups: run.pool.groups, run.sequences, scale: scale)
    }
    return try mixed.count == 1 ? mixed[0] : Tensor.concatenate(mixed)
  }
}
