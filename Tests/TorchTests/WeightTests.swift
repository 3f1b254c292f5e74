import Testing
import Torch

/// Weights that are not plain: how they are made, read and multiplied.
@Suite struct WeightTests {
  private let generator = try! Generator(seed: 5)

  private func normal(_ shape: [Int], _ dtype: DType = .float32) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: generator).to(dtype)
  }

  private func int8(_ outputs: Int, _ inner: Int) throws -> Weight {
    try normal([outputs, inner]).asWeight.int8()
  }

  // MARK: Products

  /// Sizes around those that instructions take: 16, 32 and 64.
  private static let shapes = [(1, 1), (3, 15), (16, 32), (16, 64), (31, 65), (33, 100), (48, 96), (80, 576)]
  private static let rowCounts = [1, 2, 3, 15, 16, 17, 33, 70]

  /// Weights of both forms, of shapes that they can have.
  private func small(_ outputs: Int, _ inner: Int) throws -> [Weight] {
    let values = try normal([outputs, inner]).asWeight
    return try [values.int8()] + (outputs % 16 == 0 && inner % 32 == 0 ? [values.int4()] : [])
  }

  /// x is off by half of a 32,639th of its row's largest value; what follows is exact but for the last roundings, and
  /// of 4 bits for one rounding a group.
  @Test(arguments: [DType.float32, .bfloat16])
  func productsAreThoseOfTheNumbers(_ dtype: DType) throws {
    for (outputs, inner) in Self.shapes {
      for weight in try small(outputs, inner) {
        let numbers = try weight.rows(dtype: .float32).exact
        for rows in Self.rowCounts {
          let x = try normal([rows, inner], dtype) * 100
          let residual = try normal([rows, outputs], dtype)
          let exact = try x.exact.linear(numbers)
          let sizes = try Tensor.ones([rows, inner], dtype: .float64).linear(numbers.magnitude())
          let terms = try x.exact.magnitude().linear(numbers.magnitude())
          let largest = try x.exact.magnitude().maximum(-1, keepingDimension: true)
          // Where ATen multiplies, each product is rounded too, and the weights to the rows' dtype.
          let isOwn = { try ProcessorPaths.current().rowKernels == .own }
          try onEveryPath {
            let roundings =
              try terms * (isOwn() ? Double(inner / 32 + 4) * 0x1p-24 : Double(inner) * 0x1p-24 + dtype.roundoff)
            let last = try exact.magnitude() * (1.01 * dtype.roundoff)
            let bounds = try sizes * largest * (0.5001 / 32639) + roundings + last + 0x1p-100
            try expectClose(x.products(with: [weight]), exact, within: bounds, "\(weight.format) [\(rows), \(inner)]")
            try expectClose(
              x.products(with: [weight], adding: residual), exact + residual.exact,
              within: bounds + last + residual.exact.magnitude() * (2.02 * dtype.roundoff),
              "\(weight.format) [\(rows), \(inner)] with a residual")
          }
        }
      }
    }
  }

  /// A row by itself on the plainest path is what every row is on every path with own kernels, in any company.
  @Test(arguments: [DType.float32, .bfloat16])
  func productsAreTheSameBitsEverywhere(_ dtype: DType) throws {
    for (outputs, inner) in Self.shapes {
      for (one, two) in zip(try small(outputs, inner), try small(outputs + (outputs % 16 == 0 ? 16 : 1), inner)) {
        let x = try normal([70, inner], dtype)
        let residual = try normal([70, one.outputs + two.outputs], dtype)
        let plain = ProcessorPaths(kernels: .plain, bfloat16Products: .native, loopThreads: .one)
        let expected = try withProcessorPaths(plain) {
          try (0..<70).map { try x[$0..<$0 + 1].products(with: [one, two], adding: residual[$0..<$0 + 1]).bytes() }
        }
        try onEveryPath {
          let paths = try ProcessorPaths.current()
          guard paths.rowKernels == .own else { return }
          for rows in Self.rowCounts {
            let found = try x[0..<rows].products(with: [one, two], adding: residual[0..<rows]).bytes()
            #expect(
              found == expected[..<rows].flatMap { $0 },
              "\(one.format) \([rows, inner]) on \(paths)")
          }
        }
      }
    }
  }

  /// The largest sum there can be: nothing overflows.
  @Test func int8SumsHoldTheLargestNumbers() throws {
    let inner = 131_071
    let weight = Weight(
      int8: try Tensor.full([17, inner], -128, dtype: .int8), scales: try Tensor.full([17], 0x1p-7))
    let x = try Tensor.full([2, inner], 1)
    try onEveryPath {
      try expectClose(
        x.products(with: [weight]), Tensor.full([2, 17], Double(-inner), dtype: .float64),
        within: Tensor.full([1], 1, dtype: .float64))
    }
  }

  @Test func rowsOfZeroAndRowsWithoutNumbers() throws {
    let weight = try int8(40, 70)
    var values = [Float](repeating: 0, count: 5 * 70)
    values[70] = .infinity
    values[140] = .nan
    values[210] = 1e-42
    values[280] = 0x1p120
    let x = try Tensor(values, shape: [5, 70])
    try onEveryPath {
      guard try ProcessorPaths.current().rowKernels == .own else { return }
      let found = try x.products(with: [weight])
      #expect(try found[0].floats().allSatisfy { $0 == 0 })
      #expect(try found[1].floats().allSatisfy(\.isNaN))
      #expect(try found[2].floats().allSatisfy(\.isNaN))
      #expect(try found[3].floats().allSatisfy { abs($0) < 1e-40 })
      #expect(try found[4].floats().allSatisfy(\.isFinite))
    }
  }

  /// Blocks give what their numbers, rounded to the rows' dtype, give as plain weights.
  @Test(arguments: [DType.float32, .bfloat16])
  func blocksAreMultipliedAsTheirNumbers(_ dtype: DType) throws {
    let weight = try normal([48, 96]).asWeight.blocks()
    let plain = Weight(try weight.rows(dtype: dtype))
    try onEveryPath {
      let paths = try ProcessorPaths.current()
      for rows in [1, 5, 40] {
        let x = try normal([rows, 96], dtype)
        let residual = try normal([rows, 96], dtype)
        #expect(
          try x.products(with: [weight, weight], adding: residual).bytes()
            == x.products(with: [plain, plain], adding: residual).bytes(), "\(paths)")
      }
    }
  }

  // MARK: Making and reading

  @Test func int8IsOffByHalfAStep() throws {
    for (outputs, inner) in Self.shapes {
      for dtype in [DType.float32, .bfloat16, .float16] {
        let values = try normal([outputs, inner], dtype)
        let bounds = try values.exact.magnitude().maximum(-1, keepingDimension: true) * (0.50001 / 127)
        var found: [[UInt8]] = []
        try onEveryPath {
          let weight = try values.asWeight.int8()
          try expectClose(weight.rows(dtype: .float32), values.exact, within: bounds)
          found.append(try weight.values.bytes() + (weight.scales?.bytes() ?? []))
        }
        #expect(found.allSatisfy { $0 == found[0] })
      }
    }
  }

  /// Eight steps reach the largest magnitude; the scale has 11 bits and may be a little smaller for the others' sake.
  @Test func int4IsOffByAStepAtMost() throws {
    let values = try normal([48, 64])
    let groups = try values.exact.reshaped([96, 32])
    let bounds = try groups.magnitude().maximum(-1, keepingDimension: true).expanded([96, 32]) / 7
    var found: [[UInt8]] = []
    try onEveryPath {
      let weight = try values.asWeight.int4()
      try expectClose(weight.rows(dtype: .float32).reshaped([96, 32]), groups, within: bounds)
      found.append(try weight.values.bytes())
      #expect(try values.asWeight.blocks().rows(dtype: .float32).bytes() == weight.rows(dtype: .float32).bytes())
    }
    #expect(found.allSatisfy { $0 == found[0] })
    let error = try (values.asWeight.int4().rows(dtype: .float32) - values).exact
    // Uniform in steps of an eighth of the largest of 32 normal values, which is about 2.1: 0.26 / √12.
    #expect(try (error * error).mean().item().squareRoot() < 0.085)
  }

  @Test func whatTheLevelsHoldIsKept() throws {
    let whole = try Tensor((0..<512).map { Float($0 % 16 - 8) / 4 }, shape: [16, 32])
    #expect(try whole.asWeight.int4().rows(dtype: .float32).floats() == whole.floats())
    let bytes = try Tensor((0..<255).map { Float($0 - 127) / 8 }, shape: [1, 255])
    #expect(try bytes.asWeight.int8().rows(dtype: .float32).floats() == bytes.floats())
  }

  @Test func rowsOfZeroStayZero() throws {
    let zeros = try Tensor.zeros([16, 64]).asWeight
    for weight in [try zeros.int8(), try zeros.int4()] {
      #expect(try weight.rows(dtype: .float32).floats().allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan], [DType.float32, .bfloat16])
  func whatIsNoNumberIsAnErrorThatNamesThePlace(_ value: Float, _ dtype: DType) throws {
    var values = [Float](repeating: 1, count: 48 * 64)
    values[7 * 64 + 5] = value
    values[30 * 64] = value
    let weight = try Tensor(values, shape: [48, 64]).to(dtype).asWeight
    for make in [{ try weight.int8() }, { try weight.int4() }] as [() throws -> Weight] {
      let error = #expect(throws: TorchError.self) { _ = try make() }
      #expect(error?.message.contains("at [7, 5], expected finite numbers") == true, "\(error?.message ?? "")")
    }
  }

  /// Row i of a head of d is stored as row 2 · (i mod d/2) + i div d/2.
  @Test func rowsAreReadInOrder() throws {
    let values = try normal([16, 32])
    let blocks = try values.asWeight.blocks()
    let places: [Int64] = [0, 4, 1, 5, 2, 6, 3, 7]
    let interleaved = try Tensor(places + places.map { $0 + 8 })
    let stored = Weight(blocks: try blocks.values.selecting(interleaved), format: .q4_0, headDimension: 8)
    #expect(try stored.rows(dtype: .float32).bytes() == blocks.rows(dtype: .float32).bytes())
    let chosen = try Tensor([15, 0, 9, 9] as [Int64])
    #expect(
      try stored.rows(chosen, dtype: .bfloat16).bytes()
        == blocks.rows(dtype: .bfloat16).selecting(chosen).bytes())
    let x = try normal([3, 32])
    #expect(try x.products(with: [stored]).bytes() == x.products(with: [blocks]).bytes())
    #expect(try stored.int8().values.bytes() == blocks.int8().values.bytes())
  }

  @Test func hostileOperandsAreErrors() throws {
    let x = try normal([2, 64])
    let bytes = try Tensor.zeros([4, 36], dtype: .uint8)
    let good = try int8(4, 64)
    let scales = try Tensor.ones([4])
    let values = try Tensor.zeros([4, 64], dtype: .int8)
    let wrong = [
      try int8(4, 32), Weight(int8: values, scales: try Tensor.ones([3])),
      Weight(int8: values, scales: try Tensor.ones([4], dtype: .bfloat16)),
      Weight(int8: values, scales: try Tensor.ones([4, 1])), Weight(int8: try normal([4, 64]), scales: scales),
      Weight(int8: try Tensor.zeros([64, 4], dtype: .int8).transposed(), scales: scales),
      Weight(int8: try Tensor.zeros([64], dtype: .int8), scales: scales),
      Weight(blocks: bytes, format: .int8), Weight(blocks: bytes, format: .q4_1),
      Weight(blocks: bytes, format: .q4_0, headDimension: 3), Weight(blocks: bytes, format: .q4_0, headDimension: -2),
      Weight(blocks: bytes, format: .q4_0, headDimension: 8), Weight(try normal([4, 64], .bfloat16)),
    ]
    for (index, weight) in wrong.enumerated() {
      #expect(throws: TorchError.self, "\(index)") { _ = try x.products(with: [weight, good]) }
      #expect(throws: TorchError.self, "\(index)") { _ = try x.products(with: [good, weight]) }
    }
    #expect(throws: TorchError.self) { try x.products(with: [good], adding: normal([2, 5])) }
    #expect(throws: TorchError.self) { try x.products(with: [good], adding: normal([2, 4], .bfloat16)) }
    #expect(throws: TorchError.self) { try normal([2, 2, 16]).products(with: [good]) }
    let long = Weight(int8: try Tensor.zeros([1, 131_072], dtype: .int8), scales: try Tensor.ones([1]))
    #expect(throws: TorchError.self) {
      try withProcessorPaths(ProcessorPaths(kernels: .plain, bfloat16Products: .native)) {
        try Tensor.zeros([1, 131_072]).products(with: [long])
      }
    }
    #expect(throws: TorchError.self) { try good.rows(Tensor([4] as [Int64]), dtype: .float32) }
    #expect(throws: TorchError.self) { try good.rows(Tensor([-1] as [Int64]), dtype: .float32) }
    #expect(throws: TorchError.self) { try good.rows(Tensor([0] as [Int32]), dtype: .float32) }
    #expect(throws: TorchError.self) { try good.rows(dtype: .float16) }
    #expect(throws: TorchError.self) { try normal([16, 33]).asWeight.int4() }
    #expect(throws: TorchError.self) { try normal([17, 32]).asWeight.int4() }
    #expect(throws: TorchError.self) { try normal([4, 33]).asWeight.blocks() }
    #expect(throws: TorchError.self) { try normal([4]).asWeight.int8() }
    #expect(try Tensor.zeros([0, 64]).products(with: [good]).shape == [0, 4])
  }
}

extension Tensor {
  /// As weights that are multiplied as they are.
  fileprivate var asWeight: Weight { Weight(self) }
}
