import Foundation
import Testing
import Torch

/// The choices themselves: that they are made, that they reach the loops, and that they stay where they were made.
@Suite struct ProcessorPathTests {
  private static func absence(_ kernels: ProcessorPaths.Kernels) -> Comment {
    "skipped: this processor does not run \(kernels.rawValue) kernels"
  }

  /// Products of bfloat16 so small that the processor's own instructions take them for 0 (Intel's descriptions of
  /// VDPBF16PS and TDPBF16PS: denormals are zeros), while they are exact after widening.
  private func productOfTheSmallest() throws -> Double {
    let smallest = try Tensor.full([1, 64], 0x1p-130, dtype: .bfloat16)
    let weight = try Weight(Tensor.full([8, 64], 0x1p100, dtype: .bfloat16))
    return try smallest.products(with: [weight])[0].selected(0).item()
  }

  private func run(_ kernels: ProcessorPaths.Kernels) throws {
    let paths = ProcessorPaths(kernels: kernels, bfloat16Products: .widened)
    try withProcessorPaths(paths) { () throws in
      #expect(try ProcessorPaths.current() == paths)
      #expect(try productOfTheSmallest() == ([.avx512bf16, .amx].contains(kernels) ? 0 : 64 * 0x1p-30))
    }
  }

  @Test func plainKernelsRun() throws { try run(.plain) }

  @Test(.enabled(if: ProcessorPaths.Kernels.avx2.isAvailable, absence(.avx2)))
  func avx2KernelsRun() throws { try run(.avx2) }

  @Test(.enabled(if: ProcessorPaths.Kernels.avx512.isAvailable, absence(.avx512)))
  func avx512KernelsRun() throws { try run(.avx512) }

  @Test(.enabled(if: ProcessorPaths.Kernels.avx512bf16.isAvailable, absence(.avx512bf16)))
  func avx512BF16KernelsRun() throws { try run(.avx512bf16) }

  /// To 2²⁴ a 1 that comes alone adds nothing. A tile adds up its 16 elements of even and of odd place by themselves:
  /// of 63 ones the 15 beside the large number are lost.
  @Test(.enabled(if: ProcessorPaths.Kernels.amx.isAvailable, absence(.amx)))
  func amxKernelsRun() throws {
    try run(.amx)
    let x = try Tensor([0x1p24] + [Float](repeating: 1, count: 63), shape: [1, 64]).to(.bfloat16)
    let weight = try Weight(Tensor.ones([1, 64], dtype: .bfloat16))
    let residual = try Tensor.full([1, 1], -0x1p24, dtype: .bfloat16)
    try withProcessorPaths(ProcessorPaths(kernels: .amx, bfloat16Products: .native)) { () throws in
      #expect(try x.products(with: [weight], adding: residual).floats() == [48])
    }
  }

  /// By what each rounds: native products take 1 + 2⁻⁸ + 2⁻¹⁶ for the nearest bfloat16, 1 + 2⁻⁷.
  @Test func productsAreNativeOrWidened() throws {
    let operand = try Tensor([1 + 0x1p-8 + 0x1p-16] as [Float], shape: [1, 1])
    let one = try Tensor.ones([1, 1], dtype: .bfloat16)
    func product(_ products: ProcessorPaths.BFloat16Products) throws -> [Float] {
      let product = try Tensor.zeros([1, 1])
      let paths = ProcessorPaths(kernels: .plain, bfloat16Products: products)
      try withProcessorPaths(paths) { try product.setProduct(operand, one) }
      return try product.floats()
    }
    #expect(try product(.widened) == [1 + 0x1p-8 + 0x1p-16])
    #expect(try product(.native) == [1 + 0x1p-7])
  }

  /// ATen's operators round silu and its product alike, but compute e^x otherwise: over many values some differ in the
  /// last bit.
  @Test func rowsAreOwnOrATens() throws {
    let x = try Tensor((0..<4_000).map { Float($0) / 100 - 20 }, shape: [1, 4_000])
    func result(_ rows: ProcessorPaths.RowKernels) throws -> [UInt8] {
      try withProcessorPaths(ProcessorPaths(kernels: .plain, bfloat16Products: .widened, rowKernels: rows)) {
        try x.siluMultiply(x).bytes()
      }
    }
    #expect(try result(.aten) == (x.silu() * x).bytes())
    #expect(try result(.own) != result(.aten))
  }

  @Test func pathsAreThoseOfTheThread() throws {
    let before = try ProcessorPaths.current()
    var other = before
    other.rowKernels = before.rowKernels == .own ? .aten : .own
    try withProcessorPaths(other) { () throws in
      #expect(try ProcessorPaths.current() == other)
      let elsewhere = Thread.result { try? ProcessorPaths.current() }
      #expect(elsewhere == before)
      #expect(throws: CancellationError.self) {
        try withProcessorPaths(before) { throw CancellationError() }
      }
      #expect(try ProcessorPaths.current() == other)
    }
    #expect(try ProcessorPaths.current() == before)
  }

  @Test func kernelsThatTheProcessorLacksAreRefused() throws {
    for kernels in ProcessorPaths.Kernels.allCases where !kernels.isAvailable {
      let error = #expect(throws: TorchError.self) {
        try withProcessorPaths(ProcessorPaths(kernels: kernels, bfloat16Products: .widened)) {}
      }
      #expect(error?.message.contains("found \(kernels.rawValue) kernels, but this processor runs plain") == true)
    }
  }

  /// The environment is read once: each setting needs a process of its own, which runs `theEnvironmentsPaths`.
  @Test(arguments: [
    ("PATRON_KERNELS", "plain"), ("PATRON_BF16_PRODUCTS", "native"), ("PATRON_BF16_PRODUCTS", "widened"),
    ("PATRON_ROW_KERNELS", "aten"), ("PATRON_ROW_KERNELS", "own"), ("PATRON_LOOP_THREADS", "one"),
    ("PATRON_LOOP_THREADS", "own"),
  ])
  func theEnvironmentChooses(_ variable: String, _ value: String) throws {
    let output = try ChildTest.run("ProcessorPathTests/theEnvironmentsPaths", environment: [variable: value]).output
    #expect(output.contains("\(variable)=\(value)"), "\(output)")
  }

  @Test(arguments: [
    ("PATRON_KERNELS", "sse", "expected plain, avx2, avx512, avx512bf16 or amx"),
    ("PATRON_BF16_PRODUCTS", "1", "expected widened or native"),
    ("PATRON_ROW_KERNELS", "torch", "expected aten or own"),
    ("PATRON_LOOP_THREADS", "two", "expected one or own"),
  ])
  func unknownValuesAreErrors(_ variable: String, _ value: String, _ message: String) throws {
    let output = try ChildTest.run("ProcessorPathTests/theEnvironmentsPaths", environment: [variable: value]).output
    #expect(output.contains("rms norm: \(variable): found \"\(value)\", \(message)"), "\(output)")
  }

  /// Says what it found; for the tests above.
  @Test(.enabled(if: ChildTest.isRunning, ChildTest.absence))
  func theEnvironmentsPaths() {
    do {
      _ = try Tensor.ones([1, 2]).rmsNorm(weight: Tensor.ones([2]), epsilon: 0)
      print(try ProcessorPaths.current())
    } catch {
      print(error)
    }
  }
}

extension Thread {
  /// The result of `body` on a new thread.
  fileprivate static func result<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> Result {
    nonisolated(unsafe) var result: Result?
    let done = DispatchSemaphore(value: 0)
    Thread {
      result = body()
      done.signal()
    }.start()
    done.wait()
    return result!
  }
}
