import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder of a training run, held by this process alone for as long as the value lives.
///
///     config.json       the settings that the run was started with
///     run.json          where it stands (`RunStatus`)
///     data.json         what it is trained on
///     metrics.jsonl     one line per record (`MetricLog`); the same figures are in events.out.tfevents.* for
///     TensorBoard
///     samples.jsonl     what the model wrote on the way (`SampleLog`)
///     rollouts.jsonl    what it was rewarded for (`RolloutLog`)
///     checkpoints/      step-000123, … (`CheckpointStore`)
///     adapter/          the result, a PEFT folder
///
/// The hold is a lock of the operating system on `run.lock`: it ends with the process, however that ends.
public final class RunFolder: Sendable {
  public let url: URL
  /// Whether nothing of a run was there yet.
  public let isNew: Bool
  private let lock: FileDescriptor

  /// Makes the folder, or takes up the run in it.
  /// - Parameter resuming: whether a run may be there; where none is, it begins, so that the same command line starts a
  ///   run and continues it.
  /// - Throws: `RunError` of code `.isRun` where the folder holds a run that is not to be resumed; `.exists` where it
  ///   holds anything else; `.inUse` where another process has it.
  public init(_ url: URL, resuming: Bool) throws {
    self.url = url.standardizedFileURL
    let path = self.url.path
    do {
      try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
    } catch {
      throw RunError(
        isDiskFull(error) ? .diskFull : .inputOutput,
        "\(path): cannot make the run's folder: \(error.localizedDescription)")
    }
    // What is there is looked at before anything is added to it.
    let names = try Self.names(in: self.url)
    guard names.isEmpty || !names.isDisjoint(with: [Self.lockName, Self.statusName]) else {
      throw RunError(
        .exists,
        "\(path): found a folder that holds something else (\(names.sorted().prefix(5).joined(separator: ", "))); "
          + "choose a new or an empty folder for the run")
    }
    isNew = names.subtracting([Self.lockName]).isEmpty
    lock = try Self.lock(self.url)
    guard resuming || isNew else {
      throw RunError(.isRun, "\(path): found a run; resume it, or choose another folder")
    }
    FolderWriter.removeAbandoned(in: self.url)
  }

  /// Whether a process trains into the folder now.
  public static func isInUse(_ url: URL) -> Bool {
    guard let file = try? FileDescriptor(opening: url.appendingPathComponent(lockName).path, flags: O_RDONLY) else {
      return false
    }
    return flock(file.raw, LOCK_SH | LOCK_NB) != 0
  }

  // MARK: Places

  static let lockName = "run.lock"
  static let statusName = "run.json"
  static let metricsName = "metrics.jsonl"
  static let checkpointsName = "checkpoints"
  static let samplesName = "samples.jsonl"
  static let rolloutsName = "rollouts.jsonl"
  static let configurationName = "config.json"
  static let dataName = "data.json"

  public var checkpoints: URL { url.appendingPathComponent(Self.checkpointsName) }
  public var metrics: URL { url.appendingPathComponent(Self.metricsName) }
  public var samples: URL { url.appendingPathComponent(Self.samplesName) }
  public var rollouts: URL { url.appendingPathComponent(Self.rolloutsName) }
  public var configuration: URL { url.appendingPathComponent(Self.configurationName) }
  public var data: URL { url.appendingPathComponent(Self.dataName) }
  /// The trained adapter, a PEFT folder.
  public var adapter: URL { url.appendingPathComponent("adapter") }

  private static func names(in url: URL) throws -> Set<String> {
    do {
      // Hidden entries are leftovers of killed writers, or none of this run's business.
      return Set(try FileManager.default.contentsOfDirectory(atPath: url.path).filter { !$0.hasPrefix(".") })
    } catch {
      throw RunError(.inputOutput, "\(url.path): cannot read the folder: \(error.localizedDescription)")
    }
  }

  private static func lock(_ url: URL) throws -> FileDescriptor {
    let path = url.appendingPathComponent(lockName).path
    let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT)
    guard flock(file.raw, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else {
        throw RunError(.inputOutput, "\(path): cannot lock the run's folder: \(String(cString: strerror(errno)))")
      }
      let holder = (try? String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)) ?? ""
      // Whatever the file says, only a short printable line of it is shown.
      let name = String(
        holder.unicodeScalars.filter { (0x20...0x7E).contains($0.value) }.prefix(80).map(Character.init))
      throw RunError(
        .inUse,
        "\(url.path): another process\(name.isEmpty ? "" : " (\(name))") trains into this folder; wait until it ends, or "
          + "choose another folder")
    }
    try file.truncate(to: 0)
    let holder = "process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n"
    try Array(holder.utf8).withUnsafeBytes { try file.writeAll($0) }
    return file
  }
}
