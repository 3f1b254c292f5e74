import Files
import Foundation
import ModelFiles
import TestSupport
import Testing
import Text

/// Every way in which a GGUF file may be broken that we know of.
enum MalformedGGUF: String, CaseIterable {
  case empty, gitLFSPointer, webPage, threeBytes, wrongMagic, magicOnly
  case versionZero, versionOne, versionFour, bigEndian
  case tensorCountMissing, tensorCountHuge, tensorCountBeyondFile, entryCountHuge, entryCountBeyondFile
  case keyLengthHuge, keyLengthBeyondFile, keyLongerThanAllowed, keyNotUTF8, duplicateKey
  case valueTypeUnknown, valueCutShort, booleanOfTwo
  case stringLengthHuge, stringLengthBeyondFile, stringNotUTF8
  case arrayTypeUnknown, arrayCountHuge, arrayCountOverflowingBytes, arrayCountBeyondFile, arrayStringBeyondFile
  case arrayBooleanOfTwo, arraysNestedDeep, arrayNestedCountHuge
  case alignmentZero, alignmentThree, alignmentTwoToThe31, alignmentHuge, alignmentNegative, alignmentString
  case tensorNameLengthHuge, tensorNameTooLong, tensorNameNotUTF8, duplicateTensor
  case noDimensions, fiveDimensions, dimensionCountHuge, dimensionZero, dimensionHuge, dimensionProductOverflows
  case byteCountOverflows, typeUnknown, typeRemoved, typeNotSupported, rowNotWholeBlocks
  case offsetUnaligned, offsetBeyondData, offsetHuge, offsetOverflowing, tensorsOverlap, tensorsAtSamePlace
  case dataCutShort, dataMissing, descriptionCutShort

  /// What the message must name.
  var named: String {
    switch self {
    case .empty: "empty"
    case .gitLFSPointer: "git lfs pull"
    case .webPage: "web page"
    case .threeBytes, .wrongMagic: "offset 0"
    case .magicOnly, .versionZero, .versionOne, .versionFour, .bigEndian: "offset 4"
    case .tensorCountMissing, .tensorCountHuge, .tensorCountBeyondFile: "offset 8"
    case .entryCountHuge, .entryCountBeyondFile: "offset 16"
    case .keyLengthHuge, .keyLengthBeyondFile, .keyLongerThanAllowed, .keyNotUTF8: "offset 24"
    case .alignmentZero, .alignmentThree, .alignmentTwoToThe31, .alignmentHuge, .alignmentNegative, .alignmentString:
      "\"general.alignment\""
    case .tensorNameLengthHuge, .tensorNameTooLong, .tensorNameNotUTF8: "tensor 0"
    case .tensorsOverlap, .tensorsAtSamePlace: "\"u\""
    case .duplicateKey, .valueTypeUnknown, .valueCutShort, .booleanOfTwo, .stringLengthHuge, .stringLengthBeyondFile,
      .stringNotUTF8, .arrayTypeUnknown, .arrayCountHuge, .arrayCountOverflowingBytes, .arrayCountBeyondFile,
      .arrayStringBeyondFile, .arrayBooleanOfTwo, .arraysNestedDeep, .arrayNestedCountHuge:
      "\"k\""
    case .descriptionCutShort: "offset "
    default: "\"t\""
    }
  }

  var bytes: [UInt8] {
    var file = GGUFBuilder()
    func string(_ length: UInt64, _ text: String) -> [UInt8] { length.littleEndianBytes + Array(text.utf8) }
    func array(_ type: UInt32, _ count: UInt64, _ elements: [UInt8] = []) -> [UInt8] {
      type.littleEndianBytes + count.littleEndianBytes + elements
    }
    let eightFloats = [UInt8](repeating: 0, count: 32)
    let someBytes = [UInt8](repeating: 0, count: 64)
    switch self {
    case .empty: return []
    case .gitLFSPointer: return Array("version https://git-lfs.github.com/spec/v1\n".utf8)
    case .webPage: return Array("<html><body>404</body></html>".utf8)
    case .threeBytes: return Array("GGU".utf8)
    case .wrongMagic: file.magic = Array("GGML".utf8)
    case .magicOnly: return file.magic
    case .versionZero: file.version = 0
    case .versionOne: file.version = 1
    case .versionFour: file.version = 4
    case .bigEndian: file.version = UInt32(3).byteSwapped
    case .tensorCountMissing: return Array(file.bytes.prefix(12))
    case .tensorCountHuge: file.tensorCount = .max
    case .tensorCountBeyondFile: file.tensorCount = 1 << 40
    case .entryCountHuge: file.entryCount = .max
    case .entryCountBeyondFile: file.entryCount = 1 << 40
    case .keyLengthHuge: file.entries = [string(.max, "k") + someBytes]
    case .keyLengthBeyondFile: file.entries = [string(65000, "k") + someBytes]
    case .keyLongerThanAllowed: file.entry(String(repeating: "k", count: 65536), 1 as UInt32)
    case .keyNotUTF8: file.entries = [GGUFBuilder.string([0xC3, 0x28]) + UInt32(4).littleEndianBytes + eightFloats]
    case .duplicateKey:
      file.entry("k", 1 as UInt32)
      file.entry("k", 1 as UInt32)
    case .valueTypeUnknown: file.entry("k", type: 13, someBytes)
    case .valueCutShort: file.entry("k", type: 10, [1, 2])
    case .booleanOfTwo: file.entry("k", type: 7, [2])
    case .stringLengthHuge: file.entry("k", type: 8, string(1 << 63, "v"))
    case .stringLengthBeyondFile: file.entry("k", type: 8, string(2, "v"))
    case .stringNotUTF8: file.entry("k", type: 8, GGUFBuilder.string([0xFF]))
    case .arrayTypeUnknown: file.entry("k", type: 9, array(99, 1) + someBytes)
    case .arrayCountHuge: file.entry("k", type: 9, array(8, .max))
    case .arrayCountOverflowingBytes: file.entry("k", type: 9, array(12, (1 << 61) + 1, someBytes))
    case .arrayCountBeyondFile: file.entry("k", type: 9, array(0, 65, someBytes))
    case .arrayStringBeyondFile: file.entry("k", type: 9, array(8, 2, GGUFBuilder.string("ok") + string(100, "short")))
    case .arrayBooleanOfTwo: file.entry("k", type: 9, array(7, 2, [1, 2]))
    case .arraysNestedDeep:
      file.entry("k", type: 9, (0..<100_000).flatMap { _ in array(9, 1) } + array(0, 0))
    case .arrayNestedCountHuge: file.entry("k", type: 9, array(9, 1, array(10, 1 << 60)))
    case .alignmentZero: file.entry("general.alignment", 0 as UInt32)
    case .alignmentThree: file.entry("general.alignment", 3 as UInt32)
    case .alignmentTwoToThe31: file.entry("general.alignment", 1 << 31 as UInt32)
    case .alignmentHuge: file.entry("general.alignment", type: 10, UInt64.max.littleEndianBytes)
    case .alignmentNegative: file.entry("general.alignment", type: 5, Int32(-32).littleEndianBytes)
    case .alignmentString: file.entry("general.alignment", "32")
    case .tensorNameLengthHuge: file.tensor(string(.max, "t"), [8], offset: 0)
    case .tensorNameTooLong: file.tensor(String(repeating: "t", count: 65), [8], offset: 0)
    case .tensorNameNotUTF8: file.tensor(GGUFBuilder.string([0xFF]), [8], offset: 0)
    case .duplicateTensor:
      file.tensor("t", [8], offset: 0)
      file.tensor("t", [8], offset: 32)
      file.data = someBytes
    case .noDimensions: file.tensor("t", [], offset: 0)
    case .fiveDimensions: file.tensor("t", [1, 1, 1, 1, 1], offset: 0)
    case .dimensionCountHuge: file.tensor(GGUFBuilder.string("t"), [8], count: .max, offset: 0)
    case .dimensionZero: file.tensor("t", [0], offset: 0)
    case .dimensionHuge: file.tensor("t", [1 << 63], offset: 0)
    case .dimensionProductOverflows: file.tensor("t", [1 << 32, 1 << 32], offset: 0)
    case .byteCountOverflows: file.tensor("t", [1 << 62], offset: 0)
    case .typeUnknown: file.tensor("t", [8], type: 1000, offset: 0)
    case .typeRemoved: file.tensor("t", [8], type: 4, offset: 0)  // Q4_2 of old
    case .typeNotSupported: file.tensor("t", [256], type: 10, offset: 0)  // Q2_K
    case .rowNotWholeBlocks: file.tensor("t", [16, 2], type: 2, offset: 0)  // 32 values, but rows of 16
    case .offsetUnaligned:
      file.tensor("t", [8], offset: 16)
      file.data = someBytes
    case .offsetBeyondData:
      file.tensor("t", [8], offset: 96)
      file.data = someBytes
    case .offsetHuge: file.tensor("t", [8], offset: .max - 31)
    case .offsetOverflowing: file.tensor("t", [8], offset: UInt64(Int.max) - 31)
    case .tensorsOverlap:
      file.tensor("t", [16], offset: 0)
      file.tensor("u", [8], offset: 32)
      file.data = someBytes
    case .tensorsAtSamePlace:
      file.tensor("t", [8], offset: 0)
      file.tensor("u", [8], offset: 0)
      file.data = someBytes
    case .dataCutShort:
      file.tensor("t", [8], offset: 0)
      file.data = Array(eightFloats.dropLast())
    case .dataMissing: file.tensor("t", [8], offset: 0)
    case .descriptionCutShort:
      file.tensor("t", [8], offset: 0)
      return Array(file.header.dropLast(3))
    }
    return file.bytes
  }
}

@Suite struct GGUFMalformedTests {
  @Test func thereAreAtLeastThirtyKinds() {
    #expect(MalformedGGUF.allCases.count >= 30)
  }

  @Test(arguments: MalformedGGUF.allCases)
  func isRefusedWithThePlaceNamed(_ kind: MalformedGGUF) throws {
    let folder = try TemporaryFolder()
    let url = try folder.file("model.gguf", kind.bytes)
    let error = failure(FileError.self) { _ = try GGUFFile(url) }
    let message = try #require(error?.message, "\(kind) was accepted")
    #expect(message.contains(kind.named), "\(kind): \(message)")
    #expect(message.contains("model.gguf"), "\(kind): \(message)")
  }

  @Test func everyTruncationIsRefused() throws {
    let valid = GGUFBuilder.tinyLlama().bytes
    let folder = try TemporaryFolder()
    for length in 0..<valid.count {
      let url = try folder.file("cut.gguf", Array(valid[..<length]))
      #expect(failure(FileError.self) { _ = try GGUFFile(url) } != nil, "cut to \(length) of \(valid.count) bytes")
    }
  }

  /// One changed byte may leave the file valid; it must never end the process, whatever is read from the file then.
  @Test func changedBytesNeverCrash() throws {
    let builder = GGUFBuilder.tinyLlama(untied: true, ropeFactors: [4])
    let valid = builder.bytes
    let headerLength = builder.header.count
    let folder = try TemporaryFolder()
    for seed in 0..<2000 {
      var generator = SplitMix64(state: UInt64(seed))
      var bytes = valid
      bytes[Int.random(in: 0..<headerLength, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      guard let file = try? GGUFFile(folder.file("changed.gguf", bytes)) else { continue }
      _ = try? file.vocabulary()
      guard let configuration = try? file.llamaConfiguration() else { continue }
      let checkpoint = file.checkpoint(for: configuration)
      guard (try? checkpoint.check(against: configuration)) != nil else { continue }
      for tensor in checkpoint.tensors.values { _ = try? tensor.floats() }
    }
  }
}
