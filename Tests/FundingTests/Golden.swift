import Foundation
import JSON

/// The golden vectors beside the repository (`../shared`, or where PATRON_SHARED says).
enum Golden {
  static let shared: URL = {
    if let path = ProcessInfo.processInfo.environment["PATRON_SHARED"] { return URL(fileURLWithPath: path) }
    return URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("shared")
  }()

  static let isPresent = FileManager.default.fileExists(atPath: shared.appendingPathComponent("vectors").path)
  static let absence = "the golden vectors (../shared/vectors or PATRON_SHARED) are not here"

  /// The rows of a JSONL file.
  static func rows(_ path: String) throws -> [JSON] {
    let data = try Data(contentsOf: shared.appendingPathComponent(path))
    return try data.split(separator: 0x0A).map { try JSON.parse($0) }
  }
}
