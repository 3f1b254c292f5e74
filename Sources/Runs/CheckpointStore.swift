import Files
import Foundation
import JSON

/// A checkpoint whose completeness marker is there.
public struct SavedCheckpoint: Sendable, Equatable {
  /// Optimizer updates done.
  public let step: Int
  public let url: URL
  /// What was measured when it was saved, such as `dev/loss`.
  public let metrics: [String: Double]
  /// When it was saved, in seconds since 1970.
  public let time: Double
  /// What the marker says about each file: size and SHA-256, by path inside the folder.
  let files: [String: CheckpointMarker.File]

  /// Bytes of all files.
  public var byteCount: Int { files.values.reduce(0) { $0 + $1.byteCount } }
}

/// Which checkpoint is the best one.
public struct CheckpointRanking: Sendable, Equatable {
  public enum Preference: String, Sendable { case lowest, highest }

  /// Name of a metric that checkpoints are saved with.
  public var metric: String
  public var prefers: Preference

  public init(metric: String, prefers: Preference) {
    self.metric = metric
    self.prefers = prefers
  }

  /// By a figure of dev rows: the loss is to be low, all others are scores and to be high.
  public init(figure: String) { self.init(metric: figure, prefers: figure == MetricName.devLoss ? .lowest : .highest) }

  /// The best of these, of equals the one with the lowest dev loss, of equals still the latest; nil where none has the
  /// metric as a finite number.
  public func best(of checkpoints: [SavedCheckpoint]) -> SavedCheckpoint? { ranked(checkpoints).first }

  func ranked(_ checkpoints: [SavedCheckpoint]) -> [SavedCheckpoint] {
    func value(_ checkpoint: SavedCheckpoint, _ metric: String) -> Double? {
      checkpoint.metrics[metric].flatMap { $0.isFinite ? $0 : nil }
    }
    return checkpoints.compactMap { checkpoint in value(checkpoint, metric).map { (checkpoint, $0) } }
      .sorted { a, b in
        if a.1 != b.1 { return prefers == .lowest ? a.1 < b.1 : a.1 > b.1 }
        // Scores of a few written rows are often the same; the loss of all rows hardly ever is.
        let losses = [a.0, b.0].map { value($0, MetricName.devLoss) ?? .infinity }
        return losses[0] == losses[1] ? a.0.step > b.0.step : losses[0] < losses[1]
      }
      .map(\.0)
  }
}

/// The checkpoints of a run: folders `checkpoints/step-000123`, each complete or without a marker and then not trusted.
///
/// A checkpoint is written into a hidden folder, its files and folders are synchronised with the disk, the folder is
/// renamed, and last of all its marker `complete.json` appears, which holds the size and the SHA-256 of each file. So a
/// process that is killed at any moment, or a disk that fills up, costs the checkpoint that is being written and never
/// an older one; and a file that changed afterwards is noticed.
///
///     let store = CheckpointStore(run, keepingLast: 3, ranking: CheckpointRanking(metric: "dev/loss", prefers:
///     .lowest)) let (start, warnings) = try store.latest() … try store.save(step: 100, metrics: ["dev/loss": 0.31]) {
///     folder in try writeEverything(into: folder) }
public struct CheckpointStore: Sendable {
  /// Checkpoints that stay besides the best one, unless another number is asked for.
  public static let defaultKeptCount = 3

  public let run: RunFolder
  public let keptCount: Int
  public let ranking: CheckpointRanking?

  /// - Parameters:
  ///   - run: held for as long as the store lives, so that nobody else writes there. Leftovers of a killed process are
  ///     removed.
  ///   - keepingLast: how many of the newest checkpoints stay; at least 1.
  ///   - ranking: the best checkpoint by this stays too.
  public init(_ run: RunFolder, keepingLast: Int = defaultKeptCount, ranking: CheckpointRanking? = nil) {
    self.run = run
    keptCount = max(1, keepingLast)
    self.ranking = ranking
    FolderWriter.removeAbandoned(in: run.checkpoints)
  }

  // MARK: Writing

  /// Saves a checkpoint, then removes those that need not stay.
  ///
  /// Where a sound checkpoint of this step is there already, it stays as it is, with `metrics` added to it: the same
  /// step of the same run is the same state.
  /// - Parameters:
  ///   - step: optimizer updates done, from 0.
  ///   - metrics: what was measured at this step.
  ///   - write: writes the content into a folder that exists and is empty; subfolders are allowed, links are not.
  /// - Throws: `RunError` of code `.diskFull` where no space is left, and whatever `write` throws. The older
  ///   checkpoints are then all there.
  @discardableResult
  public func save(
    step: Int, metrics: [String: Double] = [:], _ write: (URL) throws -> Void
  ) throws -> SavedCheckpoint {
    guard step >= 0 else { throw RunError(.malformed, "found step \(step) for a checkpoint, expected 0 or more") }
    let url = run.checkpoints.appendingPathComponent(Self.name(of: step))
    var saved: SavedCheckpoint
    do {
      if let present = try? SavedCheckpoint(url), (try? present.verify()) != nil {
        saved = present.adding(metrics)
      } else {
        // A marker would vouch for another content if the process ended between the renaming and the next marker.
        try? FileManager.default.removeItem(at: url.appendingPathComponent(CheckpointMarker.name))
        let writer = try FolderWriter(url, replacingExisting: true)
        try write(writer.temporary)
        let files = try CheckpointMarker.examine(writer.temporary)
        try writer.commit()
        saved = SavedCheckpoint(
          step: step, url: url, metrics: metrics, time: Date().timeIntervalSince1970, files: files)
      }
      try AtomicFile.write(
        CheckpointMarker.bytes(of: saved, ranking: ranking), to: url.appendingPathComponent(CheckpointMarker.name))
    } catch  where isDiskFull(error) {
      let others = Self.saved(in: run.url).map { String($0.step) }
      throw RunError(
        .diskFull,
        "\(url.path): the disk is full, so the checkpoint of step \(step) was not written (\(ErrorMessage.text(of: error))); "
          + (others.isEmpty ? "" : "the checkpoints of steps \(others.joined(separator: ", ")) are untouched; ")
          + "make room and resume the run")
    }
    prune()
    return saved
  }

  /// Removes the checkpoints of later steps and those without a marker, once it is settled where the run goes on.
  public func discard(after step: Int) throws {
    for (number, url) in Self.folders(in: run.url) {
      let isComplete = (try? SavedCheckpoint(url)) != nil
      if number > step || !isComplete { try remove(url) }
    }
  }

  private func prune() {
    let all = Self.saved(in: run.url)
    var kept = Set(all.suffix(keptCount).map(\.step))
    if let best = ranking?.best(of: all) { kept.insert(best.step) }
    // What cannot be removed now is tried again with the next checkpoint: it is no reason to end a run.
    for checkpoint in all where !kept.contains(checkpoint.step) { try? remove(checkpoint.url) }
  }

  private func remove(_ url: URL) throws {
    // The marker goes first: a folder that is half removed must not look complete.
    try? FileManager.default.removeItem(at: url.appendingPathComponent(CheckpointMarker.name))
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      throw RunError(.inputOutput, "\(url.path): cannot remove the checkpoint: \(error.localizedDescription)")
    }
  }

  // MARK: Reading

  /// The newest checkpoint that is as it was written.
  /// - Returns: nil where there is none yet; a warning for each newer one that was passed over.
  /// - Throws: `RunError` of code `.damaged` where there are complete checkpoints and none is sound: to start again
  ///   from nothing is for a person to decide.
  public func latest() throws -> (checkpoint: SavedCheckpoint?, warnings: [String]) {
    try Self.firstSound(Self.folders(in: run.url).reversed())
  }

  /// The best checkpoint that is as it was written, by `ranking`; without a ranking, or where no checkpoint has the
  /// metric, the newest.
  public func best() throws -> (checkpoint: SavedCheckpoint?, warnings: [String]) {
    let ranked = ranking?.ranked(Self.saved(in: run.url)) ?? []
    guard !ranked.isEmpty else { return try latest() }
    return try Self.firstSound(ranked.map { ($0.step, $0.url) })
  }

  /// The checkpoints of a run that have a readable marker, by step. The content is not verified.
  /// - Parameter url: the run's folder; nothing in it is changed.
  public static func saved(in url: URL) -> [SavedCheckpoint] {
    folders(in: url).compactMap { try? SavedCheckpoint($0.url) }
  }

  private static func firstSound(
    _ folders: [(step: Int, url: URL)]
  ) throws -> (checkpoint: SavedCheckpoint?, warnings: [String]) {
    var warnings: [String] = []
    var damaged: [String] = []
    for (_, url) in folders {
      guard FileManager.default.fileExists(atPath: url.appendingPathComponent(CheckpointMarker.name).path) else {
        warnings.append("\(url.path): passed over, it was not written to its end")
        continue
      }
      do {
        let checkpoint = try SavedCheckpoint(url)
        try checkpoint.verify()
        return (checkpoint, warnings)
      } catch {
        damaged.append(ErrorMessage.text(of: error))
        warnings.append("passed over, it is damaged: \(ErrorMessage.text(of: error))")
      }
    }
    guard damaged.isEmpty else {
      throw RunError(
        .damaged,
        "none of \(damaged.count) checkpoints is as it was written: \(damaged.joined(separator: "; ")); restore one from a "
          + "copy, or begin again in another folder")
    }
    return (nil, warnings)
  }

  static func name(of step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  private static func folders(in run: URL) -> [(step: Int, url: URL)] {
    let folder = run.appendingPathComponent(RunFolder.checkpointsName)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.compactMap { name -> (step: Int, url: URL)? in
      guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), step >= 0, Self.name(of: step) == name else {
        return nil
      }
      return (step, folder.appendingPathComponent(name))
    }
    .sorted { $0.step < $1.step }
  }
}
