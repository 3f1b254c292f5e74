import Files
import Foundation
import JSON

/// A memory-mapped safetensors file whose header has been checked completely.
///
/// The format: eight bytes with the header's length (little-endian), the header as JSON
/// (`{"name": {"dtype", "shape", "data_offsets"}, …, "__metadata__": {…}}`), then the data without holes.
public struct SafetensorsFile: Sendable {
  public let file: MappedFile
  /// Every tensor by name.
  public let tensors: [String: StoredTensor]
  /// The `__metadata__` texts.
  public let metadata: [String: String]
  /// Names of tensors that do not begin at a multiple of their element size; their bytes have to be copied before use.
  public let misalignedTensors: [String]

  /// Longest header that is accepted, as in the reference implementation.
  public static let maximumHeaderLength = 100_000_000

  /// Maps the file and checks its header.
  /// - Throws: `FileError` that names the offset or the tensor.
  public init(_ url: URL) throws {
    try self.init(file: MappedFile(path: url.path))
  }

  public init(file: MappedFile) throws {
    let (entries, metadata) = try SafetensorsHeader(file: file).read()
    var tensors: [String: StoredTensor] = [:]
    tensors.reserveCapacity(entries.count)
    for entry in entries {
      // Dictionary keys are compared by canonical equivalence, so two byte-wise different names may still meet here.
      guard tensors.updateValue(entry, forKey: entry.name) == nil else {
        throw FileError(.malformed, "\(file.path): two tensors are called \(quoted(entry.name))")
      }
    }
    self.file = file
    self.tensors = tensors
    self.metadata = metadata
    self.misalignedTensors = entries.filter { !$0.isDirectlyUsable }.map(\.name)
  }

  public var checkpoint: Checkpoint { Checkpoint(tensors: tensors, origin: file.path) }
}

/// Reads and checks the header of one file.
private struct SafetensorsHeader {
  let file: MappedFile
  let dataStart: Int
  let json: JSON

  var dataLength: Int { file.byteCount - dataStart }

  init(file: MappedFile) throws {
    guard file.byteCount >= 8 else {
      throw FileError(
        .malformed,
        "\(file.path): \(file.byteCount) bytes; a safetensors file begins with 8 bytes that give its header's length")
    }
    let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    guard length <= SafetensorsFile.maximumHeaderLength else {
      throw FileError(
        .malformed,
        "\(file.path): offset 0: a header of \(length) bytes, more than the \(SafetensorsFile.maximumHeaderLength) "
          + "allowed; is this a safetensors file?")
    }
    guard length <= file.byteCount - 8 else {
      throw FileError(
        .malformed,
        "\(file.path): offset 0: a header of \(length) bytes in a file of \(file.byteCount); the file is cut short")
    }
    let header = try file.bytes(at: 8, count: Int(length))
    guard header.first == UInt8(ascii: "{") else {
      throw FileError(.malformed, "\(file.path): offset 8: the header does not begin with \"{\"")
    }
    self.file = file
    dataStart = 8 + Int(length)
    do {
      json = try JSON.parse(header, options: JSON.ParseOptions(rejectDuplicateKeys: true, maximumDepth: 8))
    } catch {
      throw FileError(.malformed, "\(file.path): offset \(8 + error.offset): header: \(error.message)")
    }
  }

  func read() throws -> (tensors: [StoredTensor], metadata: [String: String]) {
    guard let object = json.object else {
      throw FileError(.malformed, "\(file.path): offset 8: the header is not a JSON object")
    }
    var metadata: [String: String] = [:]
    var tensors: [StoredTensor] = []
    tensors.reserveCapacity(object.count)
    for (key, value) in object.members {
      if key == "__metadata__" {
        metadata = try readMetadata(value)
      } else {
        tensors.append(try readTensor(key, value))
      }
    }
    tensors.sort { ($0.fileOffset, $0.byteCount) < ($1.fileOffset, $1.byteCount) }
    try checkLayout(tensors)
    return (tensors, metadata)
  }

  private func readMetadata(_ value: JSON) throws -> [String: String] {
    guard let object = value.object else {
      throw FileError(.malformed, "\(file.path): \"__metadata__\" is \(value.kindDescription), not an object")
    }
    var metadata: [String: String] = [:]
    for (key, value) in object.members {
      guard let text = value.string else {
        throw FileError(
          .malformed, "\(file.path): \"__metadata__\": \(quoted(key)) is \(value.kindDescription), not a string")
      }
      metadata[key] = text
    }
    return metadata
  }

  private func readTensor(_ name: String, _ value: JSON) throws -> StoredTensor {
    func malformed(_ what: String) -> FileError {
      FileError(.malformed, "\(file.path): tensor \(quoted(name)): \(what)")
    }
    guard let entry = value.object else { throw malformed("the entry is \(value.kindDescription), not an object") }
    for key in entry.keys where !["dtype", "shape", "data_offsets"].contains(key) {
      throw malformed("unknown key \(quoted(key))")
    }

    guard let dtypeName = entry["dtype"]?.string else { throw malformed("\"dtype\" is missing or not a string") }
    guard let dtype = TensorDType(rawValue: dtypeName) else {
      let known = TensorDType.allCases.map(\.rawValue).joined(separator: ", ")
      throw FileError(
        .unsupported, "\(file.path): tensor \(quoted(name)): dtype \(quoted(dtypeName)) is not one of \(known)")
    }

    guard let sizes = entry["shape"]?.array else { throw malformed("\"shape\" is missing or not an array") }
    var shape: [Int] = []
    var expected = dtype.byteCount
    for size in sizes {
      guard let size = size.int, size >= 0 else { throw malformed("\"shape\" holds \(size), not a size") }
      let (product, overflow) = expected.multipliedReportingOverflow(by: size)
      guard !overflow else { throw malformed("the product of \"shape\" overflows") }
      expected = product
      shape.append(size)
    }

    guard let offsets = entry["data_offsets"]?.array, offsets.count == 2,
      let begin = offsets[0].int, let end = offsets[1].int
    else { throw malformed("\"data_offsets\" is missing or not two integers") }
    guard 0 <= begin, begin <= end else { throw malformed("data_offsets [\(begin), \(end)] are not a range") }
    guard end <= dataLength else {
      throw malformed(
        "data_offsets [\(begin), \(end)] leave the \(dataLength) bytes of data; the file is cut short or damaged")
    }
    guard end - begin == expected else {
      throw malformed("shape \(shape) of \(dtypeName) needs \(expected) bytes, data_offsets give \(end - begin)")
    }
    return StoredTensor(
      name: name, encoding: .plain(dtype), shape: shape, fileOffset: dataStart + begin, byteCount: expected, file: file,
      rowPermutation: nil)
  }

  /// Sorted tensors must fill the data exactly.
  private func checkLayout(_ tensors: [StoredTensor]) throws {
    var end = dataStart
    for tensor in tensors {
      guard tensor.fileOffset == end else {
        let what = tensor.fileOffset > end ? "a hole before it" : "it overlaps the tensor before it"
        throw FileError(
          .malformed,
          "\(file.path): tensor \(quoted(tensor.name)) begins at data offset \(tensor.fileOffset - dataStart), "
            + "expected \(end - dataStart): \(what)")
      }
      end = tensor.fileOffset + tensor.byteCount
    }
    guard end == file.byteCount else {
      throw FileError(
        .malformed,
        "\(file.path): offset \(end): \(file.byteCount - end) bytes after the last tensor that belong to none")
    }
  }
}
