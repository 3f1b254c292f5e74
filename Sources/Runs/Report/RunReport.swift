import Files
import Foundation
import JSON

/// A run as one page of HTML: curves, settings, checkpoints, data, and what the model wrote on the way.
///
///     let page = try RunReport(URL(fileURLWithPath: "runs/sft-1")).html()
///
/// The page needs nothing but itself. It shows whatever of a run is there: one that is still running, was killed, or
/// has only begun.
public struct RunReport {
  let name: String
  let status: RunStatus?
  let isInUse: Bool
  let records: [MetricRecord]
  let checkpoints: [SavedCheckpoint]
  let ranking: CheckpointRanking?
  let settings: JSON?
  let data: JSON?
  let samples: [RunSample]
  /// Parts that are there and cannot be read.
  let problems: [String]

  /// Reads a run's folder; nothing in it is changed.
  /// - Throws: `RunError` of code `.notFound` where there is no run.
  public init(_ run: URL) throws {
    let run = run.standardizedFileURL
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: run.path)) ?? []
    let wanted = [RunFolder.statusName, RunFolder.metricsName, RunFolder.checkpointsName]
    guard !Set(entries).isDisjoint(with: wanted) else {
      throw RunError(
        .notFound, "\(run.path): found no run (\(wanted.joined(separator: ", ")) are all missing); name a run's folder")
    }
    var problems: [String] = []
    func part<Part>(_ none: Part, _ read: () throws -> Part) -> Part {
      do {
        return try read()
      } catch {
        problems.append(ErrorMessage.text(of: error))
        return none
      }
    }
    func file(_ name: String) throws -> JSON? {
      let url = run.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: url.path) else { return nil }
      do {
        return try JSON.parse(readSmallFile(url))
      } catch let error as JSONError {
        throw RunError(.malformed, "\(url.path): offset \(error.offset): \(error.message)")
      }
    }
    name = run.lastPathComponent
    status = part(nil) { try RunStatus.read(run) }
    isInUse = RunFolder.isInUse(run)
    records = part([]) { try MetricRecord.records(of: run) }
    samples = part([]) { try RunSample.samples(of: run) }
    settings = part(nil) { try file(RunFolder.configurationName) }
    data = part(nil) { try file(RunFolder.dataName) }
    checkpoints = CheckpointStore.saved(in: run)
    ranking = checkpoints.last.flatMap { try? CheckpointMarker.ranking(CheckpointMarker.read($0.url)) }
    self.problems = problems
  }

  var best: SavedCheckpoint? { ranking?.best(of: checkpoints) }

  // MARK: Where the run stands

  /// The state in a word, and what it means for the page's colours.
  var state: (word: String, style: String) {
    switch status?.state {
    case .running? where isInUse, nil where isInUse: ("running", "running")
    case .finished?: ("finished", "finished")
    case .failed?: ("failed", "failed")
    case .stopped?: ("stopped", "stopped")
    default: ("ended without notice", "stopped")
    }
  }

  var lastStep: Int { max(records.map(\.step).max() ?? 0, status?.step ?? 0) }

  /// Seconds of training.
  var seconds: Double { records.map(\.seconds).max() ?? 0 }

  /// Seconds that the rest of a running run takes, judged by its last fifth.
  var secondsLeft: Double? {
    guard state.word == "running", let planned = status?.plannedSteps, planned > lastStep else { return nil }
    let recent = records.filter { $0.step >= lastStep - max(5, lastStep / 5) }
    guard let first = recent.first, let last = recent.last, last.step > first.step else { return nil }
    return (last.seconds - first.seconds) / Double(last.step - first.step) * Double(planned - lastStep)
  }

  /// The latest value of a metric.
  func latest(_ name: String) -> Double? { records.last { $0.values[name] != nil }?.values[name] }

  // MARK: Curves

  func series(_ metric: String, name: String? = nil) -> ChartSeries {
    ChartSeries(
      name: name ?? metric,
      points: records.compactMap { record in record.values[metric].map { (record.step, $0) } })
  }

  /// The curves, the known ones first, then whatever else was recorded.
  var charts: [Chart] {
    let metrics = Set(records.flatMap(\.values.keys))
    let mark = best.map { ($0.step, "best") }
    var charts: [Chart?] = []

    var loss = lines(series(MetricName.loss, name: "train"))
    loss.append(series(MetricName.devLoss, name: "dev"))
    charts.append(Chart("Loss", loss, mark: mark))

    let dev = metrics.filter { $0.hasPrefix(MetricName.devPrefix) && $0 != MetricName.devLoss }.sorted()
    for first in stride(from: 0, to: dev.count, by: 6) {
      charts.append(
        Chart(
          "Dev metrics",
          dev[first..<min(first + 6, dev.count)].map {
            series($0, name: String($0.dropFirst(MetricName.devPrefix.count)))
          },
          mark: mark))
    }
    charts.append(Chart("Learning rate", [series(MetricName.learningRate, name: "learning rate")]))
    charts.append(Chart("Gradient norm, before clipping", lines(series(MetricName.gradientNorm, name: "norm"))))
    charts.append(Chart("Tokens per second", lines(series(MetricName.tokensPerSecond, name: "tokens/s"))))
    if (latest(MetricName.skippedSteps) ?? 0) > 0 {
      charts.append(Chart("Steps skipped so far", [series(MetricName.skippedSteps, name: "skipped")]))
    }
    let known = [
      MetricName.loss, MetricName.devLoss, MetricName.learningRate, MetricName.gradientNorm,
      MetricName.tokensPerSecond, MetricName.skippedSteps, MetricName.tokens, MetricName.epoch,
    ]
    for metric in metrics.subtracting(known).subtracting(dev).sorted() {
      charts.append(Chart(metric, lines(series(metric))))
    }
    return charts.compactMap { $0 }
  }

  /// A curve of noisy figures: smoothed, the figures behind it. Short ones stay as they are.
  private func lines(_ series: ChartSeries) -> [ChartSeries] {
    guard series.points.count >= 40 else { return [series] }
    var back = series
    back.isBackground = true
    return [back, series.smoothed(series.points.count >= 200 ? 0.9 : 0.8)]
  }
}
