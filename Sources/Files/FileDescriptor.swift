import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

package let noSuchFile = ENOENT

/// Whether an error number says that no space is left, or none that this user may have.
package func isDiskFull(_ number: Int32) -> Bool { number == ENOSPC || number == EDQUOT }

/// Whether an error of this package or of Foundation says so, itself or in what underlies it.
package func isDiskFull(_ error: any Error) -> Bool {
  if let error = error as? FileError { return error.code == .diskFull }
  let error = error as NSError
  if error.domain == NSPOSIXErrorDomain, isDiskFull(Int32(truncatingIfNeeded: error.code)) { return true }
  if error.domain == NSCocoaErrorDomain, error.code == CocoaError.fileWriteOutOfSpace.rawValue { return true }
  return (error.userInfo[NSUnderlyingErrorKey] as? any Error).map(isDiskFull) ?? false
}

package func systemMessage(_ number: Int32) -> String {
  String(cString: strerror(number))
}

/// An open file descriptor that closes itself.
package final class FileDescriptor: Sendable {
  package let raw: Int32
  private let path: String

  package init(opening path: String, flags: Int32, mode: mode_t = 0o644) throws {
    let raw = open(path, flags | O_CLOEXEC, mode)
    guard raw >= 0 else { throw FileError.system("open", path, errno) }
    self.raw = raw
    self.path = path
  }

  deinit { close(raw) }

  package func status() throws -> stat {
    var status = stat()
    guard fstat(raw, &status) == 0 else { throw FileError.system("examine", path, errno) }
    return status
  }

  package func writeAll(_ bytes: UnsafeRawBufferPointer) throws {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let count = write(raw, base + done, bytes.count - done)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError.system("write", path, errno)
      }
      done += count
    }
  }

  /// Reads up to `buffer.count` bytes; 0 at the end of the file.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      #if canImport(Glibc)
        let count = Glibc.read(raw, buffer.baseAddress, buffer.count)
      #elseif canImport(Musl)
        let count = Musl.read(raw, buffer.baseAddress, buffer.count)
      #else
        let count = Darwin.read(raw, buffer.baseAddress, buffer.count)
      #endif
      if count >= 0 { return count }
      if errno != EINTR { throw FileError.system("read", path, errno) }
    }
  }

  /// Takes back what was appended beyond `byteCount`.
  package func truncate(to byteCount: Int) throws {
    guard ftruncate(raw, off_t(byteCount)) == 0 else { throw FileError.system("shorten", path, errno) }
  }

  /// Waits until the content is on the disk.
  package func synchronize() throws {
    guard fsync(raw) == 0 else { throw FileError.system("synchronise", path, errno) }
  }
}

/// Makes the entries of a folder durable.
package func synchronizeFolder(_ path: String) throws {
  try FileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
}

/// The whole of a small text file such as a `config.json`.
package func readSmallFile(_ url: URL, limit: Int = 64 << 20) throws -> [UInt8] {
  let descriptor = try FileDescriptor(opening: url.path, flags: O_RDONLY | O_NONBLOCK)
  let status = try descriptor.status()
  guard status.st_mode & S_IFMT == S_IFREG else {
    throw FileError(.wrongKind, "\(url.path): not a regular file")
  }
  let size = Int(status.st_size)
  guard size <= limit else {
    throw FileError(.malformed, "\(url.path): \(size) bytes, more than the \(limit) such a file may have")
  }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(size)
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
    if count == 0 { return bytes }
    bytes.append(contentsOf: buffer[..<count])
    guard bytes.count <= limit else {
      throw FileError(.malformed, "\(url.path): grew beyond \(limit) bytes while it was read")
    }
  }
}
