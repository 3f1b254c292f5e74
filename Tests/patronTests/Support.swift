import ArgumentParser
import Files
import Foundation
import Runs
import TestSupport
import Testing

@testable import patron

/// The built program, run as users run it.
enum Executable {
  /// The folder that SwiftPM builds products into: where the test bundle is.
  static let url: URL? = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
    let folders = [
      bundle.map { URL(fileURLWithPath: $0).deletingLastPathComponent() },
      Checkout.root.appendingPathComponent(".build/debug"), Checkout.root.appendingPathComponent(".build/release"),
    ]
    return folders.compactMap { $0?.appendingPathComponent("patron") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  /// - Parameters:
  ///   - interruptedBy: a file; once it is not empty, the process gets a SIGINT.
  ///   - environment: variables besides those of this process.
  static func run(
    _ arguments: [String], input: String = "", interruptedBy: URL? = nil, environment: [String: String] = [:]
  ) throws -> Result {
    let executable: URL = try #require(url, "the executable `patron` is not built")
    return try run(executable, arguments, input: input, interruptedBy: interruptedBy, environment: environment)
  }

  static func run(
    _ executable: URL, _ arguments: [String], input: String = "", interruptedBy: URL? = nil,
    environment: [String: String] = [:]
  ) throws -> Result {
    let program = try RunningProgram(executable, arguments, input: input, environment: environment)
    if let interruptedBy {
      while program.isRunning, try Data(contentsOf: interruptedBy).isEmpty { usleep(20_000) }
      program.interrupt()
    }
    return program.wait()
  }
}

/// The built program at work.
final class RunningProgram {
  private let process = Process()
  // Files, because a full pipe would block.
  private let folder: TemporaryFolder

  convenience init(_ arguments: [String], environment: [String: String] = [:]) throws {
    let executable: URL = try #require(Executable.url, "the executable `patron` is not built")
    try self.init(executable, arguments, environment: environment)
  }

  init(_ executable: URL, _ arguments: [String], input: String = "", environment: [String: String]) throws {
    folder = try TemporaryFolder()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    try folder.write("input", input)
    for name in ["output", "errors"] { try folder.write(name, "") }
    process.standardInput = try FileHandle(forReadingFrom: folder.url("input"))
    process.standardOutput = try FileHandle(forWritingTo: folder.url("output"))
    process.standardError = try FileHandle(forWritingTo: folder.url("errors"))
    try process.run()
  }

  deinit { if process.isRunning { kill() } }

  var isRunning: Bool { process.isRunning }

  /// SIGINT.
  func interrupt() { process.interrupt() }
  func stop() { Foundation.kill(process.processIdentifier, SIGSTOP) }
  func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

  func wait() -> Executable.Result {
    process.waitUntilExit()
    return Executable.Result(
      status: process.terminationStatus, output: (try? folder.read("output")) ?? "",
      errors: (try? folder.read("errors")) ?? "")
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
      return (ExitStatus.code(for: error).rawValue, error is ExitCode ? "" : ModelAdvice.text(of: error))
    }
  }
}
