import ArgumentParser
import Foundation
import Testing

@testable import patron

/// The built program, run as users run it.
enum Executable {
  /// The folder that SwiftPM builds products into: where the test bundle is.
  static let url: URL? = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
    let folders = [
      bundle.map { URL(fileURLWithPath: $0).deletingLastPathComponent() },
      packageRoot.appendingPathComponent(".build/debug"), packageRoot.appendingPathComponent(".build/release"),
    ]
    return folders.compactMap { $0?.appendingPathComponent("patron") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  /// - Parameter interruptedBy: a file; once it is not empty, the process gets a SIGINT.
  static func run(_ arguments: [String], input: String = "", interruptedBy: URL? = nil) throws -> Result {
    let executable: URL = try #require(url, "the executable `patron` is not built")
    return try run(executable, arguments, input: input, interruptedBy: interruptedBy)
  }

  static func run(
    _ executable: URL, _ arguments: [String], input: String = "", interruptedBy: URL? = nil
  ) throws -> Result {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    // Files, because a full pipe would block.
    let folder = try TemporaryFolder()
    try folder.write("input", input)
    for name in ["output", "errors"] { try folder.write(name, "") }
    process.standardInput = try FileHandle(forReadingFrom: folder.url("input"))
    process.standardOutput = try FileHandle(forWritingTo: folder.url("output"))
    process.standardError = try FileHandle(forWritingTo: folder.url("errors"))
    try process.run()
    if let interruptedBy {
      while process.isRunning, try Data(contentsOf: interruptedBy).isEmpty { usleep(20_000) }
      process.interrupt()
    }
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try folder.read("output"), errors: try folder.read("errors"))
  }
}

/// A command run inside the test, without the second that a process takes to start. Nothing may go to standard output.
enum InProcess {
  /// - Returns: the exit status, and what is said of the error that the command ends with.
  static func run(_ arguments: [String]) throws -> (status: Int32, message: String) {
    var command = try Patron.parseAsRoot(arguments)
    do {
      try command.run()
      return (0, "")
    } catch {
      return (ExitStatus.code(for: error).rawValue, error is ExitCode ? "" : ExitStatus.message(of: error))
    }
  }
}

/// A folder that goes away with the test.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("patron-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func url(_ name: String) -> URL { url.appendingPathComponent(name) }

  func path(_ name: String) -> String { url(name).path }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try FileManager.default.createDirectory(
      at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url(name))
    return path(name)
  }

  func read(_ name: String) throws -> String { try String(contentsOf: url(name), encoding: .utf8) }

  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}

let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// The golden vectors beside the repository (`../shared`, or where PATRON_SHARED says).
enum Golden {
  static let folder =
    (ProcessInfo.processInfo.environment["PATRON_SHARED"].map { URL(fileURLWithPath: $0) }
    ?? packageRoot.deletingLastPathComponent().appendingPathComponent("shared")).appendingPathComponent("vectors")
  static let isPresent = FileManager.default.fileExists(atPath: folder.path)
  static let absence: Comment = "the golden vectors (../shared/vectors or PATRON_SHARED) are not here"
}

enum DefaultModel {
  static let isPresent = ModelCatalog.folders(executable: Executable.url).contains {
    FileManager.default.fileExists(atPath: $0.appendingPathComponent(ModelCatalog.entries[0].fileName).path)
  }
  static let absence: Comment = "the default model is not in .deps/models; `make setup` fetches it"
}
