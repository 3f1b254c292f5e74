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

/// What a tensor to be written looks like.
public struct TensorDescription: Sendable, Hashable {
  public var name: String
  public var dtype: TensorDType
  /// Sizes of the dimensions, slowest first.
  public var shape: [Int]

  public init(name: String, dtype: TensorDType, shape: [Int]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
  }

  /// Bytes of the tensor's data.
  /// - Throws: `FileError` for a negative size or a product that overflows.
  public func byteCount() throws -> Int {
    var count = dtype.byteCount
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else {
        throw FileError(.malformed, "tensor \(quoted(name)): shape \(shape) is not a possible size")
      }
      count = product
    }
    return count
  }
}

/// Writes one safetensors file: all descriptions first, then the data tensor by tensor, so that at most one tensor
/// needs to be in memory.
///
///     let writer = try SafetensorsWriter(url, tensors: [TensorDescription(name: "w", dtype: .float32, shape: [2])])
///     try [1.0 as Float, 2.0].withUnsafeBytes { try writer.write($0) }
///     try writer.finish()
public final class SafetensorsWriter {
  private let descriptor: FileDescriptor
  private let tensors: [TensorDescription]
  private let path: String
  private var next = 0
  /// Bytes of the current tensor that were written already.
  private var written = 0

  /// Creates the file and writes the header.
  /// - Parameters:
  ///   - tensors: in the order in which their data will come.
  ///   - metadata: texts for `__metadata__`; `"format": "pt"`, which transformers asks for, is added where absent.
  /// - Throws: `FileError` where the file exists, a name comes twice or a size is impossible.
  public init(_ url: URL, tensors: [TensorDescription], metadata: [String: String] = [:]) throws {
    let header = try Self.header(tensors: tensors, metadata: metadata)
    path = url.path
    if fileExists(path) { throw FileError(.exists, "\(path): exists already") }
    descriptor = try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL)
    self.tensors = tensors
    try header.withUnsafeBytes { try descriptor.writeAll($0) }
  }

  /// Adds bytes to the current tensor: all of it in one call, or in pieces one after the other. Once it is complete the
  /// next call begins the next tensor.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    try skipEmptyTensors()
    guard next < tensors.count else {
      guard bytes.isEmpty else {
        throw FileError(.mismatch, "\(path): \(bytes.count) bytes after the last of \(tensors.count) tensors")
      }
      return
    }
    let size = try tensors[next].byteCount()
    guard bytes.count <= size - written else {
      throw FileError(
        .mismatch,
        "\(path): tensor \(quoted(tensors[next].name)) has \(size) bytes, \(written) + \(bytes.count) were given")
    }
    try descriptor.writeAll(bytes)
    written += bytes.count
    if written == size {
      next += 1
      written = 0
    }
  }

  /// Checks that every tensor was written completely and waits until the file is on the disk.
  public func finish() throws {
    try skipEmptyTensors()
    guard next == tensors.count else {
      throw FileError(
        .mismatch,
        "\(path): finished with \(next) of \(tensors.count) tensors; \(quoted(tensors[next].name)) has \(written) bytes"
      )
    }
    try descriptor.synchronize()
  }

  private func skipEmptyTensors() throws {
    while next < tensors.count, try tensors[next].byteCount() == 0 { next += 1 }
  }

  private static func header(tensors: [TensorDescription], metadata: [String: String]) throws -> [UInt8] {
    var metadata = metadata
    metadata["format"] = metadata["format"] ?? "pt"
    var members: [(String, JSON)] = [
      ("__metadata__", .object(metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    ]
    var names: Set<String> = ["__metadata__"]
    var offset = 0
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw FileError(.malformed, "two tensors are called \(quoted(tensor.name))")
      }
      let (end, overflow) = offset.addingReportingOverflow(try tensor.byteCount())
      guard !overflow else { throw FileError(.malformed, "the sizes of all tensors together overflow") }
      let entry: [(String, JSON)] = [
        ("dtype", .string(tensor.dtype.rawValue)),
        ("shape", .array(tensor.shape.map { .number($0) })),
        ("data_offsets", .array([.number(offset), .number(end)])),
      ]
      members.append((tensor.name, .object(entry)))
      offset = end
    }
    var text = Array(JSON.object(members).text().utf8)
    // Spaces, so that the data begins at a multiple of eight.
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    guard text.count <= SafetensorsFile.maximumHeaderLength else {
      throw FileError(.unsupported, "a header of \(text.count) bytes is longer than readers accept")
    }
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }
}
