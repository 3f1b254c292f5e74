import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokenizer

extension Golden {
  /// Loaded once for all tests.
  static let llama3 = Result { try configured("llama3_tokenizer") }
  static let smolLM2 = Result { try configured("smollm2_tokenizer") }

  private static func configured(_ name: String) throws -> Tokenizer {
    try Tokenizer(
      tokenizerJSON: try gunzip(name + "/tokenizer.json.gz"),
      configuration: try JSON.parse(try text(name + "/tokenizer_config.json")))
  }
}
