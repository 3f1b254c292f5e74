import Crypto
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// SHA-256 sums as lower-case hexadecimal text.
public enum FileHash {
  /// The sum of a file, read in pieces of 1 MiB.
  public static func sha256(of url: URL) throws -> String {
    let descriptor = try FileDescriptor(opening: url.path, flags: O_RDONLY | O_NONBLOCK)
    guard try descriptor.status().st_mode & S_IFMT == S_IFREG else {
      throw FileError(.wrongKind, "\(url.path): not a regular file")
    }
    var hash = SHA256()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = try descriptor.read(into: buffer)
      if count == 0 { return hexadecimal(hash.finalize()) }
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// The sum of a text's UTF-8 bytes.
  public static func sha256(of text: String) -> String {
    sha256(of: Array(text.utf8))
  }

  public static func sha256(of bytes: [UInt8]) -> String {
    hexadecimal(SHA256.hash(data: bytes))
  }

  private static func hexadecimal(_ digest: SHA256.Digest) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(64)
    let digits = Array("0123456789abcdef".utf8)
    for byte in digest {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
