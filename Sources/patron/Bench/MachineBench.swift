import JSON
import Llama
import Torch

/// How fast this machine reads memory and multiplies, which bounds what a dense model can do on it: a token costs two
/// operations for each weight when a prompt is read, and all weights are read once for each token written.
/// `patron bench --machine`.
struct MachineBench {
  private let device: Device
  private let dtype: DType
  private let runs: Int
  /// The fastest of the runs: they are bounds.
  private let gigabytesPerSecond: Double
  private let gigaflopsPerSecond: Double

  /// Far more than any cache holds.
  private static let readElements = 128 << 20
  private static let productSize = 2048

  /// Measures at once; the first run of each is not counted.
  init(model: ModelOptions, runs: Int) throws {
    if let threads = model.threads { try Runtime.setThreadCount(threads) }
    let device = model.device
    let isFast = device != .cpu || Runtime.cpuHasFastBFloat16
    let dtype = model.dtype ?? (isFast ? LoadOptions.defaultDType : .float32)
    func fastest(_ work: () throws -> Void) throws -> Double {
      var best = Double.infinity
      for run in 0...runs {
        try Runtime.synchronize()
        let start = ContinuousClock.now
        try work()
        try Runtime.synchronize()
        if run > 0 { best = min(best, seconds(since: start)) }
      }
      return best
    }
    let memory = try Tensor.full([Self.readElements], 1, dtype: .float32, device: device)
    let readSeconds = try fastest { _ = try memory.sum() }
    let size = Self.productSize
    let factor = try Tensor.full([size, size], 0.5, dtype: dtype, device: device)
    let productSeconds = try fastest { _ = try factor.linear(factor) }
    (self.device, self.dtype, self.runs) = (device, dtype, runs)
    gigabytesPerSecond = Double(4 * Self.readElements) / 1e9 / readSeconds
    gigaflopsPerSecond = 2 * Double(size * size * size) / 1e9 / productSeconds
  }

  private var members: [(String, JSON)] {
    [
      ("cpu", .string(cpuName())), ("instructions", .string(Runtime.cpuCapability)),
      ("threads", .number(Runtime.threadCount)), ("device", .string(device.description)),
      ("dtype", .string(dtype.rawValue)), ("runs", .number(runs)),
      ("read_gb_per_second", .number(rounded(gigabytesPerSecond, 1))),
      ("product_gflop_per_second", .number(rounded(gigaflopsPerSecond, 0))),
    ]
  }

  var json: JSON { .object(members) }

  var report: String {
    let size = Self.productSize
    return """
      cpu           \(cpuName()), \(Runtime.cpuCapability), \(Runtime.threadCount) threads
      device        \(device)
      memory        \(rounded(gigabytesPerSecond, 1)) GB/s (the sum of 512 MiB, fastest of \(runs))
      product       \(rounded(gigaflopsPerSecond, 0)) GFLOP/s (\(size) x \(size) x \(size) in \(dtype.rawValue), fastest of \(runs))
      """
  }
}
