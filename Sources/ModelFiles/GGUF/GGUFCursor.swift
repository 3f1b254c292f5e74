import Files

/// Reads the little-endian fields of a GGUF file one after the other; each step is checked against the file's end.
struct GGUFCursor {
  let file: MappedFile
  private(set) var offset: Int

  init(file: MappedFile, offset: Int = 0) {
    self.file = file
    self.offset = offset
  }

  var remaining: Int { file.byteCount - offset }

  func malformed(_ what: String, at place: Int? = nil) -> FileError {
    FileError(.malformed, "\(file.path): offset \(place ?? offset): \(what)")
  }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
    let size = MemoryLayout<Value>.size
    guard size <= remaining else {
      throw malformed("the file ends inside a field of \(size) bytes; it is cut short")
    }
    let value = file.bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
    offset += size
    return Value(littleEndian: value)
  }

  /// A count of things that take at least `minimumByteCount` bytes each: never more than the rest of the file can hold,
  /// so that it may be used to reserve memory.
  mutating func count(of what: String, minimumByteCount: Int) throws -> Int {
    let start = offset
    let value = try integer(UInt64.self)
    guard value <= remaining / minimumByteCount else {
      throw malformed("\(value) \(what), more than the \(remaining) bytes that follow can hold", at: start)
    }
    return Int(value)
  }

  mutating func skip(_ byteCount: Int) throws {
    guard byteCount <= remaining else {
      throw malformed("\(byteCount) bytes expected, the file ends after \(remaining)")
    }
    offset += byteCount
  }

  mutating func string(limit: Int = .max) throws -> String {
    let start = offset
    let length = try count(of: "bytes of text", minimumByteCount: 1)
    guard length <= limit else { throw malformed("a name of \(length) bytes, at most \(limit) are allowed", at: start) }
    let bytes = try file.bytes(at: offset, count: length)
    guard let text = String(validating: bytes.bindMemory(to: UInt8.self), as: UTF8.self) else {
      throw malformed("text that is not UTF-8", at: start)
    }
    offset += length
    return text
  }

  mutating func valueType() throws -> GGUFValueType {
    let start = offset
    let number = try integer(UInt32.self)
    guard let type = GGUFValueType(rawValue: number) else {
      throw malformed("value type \(number), expected 0 to 12", at: start)
    }
    return type
  }

  mutating func value(_ type: GGUFValueType, depth: Int) throws -> GGUFValue {
    switch type {
    case .uint8: return .unsigned(UInt64(try integer(UInt8.self)))
    case .uint16: return .unsigned(UInt64(try integer(UInt16.self)))
    case .uint32: return .unsigned(UInt64(try integer(UInt32.self)))
    case .uint64: return .unsigned(try integer(UInt64.self))
    case .int8: return .signed(Int64(try integer(Int8.self)))
    case .int16: return .signed(Int64(try integer(Int16.self)))
    case .int32: return .signed(Int64(try integer(Int32.self)))
    case .int64: return .signed(try integer(Int64.self))
    case .float32: return .float(Double(Float(bitPattern: try integer(UInt32.self))))
    case .float64: return .float(Double(bitPattern: try integer(UInt64.self)))
    case .bool: return .bool(try bool())
    case .string: return .string(try string())
    case .array: return .array(try array(depth: depth))
    }
  }

  private mutating func bool() throws -> Bool {
    let byte = try integer(UInt8.self)
    guard byte <= 1 else { throw malformed("a boolean of value \(byte)", at: offset - 1) }
    return byte == 1
  }

  /// Deepest nesting of arrays that is followed; the format's users have none at all.
  private static let maximumDepth = 4

  /// Steps over an array and notes where it is.
  private mutating func array(depth: Int) throws -> GGUFArray {
    guard depth < Self.maximumDepth else {
      throw malformed("arrays nested more than \(Self.maximumDepth) deep")
    }
    let type = try valueType()
    let count = try count(of: "array elements", minimumByteCount: type.minimumByteCount)
    let start = offset
    switch type {
    case .string:
      for _ in 0..<count { try skip(try self.count(of: "bytes of text", minimumByteCount: 1)) }
    case .array:
      for _ in 0..<count { _ = try array(depth: depth + 1) }
    case .bool:
      for _ in 0..<count { _ = try bool() }
    default:
      try skip(count * type.minimumByteCount)  // cannot overflow: `count` was checked against what remains
    }
    return GGUFArray(elementType: type, count: count, file: file, offset: start)
  }
}
