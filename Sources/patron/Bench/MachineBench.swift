import ArgumentParser
import JSON
import Llama
import Torch

/// `patron bench machine`.
struct BenchMachineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine",
    abstract: "Measures how fast this machine reads memory and multiplies.",
    discussion: """
      Both bound what a dense model can do here: all weights are read once for each token that is written, and a token of \
      a prompt costs two operations for each weight. The figures are the fastest of the runs.
      """)

  @Option(name: .long, help: "cpu, cuda or cuda:N.")
  var device: Device = .cpu

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Type of the products (default: bfloat16; on a CPU without bfloat16 instructions float32).", valueName: "type"))
  var dtype: DType?

  @Option(name: .long, help: ArgumentHelp("Threads on the CPU (default: all cores).", valueName: "n"))
  var threads: Int?

  @OptionGroup var runCount: RunCountOption

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func validate() throws {
    if let dtype { try ModelOptions.check(dtype) }
    if let threads, threads < 1 { throw ValidationError("found \(threads) threads, expected 1 or more") }
  }

  func run() throws {
    if let threads { try Runtime.setThreadCount(threads) }
    let bench = try MachineBench(device: device, dtype: dtype, runs: runCount.runs)
    print(json ? bench.json.text(pretty: true) : bench.report)
  }
}

/// How fast this machine reads memory and multiplies, which bounds what a dense model can do on it: a token costs two
/// operations for each weight when a prompt is read, and all weights are read once for each token written.
struct MachineBench {
  private let device: Device
  private let dtype: DType
  private let runs: Int
  /// The fastest of the runs.
  let bounds: MachineBounds

  /// Far more than any cache holds.
  private static let readElements = 128 << 20
  private static let productSize = 2048

  /// Measures at once; the first run of each is not counted.
  /// - Parameter dtype: of the products; nil: the type that weights are multiplied in.
  init(device: Device, dtype: DType?, runs: Int) throws {
    let dtype = dtype ?? Self.productType(for: LoadOptions.defaultDType, on: device)
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
    bounds = MachineBounds(
      gigabytesPerSecond: Double(4 * Self.readElements) / 1e9 / readSeconds,
      gigaflopsPerSecond: 2 * Double(size * size * size) / 1e9 / productSeconds)
  }

  /// What weights of a type are multiplied in.
  static func productType(for dtype: DType, on device: Device) -> DType {
    device != .cpu || Runtime.cpuHasFastBFloat16 ? dtype : .float32
  }

  private var members: [(String, JSON)] {
    [
      ("cpu", .string(cpuName())), ("instructions", .string(Runtime.cpuCapability)),
      ("threads", .number(Runtime.threadCount)), ("device", .string(device.description)),
      ("dtype", .string(dtype.rawValue)), ("runs", .number(runs)),
      ("read_gb_per_second", .number(rounded(bounds.gigabytesPerSecond, 1))),
      ("product_gflop_per_second", .number(rounded(bounds.gigaflopsPerSecond, 0))),
    ]
  }

  var json: JSON { .object(members) }

  var report: String {
    let size = Self.productSize
    return """
      cpu           \(cpuName()), \(Runtime.cpuCapability), \(Runtime.threadCount) threads
      device        \(device)
      memory        \(rounded(bounds.gigabytesPerSecond, 1)) GB/s (the sum of 512 MiB, fastest of \(runs))
      product       \(rounded(bounds.gigaflopsPerSecond, 0)) GFLOP/s (\(size) x \(size) x \(size) in \(dtype.rawValue), \
      fastest of \(runs))
      """
  }
}
