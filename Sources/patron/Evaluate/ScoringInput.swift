import ArgumentParser
import Foundation
import PatronKit
import Runs
import Scoring

/// Reads what `patron evaluate` and `patron reward` score. Errors name the file.
enum ScoringInput {
  static func check(maxFileSize: Int) throws {
    guard (1...1 << 30).contains(maxFileSize) else {
      throw ValidationError("found --max-file-size \(maxFileSize), expected a number from 1 to \(1 << 30)")
    }
  }

  /// A file, or standard input for `-`.
  static func bytes(_ path: String, mebibytes: Int) throws -> [UInt8] {
    let source = InputSource(id: path, place: path == "-" ? .standardInput : .file(path: path))
    do {
      return try source.contents(
        limit: mebibytes << 20, advice: "--max-file-size raises the limit", checkInterruption: Interruption.check)
    } catch let error as InputError {
      throw InputError("\(path): \(error.message)")
    }
  }

  static func file(_ path: String, mebibytes: Int) throws -> EvaluationFile {
    let bytes = try bytes(path, mebibytes: mebibytes)
    let file = try naming(path) { () throws(ScoringError) in try EvaluationFile(bytes) }
    guard !file.isEmpty else { throw empty(path) }
    return file
  }

  static func empty(_ path: String) -> InputError {
    InputError("\(path): found no rows, expected one JSON object a line, or an array of objects")
  }

  static func naming<Value>(_ path: String, _ body: () throws(ScoringError) -> Value) throws -> Value {
    do throws(ScoringError) {
      return try body()
    } catch {
      throw InputError("\(path): \(error.message)")
    }
  }

  /// The value of an option: itself, or the content of a file where it is `@FILE` (`@-` for standard input).
  static func text(_ value: String, mebibytes: Int) throws -> String {
    guard value.hasPrefix("@") else { return value }
    let path = String(value.dropFirst())
    guard let text = String(validating: try bytes(path, mebibytes: mebibytes), as: UTF8.self) else {
      throw InputError("\(path): found bytes that are not UTF-8")
    }
    return text
  }
}
