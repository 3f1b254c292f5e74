import CTorch

/// Which of several ways computes what a processor can compute in several: the ways differ in speed and in rounding,
/// not in what they compute.
///
/// By default they are the fastest on this processor. Environment variables choose others for the process, which
/// ``description`` spells; ``withProcessorPaths(_:_:)`` does for one thread.
public struct ProcessorPaths: Sendable, Hashable {
  /// Instructions of this module's own loops. On processors other than x86-64 there are the plain ones only.
  public enum Kernels: String, Sendable, CaseIterable {
    case plain, avx2, avx512
    /// AVX-512, and products of bfloat16 by the processor's own instructions.
    case avx512bf16
    /// AVX-512, and products of bfloat16 by the processor's tiles.
    case amx

    /// Whether this processor can run them.
    public var isAvailable: Bool { ct_processor_runs(code) }

    var code: ct_kernels {
      switch self {
      case .plain: CT_KERNELS_PLAIN
      case .avx2: CT_KERNELS_AVX2
      case .avx512: CT_KERNELS_AVX512
      case .avx512bf16: CT_KERNELS_AVX512_BF16
      case .amx: CT_KERNELS_AMX
      }
    }

    init(code: ct_kernels) {
      self = Self.allCases.first { $0.code == code } ?? .plain
    }
  }

  /// Products of bfloat16 matrices.
  public enum BFloat16Products: String, Sendable, CaseIterable {
    /// As libtorch makes them, which is slow on processors without instructions for it.
    case native
    /// The matrices are widened to float32 first.
    case widened
  }

  /// Work on rows: norms, activations, rotations, softmax, products of few rows.
  public enum RowKernels: String, Sendable, CaseIterable {
    /// This module's loops.
    case own
    /// ATen's operators.
    case aten
  }

  /// Threads of this module's loops; libtorch's own operators always use all.
  public enum LoopThreads: String, Sendable, CaseIterable {
    case own, one
  }

  public var kernels: Kernels
  public var bfloat16Products: BFloat16Products
  public var rowKernels: RowKernels
  public var loopThreads: LoopThreads

  public init(
    kernels: Kernels, bfloat16Products: BFloat16Products, rowKernels: RowKernels = .own, loopThreads: LoopThreads = .own
  ) {
    self.kernels = kernels
    self.bfloat16Products = bfloat16Products
    self.rowKernels = rowKernels
    self.loopThreads = loopThreads
  }

  /// Every combination that this processor can run. Where ATen's operators do the work there are no kernels to choose.
  public static let runnable: [ProcessorPaths] = {
    var all: [ProcessorPaths] = []
    for products in BFloat16Products.allCases {
      for threads in LoopThreads.allCases {
        all += Kernels.allCases.filter(\.isAvailable).map {
          ProcessorPaths(kernels: $0, bfloat16Products: products, loopThreads: threads)
        }
      }
      all.append(ProcessorPaths(kernels: .plain, bfloat16Products: products, rowKernels: .aten))
    }
    return all
  }()

  /// The paths of this thread. Throws when the environment asks for what is unknown, or what this processor cannot run.
  public static func current() throws(TorchError) -> ProcessorPaths {
    var paths = ct_processor_paths()
    try check(ct_get_processor_paths(&paths))
    return ProcessorPaths(
      kernels: Kernels(code: paths.kernels), bfloat16Products: paths.native_bfloat16_products ? .native : .widened,
      rowKernels: paths.own_row_kernels ? .own : .aten, loopThreads: paths.own_loop_threads ? .own : .one)
  }

  func apply() throws(TorchError) {
    var paths = ct_processor_paths(
      kernels: kernels.code, native_bfloat16_products: bfloat16Products == .native, own_row_kernels: rowKernels == .own,
      own_loop_threads: loopThreads == .own)
    try check(ct_set_processor_paths(&paths))
  }
}

extension ProcessorPaths: CustomStringConvertible {
  /// The environment variables that choose these paths.
  public var description: String {
    "PATRON_KERNELS=\(kernels.rawValue) PATRON_BF16_PRODUCTS=\(bfloat16Products.rawValue) "
      + "PATRON_ROW_KERNELS=\(rowKernels.rawValue) PATRON_LOOP_THREADS=\(loopThreads.rawValue)"
  }
}

/// Runs `body` with other processor paths on this thread; what other threads compute meanwhile does not change.
public func withProcessorPaths<Result>(_ paths: ProcessorPaths, _ body: () throws -> Result) throws -> Result {
  let before = try ProcessorPaths.current()
  try paths.apply()
  defer { try? before.apply() }
  return try body()
}
