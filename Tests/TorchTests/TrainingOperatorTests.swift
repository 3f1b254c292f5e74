import TensorTestSupport
import Testing
import Torch

/// The written-out backward passes, on every processor path, against libtorch's automatic ones in float64.
@Suite struct TrainingOperatorTests {
  let generator: Generator

  init() throws { generator = try Generator(seed: 3) }

  func random(_ shape: Int..., dtype: DType = .float32) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: generator).to(dtype)
  }

  /// Largest distance, over the largest value of `b`.
  func distance(_ a: Tensor, _ b: Tensor) throws -> Double {
    #expect(a.shape == b.shape)
    let difference = try (a.exact - b.exact).magnitude().maximum().item()
    return difference / max(try b.exact.magnitude().maximum().item(), 1e-9)
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

  /// What an operand of a product becomes before it is multiplied, in float64: where products are native the wider
  /// operand is rounded to the dtype of the narrower, where they are widened nothing is lost.
  private func operand(_ x: Tensor, beside other: Tensor) throws -> Tensor {
    let isRounded = try ProcessorPaths.current().bfloat16Products == .native && other.dtype == .bfloat16
    return try (isRounded ? x.to(.bfloat16) : x).exact
  }

  /// One rounding, to the output's dtype; the sums are float32.
  @Test(arguments: [
    (DType.float32, DType.float32, DType.float32), (.bfloat16, .bfloat16, .bfloat16), (.bfloat16, .float32, .float32),
    (.float32, .bfloat16, .bfloat16), (.bfloat16, .bfloat16, .float32), (.float32, .bfloat16, .float32),
    (.float32, .float32, .bfloat16),
  ])
  func products(_ left: DType, _ right: DType, _ out: DType) throws {
    let a = try random(5, 70, dtype: left)
    let b = try random(70, 9, dtype: right)
    let start = try random(5, 9, dtype: out)
    let columns = try Tensor.empty([9, 5], dtype: out)
    try onEveryPath {
      let product = try operand(a, beside: b).matmul(operand(b, beside: a))
      let terms = try operand(a, beside: b).magnitude().matmul(operand(b, beside: a).magnitude())
      for beta in [0.0, 1, 0.5] {
        let sum = try start.clone()
        try sum.setProduct(a, b, scaledBy: 0.7, addingTo: beta)
        try expectClose(
          sum, start.exact * beta + product * 0.7, roundings: 1, float32Roundings: 74,
          of: terms * 0.7 + start.exact.magnitude() * beta, "beta \(beta)")
      }
      // Views: columns of the output, transposed operands, transposed outputs.
      let wide = try Tensor.zeros([5, 20], dtype: out)
      try wide.sliced(3..<12, dimension: 1).setProduct(
        a.transposed().contiguous().transposed(), b.transposed().contiguous().transposed())
      try expectClose(
        wide.sliced(3..<12, dimension: 1), product, roundings: 1, float32Roundings: 72, of: terms, "views")
      #expect(try wide.sliced(12..<20, dimension: 1).magnitude().maximum().item() == 0)
      #expect(try wide.sliced(0..<3, dimension: 1).magnitude().maximum().item() == 0)
      try columns.transposed().setProduct(a, b)
      try expectClose(
        columns.transposed(), product, roundings: 1, float32Roundings: 72, of: terms, "a transposed output")
      // NaN that is multiplied by 0 does not count.
      let undefined = try Tensor.full([5, 9], .nan, dtype: out)
      try undefined.setProduct(a, b)
      #expect(try undefined.isFinite().all().item() == 1)
      #expect(throws: TorchError.self) { try Tensor.zeros([3, 9]).setProduct(a, b) }
    }
  }

  /// Large narrow weights are converted slice by slice. All sums are whole numbers that float32 holds, so that they are
  /// exact on any processor; bfloat16 holds few of them, which shows whether they pass through it.
  @Test(arguments: ProcessorPaths.BFloat16Products.allCases)
  func largeWeights(_ products: ProcessorPaths.BFloat16Products) throws {
    let weight = try Tensor.randomIntegers(-2..<3, [4_200, 4_096], generator: generator).to(.bfloat16)
    let x = try Tensor.randomIntegers(-2..<3, [2, 4_096], generator: generator).to(.float32)
    let wide = try weight.to(.float32)
    try withProcessorPaths(ProcessorPaths(kernels: .plain, bfloat16Products: products)) {
      let y = try Tensor.empty([2, 4_200])
      try y.setProduct(x, weight.transposed())
      #expect(try y.floats() == x.matmul(wide.transposed()).floats())
      #expect(try y.to(.bfloat16).floats() != y.floats())
      let back = try Tensor.ones([2, 4_096])
      try back.setProduct(y, weight, addingTo: 1)
      let operand = products == .native ? try y.to(.bfloat16).to(.float32) : y
      #expect(try back.floats() == (operand.matmul(wide) + 1).floats())
    }
  }

  @Test(arguments: [DType.float32, .bfloat16])
  func rmsNorm(_ dtype: DType) throws {
    let x = try random(6, 40, dtype: dtype)
    let weight = try random(40, dtype: dtype)
    let seed = try random(6, 40, dtype: dtype)
    let gradient = try gradients([x.exact], weightedBy: seed.exact) { inputs in
      let scale = try ((inputs[0] * inputs[0]).mean(-1, keepingDimension: true) + 1e-5).reciprocalSquareRoot()
      return try inputs[0] * scale * weight.exact
    }[0]
    // What is added up: the row kernels round the sum, ATen's operators the gradient and then the sum.
    let scale = try ((x.exact * x.exact).mean(-1, keepingDimension: true) + 1e-5).reciprocalSquareRoot()
    let weighted = try (seed.exact * weight.exact).magnitude()
    let slope = try scale.power(3) * (weighted * x.exact.magnitude()).mean(-1, keepingDimension: true)
    let terms = try scale * weighted + slope * x.exact.magnitude() + 1
    let bounds =
      try (gradient.magnitude() + (gradient + 1).magnitude()) * (1.01 * dtype.roundoff)
      + terms * (60 * DType.float32.roundoff)
    try onEveryPath {
      let sum = try Tensor.ones([6, 40], dtype: dtype)
      try sum.addRMSNormGradient(x: x, weight: weight, gradient: seed, epsilon: 1e-5)
      try expectClose(sum, gradient + 1, within: bounds)
    }
  }

  @Test(arguments: [DType.float32, .bfloat16])
  func siluMultiply(_ dtype: DType) throws {
    let joined = try random(6, 80, dtype: dtype)
    let seed = try random(6, 40, dtype: dtype)
    func parts(_ x: Tensor) throws -> [Tensor] {
      try [x.sliced(0..<40, dimension: 1), x.sliced(40..<80, dimension: 1)]
    }
    let exact = try parts(joined).map { try $0.exact }
    let wanted = try gradients(exact, weightedBy: seed.exact) { try $0[0].silu() * $0[1] }
    // d/dg silu(g) = σ(g) · (1 + g · (1 − σ(g))): what is added up there.
    let sigmoid = try exact[0].sigmoid()
    let slope = try sigmoid * (exact[0].magnitude() * (-sigmoid + 1) + 1)
    let terms = try (seed.exact * exact[1] * slope).magnitude()
    try onEveryPath {
      let both = try parts(joined.clone())
      try Tensor.replaceBySiLUMultiplyGradients(gate: both[0], up: both[1], gradient: seed)
      try expectClose(both[0], wanted[0], roundings: 1, float32Roundings: 16, of: terms, "gate")
      try expectClose(both[1], wanted[1], roundings: 1, float32Roundings: 8, "up")
    }
  }

  /// Turning, as the training and as the inference path turn; and back.
  @Test(arguments: [DType.float32, .bfloat16])
  func rotation(_ dtype: DType) throws {
    let (heads, groups, dimension, count) = (3, 1, 8, 5)
    let packed = try random(count, (heads + 2 * groups) * dimension, dtype: dtype)
    let angles = try random(10, dimension / 2)
    let (cosine, sine) = (try angles.cos(), try angles.sin())
    let width = heads * dimension

    // In float64, and what is added up; [T, (heads + groups)·D].
    let half = dimension / 2
    let headed = try packed.exact.sliced(0..<width + dimension, dimension: 1)
      .reshaped([count, heads + groups, dimension])
    let (low, high) = (try headed.sliced(0..<half, dimension: 2), try headed.sliced(half..<dimension, dimension: 2))
    let c = try cosine.exact[0..<count].unsqueezed(1)
    let s = try sine.exact[0..<count].unsqueezed(1)
    func joined(_ first: Tensor, _ second: Tensor) throws -> Tensor {
      try Tensor.concatenate([first, second], dimension: 2).reshaped([count, width + dimension])
    }
    let exact = try joined(low * c - high * s, high * c + low * s)
    let terms = try joined(
      (low * c).magnitude() + (high * s).magnitude(), (high * c).magnitude() + (low * s).magnitude())
    // There and back: an element of a pair gets the errors of both of the pair.
    let pairs = try joined(low.magnitude() + high.magnitude(), low.magnitude() + high.magnitude())

    try onEveryPath {
      let turned = try packed.clone()
      let rotated = try turned.sliced(0..<width + dimension, dimension: 1)
      try turned.rotateInPlace(heads: heads + groups, cosine: cosine[0..<count], sine: sine[0..<count])
      try expectClose(rotated, exact, roundings: 1, float32Roundings: 2, of: terms)
      let untouched = try packed.sliced(width + dimension..<width + 2 * dimension, dimension: 1).floats()
      #expect(try turned.sliced(width + dimension..<width + 2 * dimension, dimension: 1).floats() == untouched)
      try turned.rotateInPlace(
        heads: heads + groups, cosine: cosine[0..<count], sine: sine[0..<count], inverse: true)
      try expectClose(
        rotated, headed.reshaped([count, width + dimension]),
        within: pairs * (2 * dtype.roundoff + 6 * DType.float32.roundoff), "and back")
    }
  }

  /// Of the largest value. In bfloat16 seven values are rounded on the way where products are native: operands'
  /// gradients, scores, probabilities, their gradients, the outputs. In float32 it is sums of up to 300 terms, whose
  /// roundings mostly cancel: 10 · √300.
  static let attentionTolerances: [(DType, Double)] = [
    (.float32, 168 * DType.float32.roundoff), (.bfloat16, 7.5 * DType.bfloat16.roundoff),
  ]

  /// Rows longer than a block of queries, beside short ones; grouped heads.
  @Test(arguments: attentionTolerances)
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
    let exact = try reference(packed.exact)
    let wanted = try gradients([packed.exact], weightedBy: seed.exact) { try reference($0[0]) }
    try onEveryPath {
      let paths = try ProcessorPaths.current()
      let (output, normalizers) = try attention(packed, .init(bounds: bounds))
      #expect(try distance(output, exact) < tolerance, "\(paths)")
      let found = try attention.gradient(
        packed: packed, output: output, normalizers: normalizers, gradient: seed, .init(bounds: bounds))
      #expect(found.dtype == dtype)
      #expect(try distance(found, wanted[0]) < tolerance, "\(paths)")
    }
    for wrong in [[0], [0, 450, 450], [0, 100], [1, 450], [0, 451]] {
      #expect(throws: TorchError.self) { try attention(packed, .init(bounds: wrong)) }
    }
  }

  /// Sequences that share their beginning give what they give one by one, with its gradients summed.
  @Test(arguments: attentionTolerances)
  func attentionWithSharedBeginnings(_ dtype: DType, _ tolerance: Double) throws {
    let (heads, groups, dimension) = (4, 2, 16)
    let bounds = [0, 200, 201, 400, 450, 460]
    let segments = PackedAttention.Segments(bounds: bounds, prefixes: [-1, 0, 0, -1, 3])
    let packed = try random(460, (heads + 2 * groups) * dimension, dtype: dtype)
    let seed = try random(460, heads * dimension, dtype: dtype)
    let attention = PackedAttention(heads: heads, groups: groups, scale: 0.2)
    try onEveryPath {
      let paths = try ProcessorPaths.current()
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
        #expect(try distance(out[before.count..<whole.bounds[1]], output[own]) < tolerance, "\(paths)")
        // Only the sequence's own rows of the output have a gradient here.
        let ownSeed = try Tensor.concatenate([seed[before] * 0, seed[own]])
        let part = try attention.gradient(packed: rows, output: out, normalizers: logs, gradient: ownSeed, whole)
        for (range, place) in [(before, 0), (own, before.count)] where !range.isEmpty {
          try wanted.addRows(
            part[place..<place + range.count].to(.float32), at: Tensor(range.map(Int64.init)))
        }
      }
      #expect(try distance(found, wanted) < tolerance, "\(paths)")
    }

    for wrong in [[0, -1, -1, -1, -1], [-1, 0, 1, -1, -1], [-1, 2, -1, -1, -1], [-1]] {
      #expect(throws: TorchError.self) { try attention(packed, .init(bounds: bounds, prefixes: wrong)) }
    }
  }

  @Test func crossEntropy() throws {
    let logits = try random(5, 50) * 4
    let targets = try Tensor([3, 0, 49, 7, 7] as [Int64])
    let logProbabilities = try logits.exact.logSoftmax()
    let losses = try -logProbabilities.gathering(targets.unsqueezed(1)).squeezed(1)
    let wanted = try gradients([logits.exact], weightedBy: Tensor.full([5], 0.25, dtype: .float64)) { inputs in
      try -inputs[0].logSoftmax().gathering(targets.unsqueezed(1)).squeezed(1)
    }[0]
    // A logit's distance from the largest is rounded, and its exponential; 50 of them are added up.
    let range = try logits.exact.maximum(1, keepingDimension: true) - logits.exact
    let terms = try logProbabilities.exp() * (range + 60) + 1
    try onEveryPath {
      let gradient = try logits.clone()
      let found = try gradient.replaceByCrossEntropyGradient(targets: targets, scale: 0.25)
      try expectClose(
        found, losses, roundings: 1, float32Roundings: 60, of: losses.magnitude() + logits.exact.magnitude().maximum())
      try expectClose(gradient, wanted, roundings: 1, float32Roundings: 2, of: terms * 0.25)
    }
    for wrong in [[-1, 0, 0, 0, 0], [50, 0, 0, 0, 0]] as [[Int64]] {
      #expect(throws: TorchError.self) {
        try logits.clone().replaceByCrossEntropyGradient(targets: Tensor(wrong), scale: 1)
      }
    }
    let infinite = try Tensor.full([1, 50], .nan)
    let loss = try infinite.replaceByCrossEntropyGradient(targets: Tensor([1] as [Int64]), scale: 1)
    #expect(try loss.item().isNaN)
  }

  /// The mask by its definition: Ellis's "lowbias32" with the seed's halves added, against 2³² · p.
  @Test(arguments: [DType.float32, .bfloat16], [0, 7, 0x1234_5678_9abc_def0])
  func countedDropoutIsItsDefinition(_ dtype: DType, _ seed: UInt64) throws {
    let kept = (UInt32(0)..<1_000).map { index in
      var x = index &+ UInt32(truncatingIfNeeded: seed)
      x = (x ^ (x >> 16)) &* 0x7feb_352d
      x = (x ^ ((x >> 15) &+ UInt32(seed >> 32))) &* 0x846c_a68b
      return (x ^ (x >> 16)) >= UInt32(0.2 * 4_294_967_296.0)
    }
    let x = try Tensor.ones([10, 100], dtype: dtype)
    try onEveryPath {
      #expect(try x.countedDropout(0.2, seed: seed).floats() == kept.map { $0 ? 1.25 : 0 })
      let sum = try Tensor.full([10, 100], 2, dtype: dtype)
      try sum.addCountedDropout(x, 0.2, seed: seed)
      #expect(try sum.floats() == kept.map { $0 ? 3.25 : 2 })
    }
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
