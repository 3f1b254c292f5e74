import Foundation
import Testing

@testable import Training

/// A folder of its own for a test, removed afterwards.
final class RunTestFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("patron-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var run: URL { url.appendingPathComponent("run") }

  /// Takes up the run in this folder.
  func open(resuming: Bool = true) throws -> RunFolder { try RunFolder(run, resuming: resuming) }
}

func names(in url: URL) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
}

func write(_ text: String, to url: URL) throws {
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: url)
}

func read(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

/// The error that `body` throws.
func runFailure(_ body: () throws -> Void) -> RunError? {
  do {
    try body()
    return nil
  } catch {
    return error as? RunError
  }
}
