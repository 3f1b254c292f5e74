import Torch

/// The processes that train one adapter together, as one of them sees it. All hold the same model and the same values;
/// each computes its share of a step, and the sums over all of them make the step.
///
/// All processes make the same calls in the same order. Those that have nothing to add take part with zeros.
public protocol WorkerGroup: AnyObject {
  /// Which of the processes this is, from 0. Rank 0 writes and speaks.
  var rank: Int { get }
  /// Number of processes.
  var count: Int { get }

  /// Says in a few words what this process is at, such as `step 41: sum of the gradients`: what is told where it ends
  /// or does not go on.
  /// - Throws: where another process has ended.
  func note(_ words: String) throws

  /// Adds up the tensors of all processes, in place.
  func sum(_ tensor: Tensor) throws
  /// Adds up figures.
  func sum(_ values: [Double]) throws -> [Double]
  /// The largest of each figure.
  func max(_ values: [Double]) throws -> [Double]
  /// Takes over rank 0's values, in place.
  func broadcast(_ tensor: Tensor) throws
  /// What rank 0 gives, of any length.
  func broadcast(_ bytes: [UInt8]) throws -> [UInt8]
  /// Returns once all processes have come here.
  func barrier() throws
  /// Lets rank 0 alone do something that may take long, while the others wait for as long as its notes change.
  /// - Returns: what rank 0 returns, on all processes.
  /// - Throws: `CancellationError` on all processes where rank 0's work throws it.
  func onFirst(_ work: () throws -> [UInt8]) throws -> [UInt8]
}

extension WorkerGroup {
  public var isFirst: Bool { rank == 0 }

  /// Figures that rank 0 alone measures, bit for bit on all processes.
  func figuresOfFirst(
    _ work: () throws -> [(name: String, value: Double)]
  ) throws -> [(name: String, value: Double)] {
    let bytes = try onFirst {
      Array(try work().map { "\($0.name)\t\($0.value.bitPattern)\n" }.joined().utf8)
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t")
      guard parts.count == 2, let bits = UInt64(parts[1]) else { return nil }
      return (String(parts[0]), Double(bitPattern: bits))
    }
  }
}

/// A run of one process.
public final class SoloWorker: WorkerGroup {
  public let rank = 0
  public let count = 1

  public init() {}

  public func note(_ words: String) {}
  public func sum(_ tensor: Tensor) {}
  public func sum(_ values: [Double]) -> [Double] { values }
  public func max(_ values: [Double]) -> [Double] { values }
  public func broadcast(_ tensor: Tensor) {}
  public func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
  public func barrier() {}
  public func onFirst(_ work: () throws -> [UInt8]) throws -> [UInt8] { try work() }
}

/// A wish to stop. A process alone stops at once; of several, none stops before all have heard of it, which is after
/// the same step.
struct StopVote {
  private let isAlone: Bool
  private(set) var isAsked = false

  init(_ workers: any WorkerGroup) { isAlone = workers.count == 1 }

  /// For a sum over all processes: more than 0 where one of them wishes to stop.
  var value: Double { isAsked ? 1 : 0 }

  /// Does something that throws `CancellationError` where a person wishes to stop.
  mutating func hear(_ report: () throws -> Void) throws {
    if isAlone { return try report() }
    guard !isAsked else { return }
    do { try report() } catch is CancellationError { isAsked = true }
  }
}
