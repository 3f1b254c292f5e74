import Foundation
import JSON
import Testing

@testable import Tokenizer

/// The shared golden vectors beside the repository.
enum Golden {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["PATRON_SHARED"] {
      return URL(fileURLWithPath: path).appendingPathComponent("vectors")
    }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/vectors")
  }()

  static let isPresent = FileManager.default.fileExists(atPath: folder.appendingPathComponent("README.md").path)
  static let absence: Comment = "the golden vectors (../shared/vectors) are not here"

  static func rows(_ name: String) throws -> [JSON] {
    try Data(contentsOf: folder.appendingPathComponent(name)).split(separator: 0x0A).map { try JSON.parse($0) }
  }

  static func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)), as: UTF8.self)
  }

  static func gunzip(_ name: String) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", folder.appendingPathComponent(name).path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try #require(try pipe.fileHandleForReading.readToEnd())
    process.waitUntilExit()
    return data
  }

  /// Loaded once for all tests.
  static let llama3 = Result { try tokenizer("llama3_tokenizer") }
  static let smolLM2 = Result { try tokenizer("smollm2_tokenizer") }

  private static func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer(
      tokenizerJSON: try gunzip(name + "/tokenizer.json.gz"),
      configuration: try JSON.parse(try text(name + "/tokenizer_config.json")))
  }
}

extension JSON {
  var ints: [Int]? { array?.compactMap(\.int) }
}
