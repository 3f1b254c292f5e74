import Testing
import Torch

/// The fused operators, on every processor path, against the same formulas in float64.
@Suite struct FusedTests {
  let generator = try! Generator(seed: 3)

  func normal(_ shape: [Int], _ dtype: DType) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: generator).to(dtype)
  }

  /// In bfloat16 the own kernels round the normalised value before the product with the weight, as LlamaRMSNorm does.
  @Test(arguments: [DType.float32, .bfloat16, .float64], [1, 7, 300])
  func rmsNorm(_ dtype: DType, _ rows: Int) throws {
    let x = try normal([rows, 67], dtype)
    let weight = try normal([67], dtype)
    let squares = try (x.exact * x.exact).mean(-1, keepingDimension: true)
    let exact = try weight.exact * x.exact * (squares + 1e-5).reciprocalSquareRoot()
    try onEveryPath {
      try expectClose(
        x.rmsNorm(weight: weight, epsilon: 1e-5), exact, roundings: 2, float32Roundings: 67 / 2 + 6)
    }
  }

  /// e^x of the row kernels is good to 2 units in the last place, that is 4 roundings.
  @Test(arguments: [DType.float32, .bfloat16, .float64], [1, 300])
  func siluMultiply(_ dtype: DType, _ rows: Int) throws {
    let both = try normal([rows, 2 * 33], dtype) * 4
    let gate = try both.sliced(0..<33, dimension: 1)
    let up = try both.sliced(33..<66, dimension: 1)
    let exact = try gate.exact.silu() * up.exact
    try onEveryPath {
      try expectClose(gate.siluMultiply(up), exact, roundings: 2, float32Roundings: 8)
      try expectClose(gate.contiguous().siluMultiply(up), exact, roundings: 2, float32Roundings: 8)
    }
  }

  /// Below −87 the row kernels' e^x stays where it is: silu is then smaller than 10⁻³⁴ anyway.
  @Test func siluOfExtremeValues() throws {
    let x = try Tensor([-1000, -88, -20, 0, 20, 88, 1000] as [Float], shape: [1, 7])
    let bounds = try x.exact.silu().magnitude() * (10 * DType.float32.roundoff) + 1e-34
    try onEveryPath { try expectClose(x.siluMultiply(Tensor.ones([1, 7])), x.exact.silu(), within: bounds) }
  }

  /// Rotation and cached attention of a sequence that comes in pieces, against one plain causal attention.
  @Test(arguments: [DType.float32, .bfloat16, .float64], [[5], [1, 1, 1], [300], [130, 1, 70, 2]])
  func attentionInPieces(_ dtype: DType, _ pieces: [Int]) throws {
    let (heads, groups, dimension) = (6, 2, 16)
    let total = pieces.reduce(0, +)
    let capacity = total + 3
    let q = try normal([total, heads * dimension], dtype)
    let k = try normal([total, groups * dimension], dtype)
    let v = try normal([total, groups * dimension], dtype)
    let angles = try normal([capacity, dimension / 2], .float32)
    let (cosine, sine) = (try angles.cos(), try angles.sin())

    func rotate(_ x: Tensor, _ count: Int) throws -> Tensor {
      let headed = try x.exact.reshaped([total, count, dimension])  // [T, N, D]
      let first = try headed.sliced(0..<dimension / 2, dimension: 2)
      let second = try headed.sliced(dimension / 2..<dimension, dimension: 2)
      let c = try cosine.exact[0..<total].unsqueezed(1)
      let s = try sine.exact[0..<total].unsqueezed(1)
      return try Tensor.concatenate([first * c - second * s, second * c + first * s], dimension: 2)
        .transposed(0, 1).unsqueezed(0)  // [1, N, T, D]
    }
    let values = try v.exact.reshaped([total, groups, dimension]).transposed(0, 1).unsqueezed(0)
    let exact = try rotate(q, heads)
      .attention(keys: rotate(k, groups), values: values, causal: true)
      .squeezed(0).transposed(0, 1).reshaped([total, heads * dimension])
    // Queries, keys, scores, probabilities and outputs are rounded in bfloat16, each by half a unit at most; scores
    // reach 4 here, and an error of theirs is one of the probability. In float32 the rotation is rounded, whatever the
    // dtype.
    let limit = dtype == .bfloat16 ? 7.5 * dtype.roundoff : 16 * 5 * DType.float32.roundoff
    let bounds = try exact.magnitude().maximum(Tensor.ones([1]).exact) * limit

    try onEveryPath {
      let keyCache = try Tensor.full([groups, capacity, dimension], .nan, dtype: dtype)
      let valueCache = try Tensor.full([groups, capacity, dimension], .nan, dtype: dtype)
      var outputs: [Tensor] = []
      var start = 0
      for count in pieces {
        let rows = start..<start + count
        let rotated = try Tensor.rotateAndCache(
          queries: q[rows], keys: k[rows], values: v[rows], cosine: cosine, sine: sine, start: start,
          keyCache: keyCache, valueCache: valueCache)
        #expect(rotated.shape == [heads, count, dimension])
        start += count
        outputs.append(
          try rotated.cachedAttention(
            keyCache: keyCache, valueCache: valueCache, length: start, scale: 1 / Double(dimension).squareRoot()))
      }
      let found = try Tensor.concatenate(outputs)
      #expect(found.dtype == dtype)
      try expectClose(found, exact, within: bounds)
    }
  }

  /// Sequences of different lengths in one pool, whose other rows hold no numbers, against one plain causal attention
  /// of each.
  @Test(arguments: [DType.float32, .bfloat16, .float64])
  func attentionInAPool(_ dtype: DType) throws {
    let (heads, groups, dimension) = (6, 2, 16)
    // Rows of each step; the sequences stand in the pool in another order, with room between them.
    let steps = [[70, 1, 3], [1, 1, 1], [2, 40, 1]]
    let starts = [60, 0, 140]
    let pool = try Tensor.full([150, 2 * groups * dimension], .nan, dtype: dtype)
    let totals = (0..<3).map { sequence in steps.reduce(0) { $0 + $1[sequence] } }
    let queries = try totals.map { try normal([$0, heads * dimension], dtype) }
    let entries = try totals.map { try normal([$0, 2 * groups * dimension], dtype) }
    func headed(_ x: Tensor, _ count: Int) throws -> Tensor {
      try x.exact.reshaped([x.size(0), count, dimension]).transposed(0, 1).unsqueezed(0)
    }
    let scale = 1 / Double(dimension).squareRoot()
    let exact = try zip(queries, entries).map { queries, entries in
      let both = try headed(entries, 2 * groups)
      return try headed(queries, heads)
        .attention(
          keys: both.sliced(0..<groups, dimension: 1), values: both.sliced(groups..<2 * groups, dimension: 1),
          causal: true, scale: scale
        )
        .squeezed(0).transposed(0, 1).reshaped([queries.size(0), heads * dimension])
    }
    // As for the cache of one sequence, without the rotation.
    let limit = dtype == .bfloat16 ? 7.5 * dtype.roundoff : 16 * 4 * DType.float32.roundoff

    try onEveryPath {
      var lengths = [0, 0, 0]
      for step in steps {
        let rows = zip(lengths, step).map { $0..<$0 + $1 }
        for (sequence, rows) in rows.enumerated() {
          let places = rows.map { Int64(starts[sequence] + $0) }
          try pool.setRows(entries[sequence][rows], at: Tensor(places))
        }
        lengths = rows.map(\.upperBound)
        let sequences = try PooledSequences(
          zip(rows, starts).map { .init(rows: $0.count, start: $1, length: $0.upperBound) }, device: .cpu)
        let found = try Tensor.concatenate(zip(queries, rows).map { try $0[$1] })
          .pooledAttention(pool: pool, groups: groups, sequences, scale: scale)
        #expect(found.dtype == dtype)
        let expected = try Tensor.concatenate(zip(exact, rows).map { try $0[$1] })
        try expectClose(found, expected, within: expected.magnitude().maximum(Tensor.ones([1]).exact) * limit)
      }
    }
  }

  @Test func poolsAreNotOverrun() throws {
    let pool = try Tensor.zeros([4, 2 * 8])
    let queries = try Tensor.zeros([3, 8])
    for wrong in [(3, 2, 3), (3, 0, 2), (2, 0, 2), (3, -1, 3), (0, 0, 3), (3, Int(Int32.max), 3)] {
      #expect(throws: TorchError.self, "\(wrong)") {
        try queries.pooledAttention(
          pool: pool, groups: 1,
          PooledSequences([.init(rows: wrong.0, start: wrong.1, length: wrong.2)], device: .cpu), scale: 1)
      }
    }
    #expect(throws: TorchError.self) { try pool.setRows(Tensor.zeros([1, 2 * 8]), at: Tensor([4] as [Int64])) }
  }

  @Test func cachesAreNotOverrun() throws {
    let cache = try Tensor.zeros([1, 4, 8])
    let table = try Tensor.zeros([16, 4])
    let rows = try Tensor.zeros([3, 8])
    #expect(throws: TorchError.self) {
      try Tensor.rotateAndCache(
        queries: rows, keys: rows, values: rows, cosine: table, sine: table, start: 2, keyCache: cache,
        valueCache: cache)
    }
    #expect(throws: TorchError.self) {
      try Tensor.zeros([1, 1, 8]).cachedAttention(keyCache: cache, valueCache: cache, length: 5, scale: 1)
    }
  }

  /// Products of bfloat16 are exact in float32; of float32 they are rounded like the sums. The residual comes to the
  /// sum in float32, or, in the library's products, to the sum that is already rounded.
  @Test(arguments: [DType.float32, .bfloat16, .float64], [1, 2, 5, 8, 9, 40, 63, 65])
  func streamedLinear(_ dtype: DType, _ rows: Int) throws {
    for inner in [1, 31, 64, 100, 576] {
      let weight = try normal([37, inner], dtype)
      let x = try normal([rows, inner], dtype)
      let residual = try normal([rows, 37], dtype)
      let exact = try x.exact.linear(weight.exact)
      let sum = try exact + residual.exact
      let terms = try x.exact.magnitude().linear(weight.exact.magnitude())
      let allTerms = try terms + residual.exact.magnitude()
      let sumBounds =
        try (exact.magnitude() + sum.magnitude()) * (1.01 * dtype.roundoff)
        + allTerms * (Double(inner + 2) * DType.float32.roundoff) + 0x1p-126
      try onEveryPath {
        try expectClose(
          x.streamedLinear(weight), exact, roundings: 1, float32Roundings: inner + 1, of: terms, "inner \(inner)")
        try expectClose(
          x.streamedLinear(weight, adding: residual), sum, within: sumBounds, "inner \(inner), with a residual")
      }
    }
    #expect(throws: TorchError.self) { try normal([rows, 3], dtype).streamedLinear(normal([4, 5], dtype)) }
  }

  /// A sequence gets the same result alone and in company, on each of the own kernels.
  @Test(arguments: [1, 100, 576, 2_100]) func aStreamedRowDoesNotDependOnTheOthers(_ inner: Int) throws {
    let weight = try normal([37, inner], .bfloat16)
    let x = try normal([8, inner], .bfloat16)
    for paths in ProcessorPaths.runnable where paths.rowKernels == .own {
      try withProcessorPaths(paths) {
        let alone = try (0..<8).map { try x[$0..<$0 + 1].streamedLinear(weight).bytes() }
        for rows in 2...8 {
          let together = try x[0..<rows].streamedLinear(weight)
          for row in 0..<rows { #expect(try together[row..<row + 1].contiguous().bytes() == alone[row], "\(paths)") }
        }
      }
    }
  }

  @Test(arguments: [1, 4])
  func groupedQueryAttention(_ groups: Int) throws {
    let q = try normal([2, 4, 5, 8], .float32)
    let k = try normal([2, groups, 5, 8], .float32)
    let v = try normal([2, groups, 5, 8], .float32)
    let repeated = { (x: Tensor) in
      try x.exact.unsqueezed(2).expanded([2, groups, 4 / groups, 5, 8]).reshaped([2, 4, 5, 8])
    }
    let mask = try Tensor.ones([5, 5], dtype: .bool).lowerTriangle()
    let scores = try (q.exact.matmul(repeated(k).transposed()) / 8.0.squareRoot()).filling(
      mask.logicalNot(), with: -.infinity)
    let expected = try scores.softmax().matmul(repeated(v))
    let bounds = try expected.magnitude().maximum(Tensor.ones([1]).exact) * (8 * 2 * DType.float32.roundoff)
    try expectClose(q.attention(keys: k, values: v, causal: true), expected, within: bounds)
    try expectClose(q.attention(keys: k, values: v, mask: mask), expected, within: bounds)
  }
}
