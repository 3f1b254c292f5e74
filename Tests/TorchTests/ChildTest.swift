import Foundation
import Testing

/// Tests of this program in a process of their own: for what a process reads once, or what would disturb other tests.
enum ChildTest {
  static let isRunning = ProcessInfo.processInfo.environment["PATRON_CHILD_TEST"] != nil
  static let absence: Comment = "runs in a process of its own, which another test starts"

  /// - Parameter tests: a filter as of `swift test --filter`.
  /// - Returns: whether they passed, and everything that they printed.
  static func run(_ tests: String, environment: [String: String] = [:]) throws -> (isPassed: Bool, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
    // As SwiftPM starts them.
    process.arguments = ["--testing-library", "swift-testing", "--filter", tests]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      .merging(["PATRON_CHILD_TEST": "1"]) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus == 0, String(decoding: data, as: UTF8.self))
  }
}
