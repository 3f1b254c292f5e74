import Files
import Foundation

/// A memory-mapped GGUF file (version 2 or 3, little-endian) whose header has been checked completely.
///
/// The format: `GGUF`, version, number of tensors, number of metadata entries, the entries, the tensor descriptions,
/// padding, then the tensors, each beginning at a multiple of the alignment.
public struct GGUFFile: Sendable {
  public let file: MappedFile
  /// 2 or 3; they differ only in that 3 may be big-endian, which is not supported.
  public let version: Int
  public let metadata: [String: GGUFValue]
  /// `general.alignment`, 32 where the file does not say.
  public let alignment: Int
  /// Where the tensor data begins.
  public let dataOffset: Int
  /// The tensors under their GGUF names, in the order of the file.
  public let tensors: [StoredTensor]

  /// Maps the file and checks everything up to the tensor data.
  /// - Throws: `FileError` that names the offset, the key or the tensor.
  public init(_ url: URL) throws {
    try self.init(file: MappedFile(path: url.path))
  }

  public init(file: MappedFile) throws {
    var cursor = GGUFCursor(file: file)
    self.file = file
    version = try Self.readVersion(&cursor)
    let tensorCount = try cursor.count(of: "tensors", minimumByteCount: 24)  // name length, dimensions, type, offset
    let entryCount = try cursor.count(of: "metadata entries", minimumByteCount: 13)  // key length, type, one byte
    metadata = try Self.readMetadata(&cursor, count: entryCount)
    alignment = try Self.readAlignment(metadata, path: file.path)
    let descriptions = try Self.readDescriptions(&cursor, count: tensorCount)
    let padding = (alignment - cursor.offset % alignment) % alignment
    dataOffset = cursor.offset + padding
    tensors = try Self.place(descriptions, dataOffset: dataOffset, alignment: alignment, file: file)
  }

  private static func readVersion(_ cursor: inout GGUFCursor) throws -> Int {
    guard cursor.remaining >= 4, cursor.file.bytes.prefix(4).elementsEqual("GGUF".utf8) else {
      let found = cursor.file.bytes.prefix(4).map { String($0, radix: 16) }.joined(separator: " ")
      throw cursor.malformed("begins with the bytes \(found), expected \"GGUF\"")
    }
    try cursor.skip(4)
    let version = try cursor.integer(UInt32.self)
    switch version {
    case 2, 3: return Int(version)
    case _ where version != 0 && version & 0xFFFF == 0:
      throw FileError(
        .unsupported,
        "\(cursor.file.path): offset 4: a big-endian GGUF file (version \(version.byteSwapped)); convert it")
    default:
      throw FileError(
        .unsupported, "\(cursor.file.path): offset 4: GGUF version \(version), expected 2 or 3; convert it again")
    }
  }

  private static func readMetadata(_ cursor: inout GGUFCursor, count: Int) throws -> [String: GGUFValue] {
    var metadata: [String: GGUFValue] = [:]
    metadata.reserveCapacity(count)
    for _ in 0..<count {
      let start = cursor.offset
      let key = try cursor.string(limit: 65535)
      do {
        let value = try cursor.value(try cursor.valueType(), depth: 0)
        guard metadata.updateValue(value, forKey: key) == nil else {
          throw cursor.malformed("a second entry", at: start)
        }
      } catch let error as FileError {
        throw FileError(error.code, error.message + "; in metadata key \(quoted(key))")
      }
    }
    return metadata
  }

  private static func readAlignment(_ metadata: [String: GGUFValue], path: String) throws -> Int {
    guard let value = metadata["general.alignment"] else { return 32 }
    // 1 MiB is far above any page or vector size, and small enough that rounding up cannot overflow.
    guard let alignment = value.int, alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
      let found = value.int.map(String.init) ?? value.kindDescription
      throw FileError(
        .malformed, "\(path): \"general.alignment\" is \(found), expected a power of two up to \(1 << 20)")
    }
    return alignment
  }

  private struct Description {
    var name: String
    var type: GGMLType
    var shape: [Int]
    var byteCount: Int
    var offset: Int
  }

  private static func readDescriptions(_ cursor: inout GGUFCursor, count: Int) throws -> [Description] {
    var descriptions: [Description] = []
    descriptions.reserveCapacity(count)
    var names = Set<String>(minimumCapacity: count)
    for index in 0..<count {
      let start = cursor.offset
      let name: String
      do {
        name = try cursor.string(limit: 64)
      } catch let error as FileError {
        throw FileError(error.code, error.message + "; in the name of tensor \(index)")
      }
      func fail(_ what: String, _ code: FileError.Code = .malformed) -> FileError {
        FileError(code, "\(cursor.file.path): offset \(start): tensor \(quoted(name)): \(what)")
      }
      guard names.insert(name).inserted else { throw fail("a second tensor of this name") }

      let dimensionCount = try cursor.integer(UInt32.self)
      guard (1...4).contains(dimensionCount) else { throw fail("\(dimensionCount) dimensions, expected 1 to 4") }
      var shape: [Int] = []  // the file has the fastest dimension first
      var elements = 1
      for _ in 0..<dimensionCount {
        let raw = try cursor.integer(UInt64.self)
        guard let size = Int(exactly: raw), size > 0 else { throw fail("a dimension of \(raw)") }
        let (product, overflow) = elements.multipliedReportingOverflow(by: size)
        guard !overflow else { throw fail("the product of its dimensions overflows") }
        elements = product
        shape.insert(size, at: 0)
      }

      let typeNumber = try cursor.integer(UInt32.self)
      guard let type = GGMLType(rawValue: typeNumber) else {
        let supported = GGMLType.allCases.map(\.name).joined(separator: ", ")
        guard let known = GGMLType.unsupportedNames[typeNumber] else {
          throw fail("unknown type number \(typeNumber); supported are \(supported)")
        }
        throw fail("type \(known) (\(typeNumber)) is not supported; supported are \(supported)", .unsupported)
      }
      let rowLength = shape[shape.count - 1]
      guard rowLength % type.blockLength == 0 else {
        throw fail("rows of \(rowLength) values do not divide into \(type.name) blocks of \(type.blockLength)")
      }
      let (byteCount, overflow) = (elements / type.blockLength).multipliedReportingOverflow(by: type.blockByteCount)
      guard !overflow else { throw fail("its size in bytes overflows") }

      let rawOffset = try cursor.integer(UInt64.self)
      guard let offset = Int(exactly: rawOffset) else { throw fail("data offset \(rawOffset) is out of range") }
      descriptions.append(Description(name: name, type: type, shape: shape, byteCount: byteCount, offset: offset))
    }
    return descriptions
  }

  /// Checks where the tensors lie and describes them.
  private static func place(
    _ descriptions: [Description], dataOffset: Int, alignment: Int, file: MappedFile
  ) throws -> [StoredTensor] {
    let dataLength = max(0, file.byteCount - dataOffset)
    func fail(_ tensor: Description, _ what: String) -> FileError {
      FileError(.malformed, "\(file.path): tensor \(quoted(tensor.name)): \(what)")
    }
    for tensor in descriptions {
      guard tensor.offset % alignment == 0 else {
        throw fail(tensor, "data offset \(tensor.offset) is not a multiple of the alignment \(alignment)")
      }
      guard tensor.offset <= dataLength, tensor.byteCount <= dataLength - tensor.offset else {
        throw fail(
          tensor,
          "\(tensor.byteCount) bytes at data offset \(tensor.offset) leave the \(dataLength) bytes of data; the file "
            + "is cut short or damaged")
      }
    }
    var previous: Description?
    for tensor in descriptions.sorted(by: { $0.offset < $1.offset }) {
      if let previous, previous.offset + previous.byteCount > tensor.offset {
        throw fail(tensor, "data offset \(tensor.offset) lies inside tensor \(quoted(previous.name))")
      }
      previous = tensor
    }
    return descriptions.map { tensor in
      let encoding: TensorEncoding =
        switch tensor.type {
        case .f32: .plain(.float32)
        case .f16: .plain(.float16)
        case .bf16: .plain(.bfloat16)
        default: .blocks(tensor.type)
        }
      return StoredTensor(
        name: tensor.name, encoding: encoding, shape: tensor.shape, fileOffset: dataOffset + tensor.offset,
        byteCount: tensor.byteCount, file: file, rowPermutation: nil)
    }
  }
}
