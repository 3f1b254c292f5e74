import Files
import Foundation
import ModelFiles
import TestSupport
import Testing
import Text

/// Every way in which a safetensors file may be broken that we know of.
enum MalformedSafetensors: String, CaseIterable {
  case empty, gitLFSPointer, webPage, zipArchive, sevenBytes
  case headerLengthTwoToThe63, headerLengthAllOnes, headerLengthOverLimit, headerLengthBeyondFile, headerLengthZero
  case headerNotJSON, headerBeginsWithSpace, headerIsArray, headerCutShort, headerNotUTF8, headerDeeplyNested
  case duplicateTensor, duplicateField, metadataNotObject, metadataValueNotString
  case entryNotObject, unknownField
  case dtypeMissing, dtypeUnknown, dtypeNotString
  case shapeMissing, shapeNotArray, shapeNegative, shapeFraction, shapeHuge, shapeProductOverflows, shapeHoldsString
  case offsetsMissing, offsetsOne, offsetsThree, offsetsNegative, offsetsReversed, offsetsBeyondData, offsetsHuge
  case offsetsFraction, sizeTooSmall, sizeTooLarge
  case overlap, hole, firstNotAtZero, bytesAfterLast, dataCutShort, noTensorsButData

  /// What the message must name.
  var named: String {
    switch self {
    case .empty: "empty"
    case .gitLFSPointer: "git lfs pull"
    case .webPage: "web page"
    case .zipArchive: "ZIP"
    case .sevenBytes: "7 bytes"
    case .headerLengthTwoToThe63, .headerLengthAllOnes, .headerLengthOverLimit, .headerLengthBeyondFile: "offset 0"
    case .headerLengthZero, .headerBeginsWithSpace, .headerIsArray: "offset 8"
    case .headerNotJSON, .headerCutShort, .headerNotUTF8, .headerDeeplyNested, .duplicateTensor, .duplicateField:
      "offset "
    case .metadataNotObject, .metadataValueNotString: "__metadata__"
    case .hole, .overlap: "\"b\""
    case .bytesAfterLast, .noTensorsButData: "offset "
    default: "\"a\""
    }
  }

  var bytes: [UInt8] {
    let data = [UInt8](repeating: 1, count: 8)
    func entry(_ text: String) -> [UInt8] { file("{\"a\":\(text)}", data) }
    func one(dtype: String = "\"F32\"", shape: String = "[2]", offsets: String = "[0,8]") -> [UInt8] {
      entry("{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}")
    }
    func two(_ first: String, _ second: String) -> [UInt8] {
      file(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":\(first)},"
          + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":\(second)}}", data)
    }
    switch self {
    case .empty: return []
    case .gitLFSPointer: return Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n".utf8)
    case .webPage: return Array("\n <!DOCTYPE html><html>Sign in</html>".utf8)
    case .zipArchive: return Array("PK\u{3}\u{4}".utf8) + data
    case .sevenBytes: return [UInt8](repeating: 1, count: 7)
    case .headerLengthTwoToThe63: return (UInt64(1) << 63).littleEndianBytes + data
    case .headerLengthAllOnes: return UInt64.max.littleEndianBytes + data
    case .headerLengthOverLimit: return UInt64(100_000_001).littleEndianBytes + data
    case .headerLengthBeyondFile: return UInt64(9).littleEndianBytes + data
    case .headerLengthZero: return UInt64(0).littleEndianBytes + data
    case .headerNotJSON: return file("{a:1}", data)
    case .headerBeginsWithSpace: return file(" {}", [])
    case .headerIsArray: return file("[]", [])
    case .headerCutShort: return file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2", data)
    case .headerNotUTF8: return file(Array("{\"".utf8) + [0xFF, 0xFE] + Array("\":1}".utf8), data)
    case .headerDeeplyNested: return file("{\"a\":" + String(repeating: "[", count: 100_000), data)
    case .duplicateTensor:
      let text = "\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}"
      return file("{\(text),\(text)}", data)
    case .duplicateField: return entry("{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}")
    case .metadataNotObject: return file("{\"__metadata__\":[]}", [])
    case .metadataValueNotString: return file("{\"__metadata__\":{\"format\":1}}", [])
    case .entryNotObject: return entry("[1]")
    case .unknownField: return entry("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}")
    case .dtypeMissing: return entry("{\"shape\":[2],\"data_offsets\":[0,8]}")
    case .dtypeUnknown: return one(dtype: "\"F33\"")
    case .dtypeNotString: return one(dtype: "32")
    case .shapeMissing: return entry("{\"dtype\":\"F32\",\"data_offsets\":[0,8]}")
    case .shapeNotArray: return one(shape: "2")
    case .shapeNegative: return one(shape: "[-2]")
    case .shapeFraction: return one(shape: "[2.5]")
    case .shapeHuge: return one(shape: "[99999999999999999999999]")
    case .shapeProductOverflows: return one(shape: "[4294967296,4294967296]")
    case .shapeHoldsString: return one(shape: "[\"2\"]")
    case .offsetsMissing: return entry("{\"dtype\":\"F32\",\"shape\":[2]}")
    case .offsetsOne: return one(offsets: "[0]")
    case .offsetsThree: return one(offsets: "[0,8,8]")
    case .offsetsNegative: return one(offsets: "[-8,0]")
    case .offsetsReversed: return one(offsets: "[8,0]")
    case .offsetsBeyondData: return one(offsets: "[0,9]")
    case .offsetsHuge: return one(offsets: "[9223372036854775800,9223372036854775807]")
    case .offsetsFraction: return one(offsets: "[0,8.5]")
    case .sizeTooSmall: return one(shape: "[1]")
    case .sizeTooLarge: return one(shape: "[3]")
    case .overlap: return two("[0,4]", "[2,6]")
    case .hole:
      return file(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
          + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", data)
    case .firstNotAtZero: return one(dtype: "\"U8\"", shape: "[4]", offsets: "[4,8]")
    case .bytesAfterLast: return one(dtype: "\"U8\"", shape: "[4]", offsets: "[0,4]")
    case .dataCutShort: return Array(one().dropLast())
    case .noTensorsButData: return file("{}", data)
    }
  }

  private func file(_ header: String, _ data: [UInt8]) -> [UInt8] { file(Array(header.utf8), data) }

  private func file(_ header: [UInt8], _ data: [UInt8]) -> [UInt8] {
    UInt64(header.count).littleEndianBytes + header + data
  }
}

@Suite struct SafetensorsMalformedTests {
  @Test func thereAreAtLeastThirtyKinds() {
    #expect(MalformedSafetensors.allCases.count >= 30)
  }

  @Test(arguments: MalformedSafetensors.allCases)
  func isRefusedWithThePlaceNamed(_ kind: MalformedSafetensors) throws {
    let folder = try TemporaryFolder()
    let url = try folder.file("model.safetensors", kind.bytes)
    let error = failure(FileError.self) { _ = try SafetensorsFile(url) }
    let message = try #require(error?.message, "\(kind) was accepted")
    #expect(message.contains(kind.named), "\(kind): \(message)")
    #expect(message.contains("model.safetensors"), "\(kind): \(message)")
  }

  static func validFile() throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("valid.safetensors")
    let writer = try SafetensorsWriter(
      url,
      tensors: [
        TensorDescription(name: "first", dtype: .bfloat16, shape: [2, 3]),
        TensorDescription(name: "second", dtype: .float32, shape: [4]),
      ])
    try [UInt8](repeating: 7, count: 12).withUnsafeBytes { try writer.write($0) }
    try [UInt8](repeating: 9, count: 16).withUnsafeBytes { try writer.write($0) }
    try writer.finish()
    return Array(try Data(contentsOf: url))
  }

  @Test func everyTruncationIsRefused() throws {
    let valid = try Self.validFile()
    let folder = try TemporaryFolder()
    for length in 0..<valid.count {
      let url = try folder.file("cut.safetensors", Array(valid[..<length]))
      #expect(failure(FileError.self) { _ = try SafetensorsFile(url) } != nil, "cut to \(length) bytes")
    }
  }

  /// One changed byte may leave the file valid (another name, another value); it must never end the process.
  @Test func changedBytesNeverCrash() throws {
    let valid = try Self.validFile()
    let folder = try TemporaryFolder()
    let headerEnd = valid.count - 28
    for seed in 0..<2000 {
      var generator = SplitMix64(state: UInt64(seed))
      var bytes = valid
      bytes[Int.random(in: 0..<headerEnd, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      let url = try folder.file("changed.safetensors", bytes)
      if let file = try? SafetensorsFile(url) {
        for tensor in file.tensors.values { _ = try? tensor.floats() }
      }
    }
  }
}
