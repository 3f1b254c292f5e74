import Foundation
import Runs
import TestSupport

extension TemporaryFolder {
  var run: URL { url("run") }

  /// Takes up the run in this folder.
  func open(resuming: Bool = true) throws -> RunFolder { try RunFolder(run, resuming: resuming) }
}

func write(_ text: String, to url: URL) throws {
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: url)
}

func read(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }
