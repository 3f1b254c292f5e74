import Testing
import Torch

/// The fused operators against the same formulas in plain operators.
@Suite struct FusedTests {
  let generator = try! Generator(seed: 3)

  func normal(_ shape: [Int], _ dtype: DType) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: generator).to(dtype)
  }

  func expectClose(_ found: Tensor, _ expected: Tensor, _ tolerance: Float) throws {
    #expect(found.shape == expected.shape)
    #expect(found.dtype == expected.dtype)
    for (index, (a, b)) in zip(try found.floats(), try expected.floats()).enumerated()
    where !(abs(a - b) <= tolerance * max(1, abs(b))) {
      Issue.record("element \(index): found \(a), expected \(b)")
      return
    }
  }

  /// Largest relative distance of two neighbours in a dtype, with room for sums in another order.
  func tolerance(_ dtype: DType) -> Float { dtype == .bfloat16 ? 0.01 : 1e-5 }

  @Test(arguments: [DType.float32, .bfloat16, .float64], [1, 7, 300])
  func rmsNorm(_ dtype: DType, _ rows: Int) throws {
    let x = try normal([rows, 67], dtype)
    let weight = try normal([67], dtype)
    let wide = try x.to(.float32)
    let scale = try ((wide * wide).mean(-1, keepingDimension: true) + 1e-5).reciprocalSquareRoot()
    let expected = try weight * (wide * scale).to(dtype)
    try expectClose(x.rmsNorm(weight: weight, epsilon: 1e-5), expected, tolerance(dtype))
  }

  @Test(arguments: [DType.float32, .bfloat16, .float64], [1, 300])
  func siluMultiply(_ dtype: DType, _ rows: Int) throws {
    let both = try normal([rows, 2 * 33], dtype) * 4
    let gate = try both.sliced(0..<33, dimension: 1)
    let up = try both.sliced(33..<66, dimension: 1)
    let expected = try gate.silu() * up
    try expectClose(gate.siluMultiply(up), expected, tolerance(dtype))
    try expectClose(gate.contiguous().siluMultiply(up), expected, tolerance(dtype))
  }

  @Test func siluOfExtremeValues() throws {
    let x = try Tensor([-1000, -88, -20, 0, 20, 88, 1000] as [Float], shape: [1, 7])
    try expectClose(x.siluMultiply(Tensor.ones([1, 7])), x.silu(), 1e-6)
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
      let headed = try x.reshaped([total, count, dimension]).to(.float32)  // [T, N, D]
      let first = try headed.sliced(0..<dimension / 2, dimension: 2)
      let second = try headed.sliced(dimension / 2..<dimension, dimension: 2)
      let c = try cosine[0..<total].unsqueezed(1)
      let s = try sine[0..<total].unsqueezed(1)
      return try Tensor.concatenate([first * c - second * s, second * c + first * s], dimension: 2)
        .to(dtype).transposed(0, 1).unsqueezed(0)  // [1, N, T, D]
    }
    let values = try v.reshaped([total, groups, dimension]).transposed(0, 1).unsqueezed(0)
    let expected = try rotate(q, heads)
      .attention(keys: rotate(k, groups), values: values, causal: true)
      .squeezed(0).transposed(0, 1).reshaped([total, heads * dimension])

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
    try expectClose(Tensor.concatenate(outputs), expected, dtype == .bfloat16 ? 0.03 : 1e-4)
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

  @Test(arguments: [DType.float32, .bfloat16, .float64], [1, 2, 5, 8, 9, 40, 63, 65])
  func streamedLinear(_ dtype: DType, _ rows: Int) throws {
    for inner in [1, 31, 64, 100, 576] {
      let weight = try normal([37, inner], dtype)
      let x = try normal([rows, inner], dtype)
      let residual = try normal([rows, 37], dtype)
      let expected = try x.to(.float32).linear(weight.to(.float32))
      let scale = tolerance(dtype) * Float(inner).squareRoot()
      try expectClose(x.streamedLinear(weight).to(.float32), expected, scale)
      try expectClose(
        x.streamedLinear(weight, adding: residual).to(.float32), expected + residual.to(.float32), scale)
    }
    #expect(throws: TorchError.self) { try normal([rows, 3], dtype).streamedLinear(normal([4, 5], dtype)) }
  }

  /// A sequence gets the same result alone and in company.
  @Test(arguments: [1, 100, 576, 2_100]) func aStreamedRowDoesNotDependOnTheOthers(_ inner: Int) throws {
    let weight = try normal([37, inner], .bfloat16)
    let x = try normal([8, inner], .bfloat16)
    let alone = try (0..<8).map { try x[$0..<$0 + 1].streamedLinear(weight).bytes() }
    for rows in 2...8 {
      let together = try x[0..<rows].streamedLinear(weight)
      for row in 0..<rows { #expect(try together[row..<row + 1].contiguous().bytes() == alone[row]) }
    }
  }

  @Test(arguments: [1, 4])
  func groupedQueryAttention(_ groups: Int) throws {
    let q = try normal([2, 4, 5, 8], .float32)
    let k = try normal([2, groups, 5, 8], .float32)
    let v = try normal([2, groups, 5, 8], .float32)
    let repeated = { (x: Tensor) in
      try x.unsqueezed(2).expanded([2, groups, 4 / groups, 5, 8]).reshaped([2, 4, 5, 8])
    }
    let mask = try Tensor.ones([5, 5], dtype: .bool).lowerTriangle()
    let scores = try (q.matmul(repeated(k).transposed()) / 8.0.squareRoot()).filling(
      mask.logicalNot(), with: -.infinity)
    let expected = try scores.softmax().matmul(repeated(v))
    try expectClose(q.attention(keys: k, values: v, causal: true), expected, 1e-5)
    try expectClose(q.attention(keys: k, values: v, mask: mask), expected, 1e-5)
  }
}
