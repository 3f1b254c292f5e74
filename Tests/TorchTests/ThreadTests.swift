import Testing
import Torch

@Suite struct ThreadCountTests {
  /// The number of threads is the process's, and the library's products depend on it in their last bits: changed beside
  /// other tests it would change what they compute twice and compare.
  @Test func threadTestsPass() throws {
    let (isPassed, output) = try ChildTest.run("TorchTests.ThreadTests/")
    #expect(isPassed && output.contains("resultsDoNotDependOnTheThreads"), "\(output)")
  }
}

/// The fused operators' own loops on several threads.
@Suite(.serialized, .enabled(if: ChildTest.isRunning, ChildTest.absence)) struct ThreadTests {
  private func withThreads<Result>(_ count: Int, _ body: () throws -> Result) throws -> Result {
    let before = Runtime.threadCount
    try Runtime.setThreadCount(count)
    defer { try? Runtime.setThreadCount(before) }
    return try body()
  }

  /// They ran on one thread, whatever was asked for, as long as they left that to a template of libtorch's headers,
  /// which does nothing in code that is not compiled with OpenMP.
  @Test(arguments: [1, 2, 3, 8]) func loopsRunOnAllThreads(_ count: Int) throws {
    func loopThreads(_ choice: ProcessorPaths.LoopThreads) throws -> Int {
      var paths = try ProcessorPaths.current()
      paths.loopThreads = choice
      return try withProcessorPaths(paths) { try withThreads(count) { Runtime.loopThreadCount } }
    }
    #expect(try loopThreads(.own) == count)
    #expect(try loopThreads(.one) == 1)
  }

  /// On each of the own kernels; what ATen's operators do is theirs.
  @Test(arguments: [DType.float32, .bfloat16], ProcessorPaths.Kernels.allCases.filter(\.isAvailable))
  func resultsDoNotDependOnTheThreads(_ dtype: DType, _ kernels: ProcessorPaths.Kernels) throws {
    let generator = try Generator(seed: 5)
    func normal(_ shape: [Int]) throws -> Tensor { try Tensor.randomNormal(shape, generator: generator).to(dtype) }
    let (heads, groups, dimension, length) = (5, 5, 32, 700)
    let rows = try normal([129, 301])
    let (weight, scale, residual) = (try normal([1_003, 301]), try normal([301]), try normal([3, 1_003]))
    let packed = try normal([length, 3 * heads * dimension])
    let table = try Tensor.randomNormal([length, dimension / 2], generator: generator)
    let targets = try Tensor((0..<129).map { Int64($0) })

    func results() throws -> [Tensor] {
      var results = [
        try rows.rmsNorm(weight: scale, epsilon: 1e-5), try rows.siluMultiply(rows),
        try rows[0..<3].products(with: [Weight(weight)], adding: residual),
        try rows.countedDropout(0.3, seed: 9),
      ]
      let attention = PackedAttention(heads: heads, groups: groups, scale: 0.2)
      let segments = PackedAttention.Segments(bounds: [0, 300, length])
      let (output, normalizers) = try attention(packed, segments)
      results += [output, normalizers]
      results.append(
        try attention.gradient(
          packed: packed, output: output, normalizers: normalizers, gradient: output, segments))
      let logits = try rows.to(.float32).contiguous()
      let copy = try logits + 0.0
      results += [try copy.replaceByCrossEntropyGradient(targets: targets, scale: 0.5), copy]
      let sum = try rows + 0.0
      try sum.addRMSNormGradient(x: rows, weight: scale, gradient: rows, epsilon: 1e-5)
      let (gate, up) = (try rows + 0.0, try rows * 0.5)
      try Tensor.replaceBySiLUMultiplyGradients(gate: gate, up: up, gradient: rows)
      // A long sequence, which is divided among the threads, beside a prompt.
      let blocks = (0..<26).map { Int32($0) }
      let old = BlockPlan.Sequence(rows: 501, start: 0, blocks: blocks[10...])
      let new = BlockPlan.Sequence(rows: 1, start: 501, blocks: blocks[10...])
      let prompt = BlockPlan.Sequence(rows: 300, start: 0, blocks: blocks[..<10])
      let blockKeys = try Tensor.zeros(
        BlockPlan.keyShape(blocks: 26, groups: groups, dimension: dimension), dtype: dtype)
      let blockValues = try Tensor.zeros(
        BlockPlan.valueShape(blocks: 26, groups: groups, dimension: dimension), dtype: dtype)
      for (sequences, count) in [([old], 501), ([prompt, new], 301)] {
        results.append(
          try packed[0..<count].clone().blockAttention(
            BlockPlan(sequences, blockSize: BlockPlan.blockSize), cosine: table, sine: table, keys: blockKeys,
            values: blockValues, scale: 0.2))
      }
      let products = try rows.products(with: [Weight(weight), Weight(scale.reshaped([1, 301]))])
      let policy = try logits + 0.0
      results += [
        try policy.replaceByPolicyGradient(
          targets: targets, old: nil, reference: copy.selected(0, dimension: 1).contiguous(),
          weights: copy.sliced(0..<4, dimension: 1).magnitude().contiguous(),
          bounds: PolicyBounds(temperature: 0.9, clipLow: 0.2, clipHigh: 0.28)), policy,
      ]
      return results + [sum, gate, up, products]
    }
    for products in ProcessorPaths.BFloat16Products.allCases {
      var paths = ProcessorPaths(kernels: kernels, bfloat16Products: products, loopThreads: .one)
      let single = try withProcessorPaths(paths) { try withThreads(1, results) }
      paths.loopThreads = .own
      for count in [2, 3, 8] {
        let several = try withProcessorPaths(paths) { try withThreads(count, results) }
        for (index, (found, expected)) in zip(several, single).enumerated() {
          // Bytes: each element is computed by one thread, in one order. Matrix products are the library's own, and may
          // not be.
          let isExact = ![4, 5, 6].contains(index)
          if isExact {
            #expect(try found.bytes() == expected.bytes(), "result \(index) on \(count) threads, \(paths)")
          } else {
            // Values reach 4; sums of up to 700 terms, in other orders.
            let limit = dtype == .bfloat16 ? 4 * 2 * dtype.roundoff : 4 * 350 * dtype.roundoff
            let difference = try (found.to(.float32) - expected.to(.float32)).magnitude().maximum().item()
            #expect(difference < limit, "result \(index) on \(count) threads, \(paths)")
          }
        }
      }
    }
  }
}
