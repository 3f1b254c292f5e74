import Foundation
import ModelFiles
import Testing

/// Where test data lies.
enum TestData {
  static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func folder(_ variable: String, else url: URL) -> URL {
    ProcessInfo.processInfo.environment[variable].map { URL(fileURLWithPath: $0) } ?? url
  }

  /// The project's golden vectors, which stand beside the repository.
  static let vectors = folder(
    "PATRON_SHARED", else: packageRoot.deletingLastPathComponent().appendingPathComponent("shared")
  )
  .appendingPathComponent("vectors")
  static let hasVectors = FileManager.default.fileExists(atPath: vectors.path)
  static let noVectors: Comment = "the golden vectors are not beside the repository (../shared, or PATRON_SHARED)"

  /// The model that `make` downloads.
  static let gguf = folder("PATRON_MODELS", else: packageRoot.appendingPathComponent(".deps/models"))
    .appendingPathComponent("SmolLM2-135M-Instruct.Q4_1.gguf")
  static let hasGGUF = FileManager.default.fileExists(atPath: gguf.path)
  static let noGGUF: Comment = "the default model is not in .deps/models (or PATRON_MODELS); `make` fetches it"
}

/// A folder of its own for a test, removed afterwards.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("patron-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> URL {
    let file = url.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file
  }

  @discardableResult
  func write(_ text: String, _ name: String) throws -> URL { try write(Array(text.utf8), name) }
}

/// The error that `body` throws.
func failure(_ body: () throws -> Void) -> ModelFileError? {
  do {
    try body()
    return nil
  } catch {
    return error as? ModelFileError
  }
}

/// A small generator with a fixed sequence (splitmix64), so that a failing seed can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension FixedWidthInteger {
  var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
