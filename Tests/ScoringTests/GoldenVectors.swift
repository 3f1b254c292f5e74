import Foundation
import JSON
import Testing

/// The reference's results in ../shared/vectors (or under `PATRON_SHARED`); see the README there.
enum GoldenVectors {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["PATRON_SHARED"] {
      return URL(fileURLWithPath: path).appendingPathComponent("vectors")
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return root.deletingLastPathComponent().appendingPathComponent("shared/vectors")
  }()

  static var areThere: Bool { FileManager.default.fileExists(atPath: folder.appendingPathComponent("reward").path) }

  static func value(_ path: String) throws -> JSON {
    try JSON.parse([UInt8](Data(contentsOf: folder.appendingPathComponent(path))))
  }

  /// The rows of a JSONL file.
  static func rows(_ path: String) throws -> [JSON] {
    let bytes = try [UInt8](Data(contentsOf: folder.appendingPathComponent(path)))
    return try bytes.split(separator: 0x0A).map { try JSON.parse([UInt8]($0)) }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test where the golden vectors are not beside the repository.
  static var needsGoldenVectors: Self { .enabled(if: GoldenVectors.areThere, "needs ../shared/vectors") }
}

extension JSON {
  /// A member that a vector must have; a missing one fails the comparison by its placeholder.
  func text(_ key: String) -> String { self[key]?.string ?? "<\(key) is missing>" }
  func number(_ key: String) -> Double { self[key]?.double ?? .nan }
  func integer(_ key: String) -> Int { self[key]?.int ?? .min }
}

/// Rows that differ, so that one failure shows them all instead of thousands of issues.
struct Differences {
  private(set) var comparisons = 0
  private(set) var count = 0
  private(set) var first: [String] = []

  mutating func expectEqual(
    _ found: Double, _ expected: Double, within tolerance: Double = 1e-9, _ row: @autoclosure () -> String
  ) {
    comparisons += 1
    if !(abs(found - expected) <= tolerance) { add("\(row()): found \(found), expected \(expected)") }
  }

  mutating func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ row: @autoclosure () -> String) {
    comparisons += 1
    if found != expected { add("\(row()): found \(found), expected \(expected)") }
  }

  /// Strings are the same if their scalars are.
  mutating func expectEqual(_ found: String, _ expected: String, _ row: @autoclosure () -> String) {
    comparisons += 1
    if !found.utf8.elementsEqual(expected.utf8) {
      add("\(row()): found \(found.debugDescription), expected \(expected.debugDescription)")
    }
  }

  mutating func add(_ difference: String) {
    count += 1
    if first.count < 5 { first.append(difference) }
  }

  func expectNone(of rows: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
      rows > 0 && comparisons >= rows, "\(comparisons) comparisons in \(rows) rows", sourceLocation: sourceLocation)
    #expect(
      count == 0, "\(count) differences in \(rows) rows:\n\(first.joined(separator: "\n"))",
      sourceLocation: sourceLocation)
  }
}
