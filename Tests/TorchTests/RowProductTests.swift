import Testing
import Torch

/// Products of rows with weights: near to the exact ones on every path, and on the own kernels a row's are its own.
@Suite struct RowProductTests {
  let generator = try! Generator(seed: 11)

  func normal(_ shape: [Int], _ dtype: DType) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: generator).to(dtype)
  }

  /// Several weights that read the same rows: odd numbers of outputs, and more than a block of them.
  func weights(_ inner: Int, _ dtype: DType) throws -> [Tensor] {
    try [1, 5, 17, 48, 141].map { try normal([$0, inner], dtype) }
  }

  static let kernels = ProcessorPaths.Kernels.allCases.filter(\.isAvailable)
  static let dtypes = [DType.float32, .bfloat16]
  /// Around the widths of vectors and tiles, and of more than one part of a sum.
  static let inners = [1, 7, 31, 33, 64, 575, 1_100]

  private func with<Result>(
    _ kernels: ProcessorPaths.Kernels, threads: ProcessorPaths.LoopThreads = .own, _ body: () throws -> Result
  ) throws -> Result {
    try withProcessorPaths(
      ProcessorPaths(kernels: kernels, bfloat16Products: .widened, loopThreads: threads), body)
  }

  /// Products of bfloat16 are exact in float32; of float32 they are rounded like the sums. The residual comes to the
  /// sum in float32, or, in the library's products, to the sum that is already rounded.
  @Test(arguments: [DType.float32, .bfloat16, .float64], [1, 2, 7, 16, 17, 33, 100])
  func productsAreExactButForRounding(_ dtype: DType, _ rows: Int) throws {
    for inner in Self.inners {
      let weights = try weights(inner, dtype)
      let joined = try Tensor.concatenate(weights)
      let x = try normal([rows, inner], dtype)
      let residual = try normal([rows, joined.size(0)], dtype)
      let exact = try x.exact.linear(joined.exact)
      let sum = try exact + residual.exact
      let terms = try x.exact.magnitude().linear(joined.exact.magnitude())
      let allTerms = try terms + residual.exact.magnitude()
      let sumBounds =
        try (exact.magnitude() + sum.magnitude()) * (1.01 * dtype.roundoff)
        + allTerms * (Double(inner + 2) * DType.float32.roundoff) + 0x1p-126
      try onEveryPath {
        try expectClose(
          x.products(with: weights.map { Weight($0) }), exact, roundings: 1, float32Roundings: inner + 1, of: terms,
          "inner \(inner)")
        try expectClose(
          x.products(with: [Weight(joined)], adding: residual), sum, within: sumBounds, "inner \(inner), residual")
      }
    }
  }

  /// The residual is added before the one rounding: 1 + 2⁻⁸ is 1 in bfloat16, and with 2⁻⁹ more it is 1 + 2⁻⁷.
  @Test(arguments: RowProductTests.kernels) func aSumIsRoundedOnce(_ kernels: ProcessorPaths.Kernels) throws {
    let x = try Tensor([1, 0x1p-8] as [Float], shape: [1, 2]).to(.bfloat16)
    let weight = try Tensor.ones([1, 2], dtype: .bfloat16)
    let residual = try Tensor.full([1, 1], 0x1p-9, dtype: .bfloat16)
    try with(kernels) { () throws in
      #expect(try x.products(with: [Weight(weight)]).floats() == [1])
      #expect(try x.products(with: [Weight(weight)], adding: residual).floats() == [1 + 0x1p-7])
    }
  }

  /// Alone, in every company, with the weights one by one or joined, on one thread or on all: the same bits.
  @Test(arguments: RowProductTests.kernels, RowProductTests.dtypes) func aRowIsItsOwn(
    _ kernels: ProcessorPaths.Kernels, _ dtype: DType
  ) throws {
    for inner in [1, 33, 576, 1_100, 2_100] {
      let separate = try weights(inner, dtype)
      let joined = try Tensor.concatenate(separate)
      let x = try normal([1_030, inner], dtype)
      let residual = try normal([1_030, joined.size(0)], dtype)
      try with(kernels) {
        let all = try x.products(with: [Weight(joined)], adding: residual)
        for rows in [1, 2, 3, 6, 7, 15, 16, 17, 33, 200, 513] {
          for first in [0, 517] {
            let range = first..<first + rows
            let part = try x[range].products(with: separate.map { Weight($0) }, adding: residual[range])
            #expect(
              try part.bytes() == all[range].contiguous().bytes(), "\(rows) rows from \(first), inner \(inner)")
          }
        }
        let one = try with(kernels, threads: .one) { try x.products(with: [Weight(joined)], adding: residual) }
        #expect(try one.bytes() == all.bytes(), "inner \(inner)")
      }
    }
  }

  /// What is not a number stays in its row and its output.
  @Test(arguments: RowProductTests.kernels, RowProductTests.dtypes) func nanStaysInItsRow(
    _ kernels: ProcessorPaths.Kernels, _ dtype: DType
  ) throws {
    let (rows, inner, outputs) = (40, 75, 21)
    var values = [Float](repeating: 1, count: rows * inner)
    values[3 * inner + 74] = .nan
    values[5 * inner + 70] = .infinity
    let x = try Tensor(values, shape: [rows, inner]).to(dtype)
    var weightValues = [Float](repeating: 2, count: outputs * inner)
    weightValues[20 * inner + 74] = .nan
    let weight = try Tensor(weightValues, shape: [outputs, inner]).to(dtype)
    for range in [0..<rows, 0..<8, 3..<4, 5..<6] {
      let products = try with(kernels) { try x[range].products(with: [Weight(weight)]).floats() }
      for (index, row) in range.enumerated() {
        let found = products[index * outputs..<(index + 1) * outputs]
        #expect(found.last!.isNaN)
        switch row {
        case 3: #expect(found.allSatisfy { $0.isNaN })
        case 5: #expect(found.dropLast().allSatisfy { $0 == .infinity })
        default: #expect(found.dropLast().allSatisfy { $0 == 150 }, "row \(row) of \(range), \(kernels)")
        }
      }
    }
  }

  @Test(arguments: RowProductTests.kernels, RowProductTests.dtypes) func rowsMayBeStrided(
    _ kernels: ProcessorPaths.Kernels, _ dtype: DType
  ) throws {
    let wide = try normal([9, 100], dtype)
    let weight = try normal([100, 24], dtype)
    let x = try wide.sliced(10..<43, dimension: 1)
    let columns = try weight.transposed(0, 1).sliced(0..<33, dimension: 1)
    try with(kernels) {
      let found = try x.products(with: [Weight(columns)])
      #expect(try found.bytes() == x.contiguous().products(with: [Weight(columns.contiguous())]).bytes())
    }
  }

  @Test func nothingTimesSomethingIsNothing() throws {
    for dtype in Self.dtypes {
      try onEveryPath {
        let weight = try Weight(Tensor.ones([3, 4], dtype: dtype))
        #expect(try Tensor.ones([0, 4], dtype: dtype).products(with: [weight]).shape == [0, 3])
        let none = try Weight(Tensor.ones([0, 4], dtype: dtype))
        #expect(
          try Tensor.ones([2, 4], dtype: dtype).products(with: [none, weight]).floats()
            == [Float](repeating: 4, count: 6))
        let empty = try Weight(Tensor.ones([3, 0], dtype: dtype))
        #expect(
          try Tensor.ones([2, 0], dtype: dtype).products(with: [empty]).floats() == [Float](repeating: 0, count: 6))
      }
    }
  }

  @Test(arguments: RowProductTests.dtypes) func operandsThatDoNotFitAreErrors(_ dtype: DType) throws {
    let x = try normal([2, 4], dtype)
    let weight = try normal([3, 4], dtype)
    let other = dtype == .float32 ? DType.bfloat16 : .float32
    func expectError(
      _ x: Tensor, _ weights: [Tensor], adding residual: Tensor? = nil, _ message: String,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let error = #expect(throws: TorchError.self, sourceLocation: sourceLocation) {
        try x.products(with: weights.map { Weight($0) }, adding: residual)
      }
      #expect(
        error?.message.hasPrefix("linear: " + message) == true, "\(error?.message ?? "")",
        sourceLocation: sourceLocation)
    }
    try onEveryPath {
      expectError(x, [], "there are no weights")
      expectError(x, [try weight.to(other)], "the weights are of another dtype")
      expectError(x, [weight, try weight.to(.float16)], "the weights are of another dtype")
      expectError(x, [try normal([3, 5], dtype)], "expected weights [out, in]")
      expectError(x, [weight, try normal([4], dtype)], "expected weights [out, in]")
      expectError(try normal([1, 2, 4], dtype), [weight], "expected rows [rows, in]")
      expectError(try normal([4], dtype), [weight], "expected rows [rows, in]")
      for residual in [try normal([2, 3], dtype), try normal([1, 6], dtype), try normal([2, 6], other)] {
        expectError(x, [weight, weight], adding: residual, "the residual is not")
      }
    }
  }
}
