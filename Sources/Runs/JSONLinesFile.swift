import Files
import Foundation
import JSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file of JSON objects with a `step`, one a line, that grows at its end and survives being cut off anywhere.
final class JSONLinesFile {
  private let file: FileDescriptor

  /// Opens or makes the file. Lines of later steps (all, where `step` is nil) and what does not parse, such as a last
  /// line that is cut short, are taken out first, in one go: the file is the old one or the new one.
  /// - Returns: the lines that stay.
  static func open(_ url: URL, keepingUpTo step: Int?) throws -> (file: JSONLinesFile, lines: [JSON]) {
    var lines: [JSON] = []
    if FileManager.default.fileExists(atPath: url.path) {
      let bytes = try readSmallFile(url, limit: sizeLimit)
      var kept: [UInt8] = []
      kept.reserveCapacity(bytes.count)
      for (_, line) in JSONLines.lines(of: bytes) {
        guard let step, let json = try? JSON.parse(line), let lineStep = json["step"]?.int, lineStep <= step else {
          continue
        }
        lines.append(json)
        kept += line
        kept.append(newline)
      }
      if kept != bytes { try AtomicFile.write(kept, to: url) }
    }
    return (JSONLinesFile(try FileDescriptor(opening: url.path, flags: O_WRONLY | O_CREAT | O_APPEND)), lines)
  }

  private init(_ file: FileDescriptor) { self.file = file }

  /// Adds one line. Where it cannot be written whole, nothing of it stays.
  func append(_ value: JSON) throws {
    let before = Int(try file.status().st_size)
    do {
      try (value.utf8() + [Self.newline]).withUnsafeBytes { try file.writeAll($0) }
    } catch {
      try? file.truncate(to: before)
      throw error
    }
  }

  /// Bytes of all lines.
  func byteCount() throws -> Int { Int(try file.status().st_size) }

  /// Waits until all lines are on the disk.
  func synchronize() throws { try file.synchronize() }

  /// The lines that can be read: one that is cut short, as the last of a run that goes on may be, is passed over.
  static func lines(of url: URL) throws -> [JSON] {
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    return JSONLines.lines(of: try readSmallFile(url, limit: sizeLimit)).compactMap { try? JSON.parse($0.bytes) }
  }

  private static let newline = UInt8(ascii: "\n")
  private static let sizeLimit = 1 << 30
}
