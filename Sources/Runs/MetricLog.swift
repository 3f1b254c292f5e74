import Foundation
import JSON

/// Names of the figures that every trainer records. Others may be added; those under one prefix stand together in
/// TensorBoard and in the report.
public enum MetricName {
  /// Mean loss over the supervised tokens of the step.
  public static let loss = "train/loss"
  public static let learningRate = "train/learning_rate"
  /// Norm of all gradients together, before clipping.
  public static let gradientNorm = "train/grad_norm"
  /// Tokens of all rows, read per second.
  public static let tokensPerSecond = "train/tokens_per_second"
  /// Tokens of all rows read so far.
  public static let tokens = "train/tokens"
  /// Steps left out so far because their gradients were not finite.
  public static let skippedSteps = "train/skipped_steps"
  public static let epoch = "train/epoch"
  /// Mean loss over the supervised tokens of the dev rows.
  public static let devLoss = "dev/loss"
  /// Of the figures that are measured on the dev rows.
  public static let devPrefix = "dev/"
}

/// The figures of a run: lines of `metrics.jsonl`, and the same as scalars for TensorBoard.
///
///     let log = try MetricLog(run, resumingAt: checkpoint?.step)
///     try log.record(step: 1, [(MetricName.loss, 2.31), (MetricName.learningRate, 1e-4)])
///
/// A line is `{"step":1,"time":1732550400.25,"seconds":12.5,"train/loss":2.31,…}`: the optimizer updates done, the time
/// in seconds since 1970, the seconds of training so far in all of the run's processes, then the figures; NaN and the
/// infinities are `null`. A step may have several lines.
///
/// All lines of a step must be recorded before the checkpoint of that step is saved, because those are kept when the
/// run resumes there; call `synchronize` just before, so that this holds also where the machine loses its power.
public final class MetricLog {
  private let file: JSONLinesFile
  private let events: EventFileWriter
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let secondsBefore: Double

  /// Opens the log of a run.
  ///
  /// Lines of later steps than `step` are taken out, so that a run that was interrupted and resumed has each line once.
  /// The TensorBoard file is written anew from the lines that stay.
  /// - Parameter step: of the checkpoint that the run goes on from; nil at its beginning, where all lines go.
  public init(_ run: RunFolder, resumingAt step: Int?) throws {
    let (file, lines) = try JSONLinesFile.open(run.metrics, keepingUpTo: step)
    self.file = file
    secondsBefore = lines.reduce(0) { max($0, $1["seconds"]?.double ?? 0) }
    start = clock.now
    try EventFileWriter.removeFiles(in: run.url)
    events = try EventFileWriter(in: run.url)
    for line in lines { try writeEvent(line) }
  }

  /// Seconds of training so far, those of the processes before included.
  public var seconds: Double { secondsBefore + (clock.now - start) / .seconds(1) }

  /// Adds a line.
  /// - Parameters:
  ///   - step: optimizer updates done.
  ///   - values: in the order in which they are to stand in the line; `step`, `time` and `seconds` are taken.
  public func record(step: Int, _ values: [(name: String, value: Double)]) throws {
    var members: [(String, JSON)] = [
      ("step", .number(step)), ("time", .number(rounded(Date().timeIntervalSince1970))),
      ("seconds", .number(rounded(seconds))),
    ]
    for (name, value) in values { members.append((name, value.isFinite ? .number(value) : .null)) }
    let line = JSON.object(members)
    try file.append(line)
    try writeEvent(line)
  }

  /// Waits until all lines are on the disk.
  public func synchronize() throws { try file.synchronize() }

  private func writeEvent(_ line: JSON) throws {
    var scalars: [(String, Float)] = []
    for (name, value) in line.object?.members ?? [] where !["step", "time", "seconds"].contains(name) {
      scalars.append((name, value.double.map { Float($0) } ?? .nan))
    }
    try events.write(step: line["step"]?.int ?? 0, time: line["time"]?.double ?? 0, scalars: scalars)
  }

  private func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}

/// A line of `metrics.jsonl`, read back.
public struct MetricRecord: Sendable, Equatable {
  public var step: Int
  /// Seconds since 1970.
  public var time: Double
  /// Seconds of training so far.
  public var seconds: Double
  /// The figures; those that were not finite are NaN.
  public var values: [String: Double]

  /// All lines of a run's log that can be read.
  public static func records(of run: URL) throws -> [MetricRecord] {
    try JSONLinesFile.lines(of: run.appendingPathComponent(RunFolder.metricsName)).compactMap(MetricRecord.init)
  }

  init?(_ line: JSON) {
    guard let object = line.object, let step = object["step"]?.int else { return nil }
    self.step = step
    time = object["time"]?.double ?? 0
    seconds = object["seconds"]?.double ?? 0
    values = [:]
    for (name, value) in object.members where !["step", "time", "seconds"].contains(name) {
      if let number = value.double { values[name] = number } else if value.isNull { values[name] = .nan }
    }
  }
}
