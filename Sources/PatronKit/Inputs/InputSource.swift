import Files
import Foundation

/// An input that could not be read.
public struct InputError: Error, Sendable, Equatable, CustomStringConvertible {
  public let message: String
  package init(_ message: String) { self.message = message }
  public var description: String { message }
}

/// A file to be read, or standard input.
package struct InputSource: Sendable, Equatable {
  package enum Place: Sendable, Equatable {
    case file(path: String)
    case standardInput
    /// Found out while collecting: not readable, for this reason.
    case unreadable(InputError)
  }

  /// The path as given, or `stdin`.
  package let id: String
  package let place: Place

  package init(id: String, place: Place) {
    self.id = id
    self.place = place
  }

  /// The path of a file.
  package var path: String? {
    guard case .file(let path) = place else { return nil }
    return path
  }

  /// Size of a regular file; nil where it shows only by reading.
  package var byteCount: Int? {
    guard let path else { return nil }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// Reads it all.
  /// - Parameters:
  ///   - limit: most bytes.
  ///   - advice: what is said where there are more.
  ///   - checkInterruption: called between pieces; what it throws ends the reading.
  package func contents(
    limit: Int, advice: String, checkInterruption: () throws -> Void = {}
  ) throws -> [UInt8] {
    switch place {
    case .unreadable(let error): throw error
    case .standardInput: return try Self.read(STDIN_FILENO, limit, advice, checkInterruption)
    case .file(let path):
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw InputError("cannot be opened: \(Self.systemMessage())") }
      defer { close(descriptor) }
      if let byteCount, byteCount > limit { throw Self.tooLarge("\(byteCount) bytes", limit, advice) }
      return try Self.read(descriptor, limit, advice, checkInterruption)
    }
  }

  private static func read(
    _ descriptor: Int32, _ limit: Int, _ advice: String, _ checkInterruption: () throws -> Void
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      try checkInterruption()
      let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw InputError("cannot be read: \(systemMessage())")
      }
      guard bytes.count + count <= limit else { throw tooLarge("more than \(limit) bytes", limit, advice) }
      bytes += buffer[..<count]
    }
  }

  private static func tooLarge(_ found: String, _ limit: Int, _ advice: String) -> InputError {
    InputError("found \(found), expected at most \(limit); \(advice)")
  }

  private static func systemMessage() -> String { String(cString: strerror(errno)) }
}
