import Foundation
import JSON
import Testing
import Tokenizer

extension Golden {
  /// A file of the vectors that is stored compressed.
  package static func gunzip(_ path: String) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", vectors.appendingPathComponent(path).path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try #require(try pipe.fileHandleForReading.readToEnd())
    process.waitUntilExit()
    return data
  }

  /// A tokenizer from its `tokenizer.json` alone: `llama3_tokenizer` or `smollm2_tokenizer`.
  package static func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer(tokenizerJSON: gunzip(name + "/tokenizer.json.gz"))
  }
}
