import TestSupport
import Testing

@testable import ModelFiles

@Suite struct DequantizeTests {
  /// Random blocks (normal, subnormal and negative scales) with the values that the `gguf` Python package 0.19 gives.
  @Test(arguments: GGMLType.allCases.filter { $0.blockLength > 1 })
  func agreesBitForBitWithGGUFPython(_ type: GGMLType) throws {
    let fixture = try #require(GGMLBlockFixture.all[type])
    let blocks = bytes(fixture.blocks)
    let expected = bytes(fixture.values)
    let count = blocks.count / type.blockByteCount
    #expect(count >= 2 && blocks.count == count * type.blockByteCount)
    let values = dequantize(type, blocks, count: count)
    let bits = values.flatMap { $0.bitPattern.littleEndianBytes }
    let first = zip(bits, expected).enumerated().first { $1.0 != $1.1 }?.offset
    #expect(bits == expected, "first difference at value \(first.map { $0 / 4 } ?? -1)")
  }

  @Test func everyHalfIsWidenedExactly() {
    for bits in UInt16.min...UInt16.max {
      let value = Dequantize.widen(bits)
      let expected = Float(Float16(bitPattern: bits))
      if expected.isNaN {
        #expect(value.isNaN)
      } else if value.bitPattern != expected.bitPattern {
        Issue.record("half \(bits): \(value), expected \(expected)")
      }
    }
  }

  @Test func bfloat16IsTheUpperHalfOfAFloat() {
    let halves: [UInt16] = [0x3F80, 0xC000, 0x0001, 0x7F80, 0x8000]
    let values = dequantize(.bf16, halves.flatMap(\.littleEndianBytes), count: halves.count)
    #expect(values.map(\.bitPattern) == halves.map { UInt32($0) << 16 })
  }

  @Test func rowPermutationIsThatOfLlamaCpp() {
    let permutation = RowPermutation(headDimension: 8)
    #expect((0..<16).map(permutation.storedRow(for:)) == [0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15])
  }

  private func dequantize(_ type: GGMLType, _ blocks: [UInt8], count: Int) -> [Float] {
    var values = [Float](repeating: .nan, count: count * type.blockLength)
    blocks.withUnsafeBufferPointer { source in
      values.withUnsafeMutableBufferPointer { destination in
        Dequantize.blocks(type, from: source.baseAddress!, to: destination.baseAddress!, blockCount: count)
      }
    }
    return values
  }

  private func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8).map { $0 < 0x40 ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
