import Files
import Foundation
import Torch

/// What trains an adapter, step by step: all that a ``TrainingRun`` asks of it.
///
/// A trainer computes; the run owns the folder, the logs, the checkpoints and the status. Every call that takes
/// `report` tells with it how far the work is, and passes on what it throws: that is how a run is interrupted.
/// ``progress``, the adapter and the optimizer then stand as after the last whole step, and can be saved.
public protocol Trainer: AnyObject {
  /// What the records of a run call it, such as `sft`.
  var kind: String { get }
  /// Steps of the whole plan.
  var totalSteps: Int { get }
  /// Counters. ``run(_:)`` sets `settledStep`; all others are the trainer's own.
  var progress: TrainingProgress { get set }
  /// Steps between measurements, each with a checkpoint that can be the best; 0: at the end only.
  var evaluationInterval: Int { get }
  /// Steps between checkpoints to go on from, besides those; 0: at the end only.
  var checkpointInterval: Int { get }
  /// Names of the figures that ``measure(_:)`` gives. Checkpoints are chosen by one of them. Empty: nothing is
  /// measured.
  var figures: [String] { get }
  /// The processes that train together; all of them have a trainer of the same settings and rows.
  var workers: any WorkerGroup { get }
  /// What all processes must hold alike, bit for bit, after each step.
  var sharedValues: [Tensor] { get }

  /// Makes rank 0's state that of all processes, before the first step.
  /// - Throws: `TrainingError.group` where this process was started with other settings or rows than rank 0.
  func shareState() throws

  /// Takes the step that follows `progress.step`.
  func takeStep(_ report: (TrainingEvent) throws -> Void) throws -> TrainingStep

  /// Is called after each step that was recorded.
  /// - Throws: where the run is not worth going on, for example because the loss left all bounds.
  func checkHealth() throws

  /// Measures the model as it is after `progress.step` steps.
  func measure(_ report: (TrainingEvent) throws -> Void) throws -> TrainingMeasurement

  /// Writes everything that the next step depends on into a folder that exists.
  func writeState(into folder: URL) throws

  /// Goes on from what ``writeState(into:)`` wrote.
  /// - Throws: where another run wrote it: the result would be neither run's.
  func restoreState(from folder: URL) throws

  /// Writes the adapter of a saved state: the result of the run where that state is the best.
  /// - Parameters:
  ///   - state: a folder that ``writeState(into:)`` wrote.
  ///   - dtype: of the values, float32 or bfloat16.
  func writeAdapter(ofState state: URL, with writer: FolderWriter, dtype: DType) throws
}

extension Trainer {
  public var workers: any WorkerGroup { SoloWorker() }
  public var sharedValues: [Tensor] { [] }
  public func shareState() throws {}

  /// - Throws: `TrainingError.group` where a process holds other values than rank 0: what follows would be no one's
  ///   run.
  public func requireAgreement() throws {
    guard workers.count > 1 else { return }
    // Of each process 48 bits, which a double holds exactly.
    var hashes = [Double](repeating: 0, count: workers.count)
    let hash = try FileHash.sha256(of: sharedValues.flatMap { try $0.to(device: .cpu).bytes() })
    hashes[workers.rank] = Double(Int(hash.prefix(12), radix: 16) ?? 0)
    hashes = try workers.sum(hashes)
    let others = hashes.indices.filter { hashes[$0] != hashes[0] }
    guard others.isEmpty else {
      throw TrainingError(
        .group,
        "after step \(progress.step) rank \(others.map(String.init).joined(separator: ", ")) of \(workers.count) holds "
          + "other values than rank 0: the processes have to run the same program on like machines")
    }
  }
}

/// One optimizer step.
public struct TrainingStep: Sendable {
  /// Counts from 1.
  public let step: Int
  /// The figures by name (`MetricName` has the common ones), in the order in which they are recorded.
  public let metrics: [(name: String, value: Double)]
  /// Whether nothing was changed, because the loss or the gradients were not finite.
  public let isSkipped: Bool

  public init(step: Int, metrics: [(name: String, value: Double)], isSkipped: Bool = false) {
    self.step = step
    self.metrics = metrics
    self.isSkipped = isSkipped
  }

  /// The figure of this name; nil where the trainer does not give it.
  public subscript(_ name: String) -> Double? { metrics.first { $0.name == name }?.value }
}
