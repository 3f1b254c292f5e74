import Foundation
import JSON
import Testing

/// Where the checkout is, and what lies in it.
package enum Checkout {
  package static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The default model that `make` fetches; `PATRON_MODELS` names another folder that holds it.
  package static let defaultModel: URL = {
    let folder = ProcessInfo.processInfo.environment["PATRON_MODELS"].map { URL(fileURLWithPath: $0) }
    return (folder ?? root.appendingPathComponent(".deps/models"))
      .appendingPathComponent("SmolLM2-135M-Instruct.Q4_1.gguf")
  }()
  package static let hasDefaultModel = FileManager.default.fileExists(atPath: defaultModel.path)
  package static let defaultModelAbsence: Comment =
    "the default model is not in .deps/models (or PATRON_MODELS); `make setup` fetches it"
}

/// The reference programs' results, which stand beside the checkout and not in it: `../shared/vectors`, or under
/// PATRON_SHARED.
package enum Golden {
  package static let shared =
    ProcessInfo.processInfo.environment["PATRON_SHARED"].map { URL(fileURLWithPath: $0) }
    ?? Checkout.root.deletingLastPathComponent().appendingPathComponent("shared")
  package static let vectors = shared.appendingPathComponent("vectors")

  package static let isPresent = FileManager.default.fileExists(atPath: vectors.path)
  package static let absence: Comment = "the golden vectors (../shared/vectors or PATRON_SHARED) are not here"

  package static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: vectors.appendingPathComponent(path)), as: UTF8.self)
  }

  package static func json(_ path: String) throws -> JSON {
    try JSON.parse([UInt8](Data(contentsOf: vectors.appendingPathComponent(path))))
  }

  /// The rows of a JSON Lines file.
  package static func rows(_ path: String) throws -> [JSON] {
    try [UInt8](Data(contentsOf: vectors.appendingPathComponent(path))).split(separator: UInt8(ascii: "\n"))
      .map { try JSON.parse($0) }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test where the golden vectors are not beside the checkout.
  package static var needsGoldenVectors: Self { .enabled(if: Golden.isPresent, Golden.absence) }
}

extension JSON {
  package var integers: [Int] { (array ?? []).compactMap(\.int) }
  package var floats: [Float] { (array ?? []).compactMap { $0.double.map { Float($0) } } }

  /// A member that the file is known to have.
  package func at(_ key: String) throws -> JSON { try #require(self[key]) }

  /// A member that a vector must have; a missing one fails the comparison by its placeholder.
  package func text(_ key: String) -> String { self[key]?.string ?? "<\(key) is missing>" }
  package func number(_ key: String) -> Double { self[key]?.double ?? .nan }
  package func integer(_ key: String) -> Int { self[key]?.int ?? .min }
}
