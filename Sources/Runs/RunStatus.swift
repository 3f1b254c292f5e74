import Files
import Foundation
import JSON

/// Where a run stands: `run.json`.
public struct RunStatus: Sendable, Equatable {
  public enum State: String, Sendable {
    /// Or it was killed: `RunFolder.isInUse` tells.
    case running
    /// To the end of its plan.
    case finished
    /// On request; it can be resumed.
    case stopped
    /// By an error, which `note` tells.
    case failed
  }

  /// The trainer: `sft`, …
  public var kind: String
  public var state: State
  /// Why it ended, for people.
  public var note: String?
  /// Of the program.
  public var version: String
  /// Seconds since 1970 of the first start, and of this status.
  public var started: Double
  public var updated: Double
  /// Optimizer updates done, and those of the whole plan.
  public var step: Int
  public var plannedSteps: Int?
  /// Tokens of all rows read so far.
  public var tokens: Int?

  public init(kind: String, version: String, plannedSteps: Int? = nil) {
    self.kind = kind
    state = .running
    self.version = version
    started = Date().timeIntervalSince1970
    updated = started
    step = 0
    self.plannedSteps = plannedSteps
  }

  /// Puts the status into the run's folder, with the time of now.
  public func write(to run: RunFolder) throws {
    let members: [(String, JSON?)] = [
      ("format", 1), ("kind", .string(kind)), ("state", .string(state.rawValue)), ("note", note.map(JSON.string)),
      ("version", .string(version)), ("started", .number(started)), ("updated", .number(Date().timeIntervalSince1970)),
      ("step", .number(step)), ("planned_steps", plannedSteps.map { .number($0) }),
      ("tokens", tokens.map { .number($0) }),
    ]
    let json = JSON.object(members.compactMap { key, value in value.map { (key, $0) } })
    try AtomicFile.write(
      Array((json.text(pretty: true) + "\n").utf8), to: run.url.appendingPathComponent(RunFolder.statusName))
  }

  /// The status of a run; nil where it has none yet.
  public static func read(_ run: URL) throws -> RunStatus? {
    let url = run.appendingPathComponent(RunFolder.statusName)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    do {
      let json = try JSON.parse(readSmallFile(url))
      guard let kind = json["kind"]?.string, let state = json["state"]?.string.flatMap(State.init) else {
        throw RunError(.malformed, "\(url.path): \"kind\" or \"state\" is not what patron writes")
      }
      var status = RunStatus(
        kind: kind, version: json["version"]?.string ?? "", plannedSteps: json["planned_steps"]?.int)
      status.state = state
      status.note = json["note"]?.string
      status.started = json["started"]?.double ?? 0
      status.updated = json["updated"]?.double ?? 0
      status.step = json["step"]?.int ?? 0
      status.tokens = json["tokens"]?.int
      return status
    } catch let error as JSONError {
      throw RunError(.malformed, "\(url.path): offset \(error.offset): \(error.message)")
    }
  }
}
