import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokenizer

extension Golden {
  static func gunzip(_ name: String) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", vectors.appendingPathComponent(name).path]
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
