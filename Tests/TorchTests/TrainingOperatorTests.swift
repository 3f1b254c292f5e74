import TensorTestSupport
import Testing
import Torch

/// The written-out backward passes against libtorch's automatic ones.
@Suite struct TrainingOperatorTests {
  let generator: Generator

  init() throws { generator = try Generator(seed: 3) }

  func random(_ shape: Int..., dtype: DType = .float32) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: generator).to(dtype)
  }

  /// Largest distance, over the largest value of `b`.
  func distance(_ a: Tensor, _ b: Tensor) throws -> Double {
    #expect(a.shape == b.shape)
    let difference = try (a.to(.float32) - b.to(.float32)).magnitude().maximum().item()
    return difference / max(try b.to(.float32).magnitude().maximum().item(), 1e-9)
  }

  /// d(sum of body(inputs) · seed) by automatic differentiation.
  func gradients(
    _ inputs: [Tensor], weightedBy seed: Tensor, _ body: ([Tensor]) throws -> Tensor
  ) throws -> [Tensor] {
    let leaves = try inputs.map { try $0.clone() }
    for leaf in leaves { try leaf.setRequiresGradient(true) }
    return try withGradients {
      try Tensor.gradients(of: [body(leaves)], weightedBy: [seed], withRespectTo: leaves)
    }
  }

  @Test(arguments: [
    (DType.float32, DType.float32, DType.float32, 1e-6), (.bfloat16, .bfloat16, .bfloat16, 1e-2),
    (.bfloat16, .float32, .float32, 1e-2), (.float32, .bfloat16, .bfloat16, 1e-2),
    (.bfloat16, .bfloat16, .float32, 1e-2),
  ])
  func products(_ left: DType, _ right: DType, _ out: DType, _ tolerance: Double) throws {
    let a = try random(5, 7, dtype: left)
    let b = try random(7, 9, dtype: right)
    let start = try random(5, 9)
    let product = try a.to(.float32).matmul(b.to(.float32))
    for beta in [0.0, 1, 0.5] {
      let sum = try start.to(out).clone()
      try sum.setProduct(a, b, scaledBy: 2, addingTo: beta)
      #expect(try distance(sum, start * beta + product * 2) < tolerance, "beta \(beta)")
    }
    // Views: columns of the output, transposed operands.
    let wide = try Tensor.zeros([5, 20], dtype: out)
    try wide.sliced(3..<12, dimension: 1).setProduct(
      a.transposed().contiguous().transposed(), b.transposed().contiguous().transposed())
    #expect(try distance(wide.sliced(3..<12, dimension: 1), product) < tolerance)
    #expect(try wide.sliced(12..<20, dimension: 1).magnitude().maximum().item() == 0)
    // NaN that is multiplied by 0 does not count.
    let undefined = try Tensor.full([5, 9], .nan, dtype: out)
    try undefined.setProduct(a, b)
    #expect(try undefined.isFinite().all().item() == 1)
    #expect(throws: TorchError.self) { try sum3().setProduct(a, b) }
  }

  private func sum3() throws -> Tensor { try Tensor.zeros([3, 9]) }

  /// Large narrow weights are converted slice by slice.
  @Test func largeWeights() throws {
    let weight = try Tensor.randomIntegers(-2..<3, [9000, 4096], generator: generator).to(.bfloat16)
    let x = try Tensor.randomIntegers(-2..<3, [2, 4096], generator: generator).to(.float32)
    let y = try Tensor.empty([2, 9000])
    try y.setProduct(x, weight.transposed())
    #expect(try distance(y, x.matmul(weight.to(.float32).transposed())) < 1e-6)
    let back = try Tensor.ones([2, 4096])
    try back.setProduct(y, weight, addingTo: 1)
    #expect(try distance(back, y.matmul(weight.to(.float32)) + 1) < 1e-5)
  }

  @Test(arguments: [(DType.float32, 2e-6), (.bfloat16, 2e-2)])
  func rmsNorm(_ dtype: DType, _ tolerance: Double) throws {
    let x = try random(6, 40, dtype: dtype)
    let weight = try random(40, dtype: dtype)
    let seed = try random(6, 40, dtype: dtype)
    let wanted = try gradients([x.to(.float32)], weightedBy: seed.to(.float32)) { inputs in
      let scale = try ((inputs[0] * inputs[0]).mean(-1, keepingDimension: true) + 1e-5).reciprocalSquareRoot()
      return try inputs[0] * scale * weight.to(.float32)
    }
    let sum = try Tensor.ones([6, 40], dtype: dtype)
    try sum.addRMSNormGradient(x: x, weight: weight, gradient: seed, epsilon: 1e-5)
    #expect(try distance(sum, wanted[0] + 1) < tolerance)
  }

  @Test(arguments: [(DType.float32, 2e-6), (.bfloat16, 2e-2)])
  func siluMultiply(_ dtype: DType, _ tolerance: Double) throws {
    let joined = try random(6, 80, dtype: dtype)
    let seed = try random(6, 40, dtype: dtype)
    let gate = try joined.sliced(0..<40, dimension: 1)
    let up = try joined.sliced(40..<80, dimension: 1)
    let wanted = try gradients(
      [gate.to(.float32), up.to(.float32)], weightedBy: seed.to(.float32)
    ) { try $0[0].silu() * $0[1] }
    try Tensor.replaceBySiLUMultiplyGradients(gate: gate, up: up, gradient: seed)
    #expect(try distance(gate, wanted[0]) < tolerance)
    #expect(try distance(up, wanted[1]) < tolerance)
  }

  /// Turning there and back; and as the inference path turns.
  @Test func rotation() throws {
    let (heads, groups, dimension, count) = (3, 1, 8, 5)
    let packed = try random(count, (heads + 2 * groups) * dimension)
    let angles = try random(10, dimension / 2)
    let (cosine, sine) = (try angles.cos(), try angles.sin())
    let turned = try packed.clone()
    try turned.rotateInPlace(heads: heads + groups, cosine: cosine[0..<count], sine: sine[0..<count])
    let keys = try Tensor.zeros([groups, count, dimension])
    let values = try Tensor.zeros([groups, count, dimension])
    let width = heads * dimension
    let queries = try Tensor.rotateAndCache(
      queries: packed.sliced(0..<width, dimension: 1), keys: packed.sliced(width..<width + dimension, dimension: 1),
      values: packed.sliced(width + dimension..<width + 2 * dimension, dimension: 1), cosine: cosine, sine: sine,
      start: 0, keyCache: keys, valueCache: values)
    let found = try turned.sliced(0..<width, dimension: 1).reshaped([count, heads, dimension]).transposed(0, 1)
    #expect(try distance(found, queries) < 1e-6)
    #expect(try distance(turned.sliced(width..<width + dimension, dimension: 1), keys[0]) < 1e-6)
    #expect(try distance(turned.sliced(width + dimension..<width + 2 * dimension, dimension: 1), values[0]) == 0)
    try turned.rotateInPlace(
      heads: heads + groups, cosine: cosine[0..<count], sine: sine[0..<count], inverse: true)
    #expect(try distance(turned, packed) < 1e-6)
  }

  /// Rows longer than a block of queries, beside short ones; grouped heads.
  @Test(arguments: [(DType.float32, 1e-5), (.bfloat16, 3e-2)])
  func attention(_ dtype: DType, _ tolerance: Double) throws {
    let (heads, groups, dimension) = (4, 2, 16)
    let bounds = [0, 1, 300, 450]
    let packed = try random(450, (heads + 2 * groups) * dimension, dtype: dtype)
    let seed = try random(450, heads * dimension, dtype: dtype)
    func reference(_ packed: Tensor) throws -> Tensor {
      func part(_ rows: Range<Int>, _ first: Int, _ count: Int) throws -> Tensor {
        try packed[rows].sliced(first * dimension..<(first + count) * dimension, dimension: 1)
          .reshaped([1, rows.count, count, dimension]).transposed(1, 2)
      }
      return try Tensor.concatenate(
        zip(bounds, bounds.dropFirst()).map { start, end in
          try part(start..<end, 0, heads).attention(
            keys: part(start..<end, heads, groups), values: part(start..<end, heads + groups, groups), causal: true,
            scale: 0.2
          ).transposed(1, 2).reshaped([end - start, heads * dimension])
        })
    }
    let attention = PackedAttention(heads: heads, groups: groups, scale: 0.2)
    let (output, normalizers) = try attention(packed, .init(bounds: bounds))
    #expect(try distance(output, reference(packed.to(.float32))) < tolerance)
    let wanted = try gradients([packed.to(.float32)], weightedBy: seed.to(.float32)) { try reference($0[0]) }
    let found = try attention.gradient(
      packed: packed, output: output, normalizers: normalizers, gradient: seed, .init(bounds: bounds))
    #expect(found.dtype == dtype)
    #expect(try distance(found, wanted[0]) < tolerance)
    for wrong in [[0], [0, 450, 450], [0, 100], [1, 450], [0, 451]] {
      #expect(throws: TorchError.self) { try attention(packed, .init(bounds: wrong)) }
    }
  }

  /// Sequences that share their beginning give what they give one by one, with its gradients summed.
  @Test(arguments: [(DType.float32, 1e-5), (.bfloat16, 3e-2)])
  func attentionWithSharedBeginnings(_ dtype: DType, _ tolerance: Double) throws {
    let (heads, groups, dimension) = (4, 2, 16)
    let bounds = [0, 200, 201, 400, 450, 460]
    let segments = PackedAttention.Segments(bounds: bounds, prefixes: [-1, 0, 0, -1, 3])
    let packed = try random(460, (heads + 2 * groups) * dimension, dtype: dtype)
    let seed = try random(460, heads * dimension, dtype: dtype)
    let attention = PackedAttention(heads: heads, groups: groups, scale: 0.2)
    let (output, normalizers) = try attention(packed, segments)
    let found = try attention.gradient(
      packed: packed, output: output, normalizers: normalizers, gradient: seed, segments)

    let wanted = try Tensor.zeros(packed.shape)
    for (index, prefix) in segments.prefixes.enumerated() {
      let own = bounds[index]..<bounds[index + 1]
      let before = prefix < 0 ? 0..<0 : bounds[prefix]..<bounds[prefix + 1]
      let whole = PackedAttention.Segments(bounds: [0, before.count + own.count])
      func joined(_ tensor: Tensor) throws -> Tensor { try Tensor.concatenate([tensor[before], tensor[own]]) }
      let rows = try joined(packed)
      let (out, logs) = try attention(rows, whole)
      #expect(try distance(out[before.count..<whole.bounds[1]], output[own]) < tolerance)
      // Only the sequence's own rows of the output have a gradient here.
      let ownSeed = try Tensor.concatenate([seed[before] * 0, seed[own]])
      let part = try attention.gradient(packed: rows, output: out, normalizers: logs, gradient: ownSeed, whole)
      for (range, place) in [(before, 0), (own, before.count)] where !range.isEmpty {
        try wanted.addRows(
          part[place..<place + range.count].to(.float32), at: Tensor(range.map(Int64.init)))
      }
    }
    #expect(try distance(found, wanted) < tolerance)

    for wrong in [[0, -1, -1, -1, -1], [-1, 0, 1, -1, -1], [-1, 2, -1, -1, -1], [-1]] {
      #expect(throws: TorchError.self) { try attention(packed, .init(bounds: bounds, prefixes: wrong)) }
    }
  }

  @Test func crossEntropy() throws {
    let logits = try random(5, 50) * 4
    let targets = try Tensor([3, 0, 49, 7, 7] as [Int64])
    let wanted = try gradients([logits], weightedBy: Tensor.full([5], 0.25)) { inputs in
      try -inputs[0].logSoftmax().gathering(targets.unsqueezed(1)).squeezed(1)
    }
    let losses = try logits.logSoftmax().gathering(targets.unsqueezed(1)).squeezed(1)
    let gradient = try logits.clone()
    let found = try gradient.replaceByCrossEntropyGradient(targets: targets, scale: 0.25)
    #expect(try distance(found, -losses) < 1e-6)
    #expect(try distance(gradient, wanted[0]) < 1e-6)
    for wrong in [[-1, 0, 0, 0, 0], [50, 0, 0, 0, 0]] as [[Int64]] {
      #expect(throws: TorchError.self) {
        try logits.clone().replaceByCrossEntropyGradient(targets: Tensor(wrong), scale: 1)
      }
    }
    let infinite = try Tensor.full([1, 50], .nan)
    let loss = try infinite.replaceByCrossEntropyGradient(targets: Tensor([1] as [Int64]), scale: 1)
    #expect(try loss.item().isNaN)
  }

  @Test(arguments: [DType.float32, .bfloat16])
  func countedDropout(_ dtype: DType) throws {
    let x = try Tensor.ones([1000, 100], dtype: dtype)
    let first = try x.countedDropout(0.2, seed: 1)
    #expect(try x.countedDropout(0.2, seed: 1).bytes() == first.bytes())
    #expect(try x.countedDropout(0.2, seed: 2).bytes() != first.bytes())
    #expect(try x.countedDropout(0.2, seed: 1 << 32 | 1).bytes() != first.bytes())
    let values = try first.floats()
    #expect(Set(values) == [0, 1.25])
    #expect(abs(values.reduce(0, +) / 100_000 - 1) < 0.01)
    // Neighbours know nothing of each other: both left out in 4 of 100 pairs.
    let pairs = zip(values, values.dropFirst()).count { $0 == 0 && $1 == 0 }
    #expect(abs(Double(pairs) / 100_000 - 0.04) < 0.004)
    let sum = try Tensor.ones([1000, 100], dtype: dtype)
    try sum.addCountedDropout(x, 0.2, seed: 1)
    #expect(try sum.floats() == values.map { $0 + 1 })
    #expect(try x.countedDropout(0, seed: 1).floats().allSatisfy { $0 == 1 })
    #expect(throws: TorchError.self) { try x.countedDropout(1, seed: 1) }
  }

  @Test func rowsAreAddedWhereTheyBelong() throws {
    let sum = try Tensor.zeros([4, 2])
    try sum.addRows(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]), at: Tensor([3, 1] as [Int64]))
    #expect(try sum.floats() == [0, 0, 3, 4, 0, 0, 1, 2])
  }
}
