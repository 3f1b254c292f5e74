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
