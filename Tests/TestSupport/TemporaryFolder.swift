import Foundation
import JSON

/// A folder of its own for a test, which goes away with it.
package final class TemporaryFolder {
  package let url: URL

  package init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("patron-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  package func url(_ name: String) -> URL { url.appendingPathComponent(name) }

  package func path(_ name: String) -> String { url(name).path }

  /// Writes a file, and the folders above it.
  /// - Returns: its path.
  @discardableResult
  package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try FileManager.default.createDirectory(
      at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url(name))
    return path(name)
  }

  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// Like `write`.
  /// - Returns: the file's place.
  @discardableResult
  package func file(_ name: String, _ bytes: [UInt8]) throws -> URL { URL(fileURLWithPath: try write(name, bytes)) }

  @discardableResult
  package func file(_ name: String, _ text: String) throws -> URL { try file(name, Array(text.utf8)) }

  /// Writes JSON Lines.
  @discardableResult
  package func write(_ name: String, rows: [JSON]) throws -> String {
    try write(name, rows.map { $0.text() + "\n" }.joined())
  }

  package func read(_ name: String) throws -> String { try String(contentsOf: url(name), encoding: .utf8) }

  /// What lies in the folder, sorted.
  package var names: [String] { contents(of: url) }
}

/// Names of what lies in a folder, sorted; none where there is no folder.
package func contents(of folder: URL) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
}

/// The error of a type that `body` throws; nil where it throws none, or another.
package func failure<Failure: Error>(_ type: Failure.Type, _ body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch {
    return error as? Failure
  }
}

extension FixedWidthInteger {
  package var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
