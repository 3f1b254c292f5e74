import Testing
import Text

@testable import Funding

@Suite struct ChunkerTests {
  private func chunker(
    limit: Int, overlap: Int, tokens: @escaping (String) -> [Int] = { FakeGenerator().tokenOffsets(in: $0) }
  ) -> Chunker {
    Chunker(limit: limit, overlap: overlap, tokenOffsets: tokens, fits: { _ in true })
  }

  /// Byte tokens whose number changes at the ends of a slice, as byte-pair tokens do.
  private static func unevenTokens(_ text: String) -> [Int] {
    let count = text.utf8.count
    return Array(stride(from: 0, to: count, by: 1 + count % 3))
  }

  private func check(_ text: String, limit: Int, overlap: Int, tokens: @escaping (String) -> [Int]) throws {
    let bytes = Array(text.utf8)
    let chunks = try chunker(limit: limit, overlap: overlap, tokens: tokens).chunks(of: text)
    #expect(chunks.first?.lowerBound == 0)
    #expect(chunks.last?.upperBound == bytes.count)
    for chunk in chunks {
      #expect(String(validating: bytes[chunk], as: UTF8.self) != nil)
      #expect(tokens(String(decoding: bytes[chunk], as: UTF8.self)).count <= limit)
    }
    for (a, b) in zip(chunks, chunks.dropFirst()) {
      #expect(a.lowerBound < b.lowerBound && a.upperBound < b.upperBound && b.lowerBound <= a.upperBound)
    }
  }

  @Test func shortTextIsOneChunk() throws {
    #expect(try chunker(limit: 3, overlap: 1).chunks(of: "a b c") == [0..<5])
    #expect(try chunker(limit: 3, overlap: 1).chunks(of: "") == [])
  }

  @Test func overlapsAsAsked() throws {
    let text = (0..<1000).map { "word\($0)" }.joined(separator: " ")
    let chunks = try chunker(limit: 100, overlap: 20).chunks(of: text)
    for (a, b) in zip(chunks, chunks.dropFirst()) {
      let shared = String(decoding: Array(text.utf8)[b.lowerBound..<a.upperBound], as: UTF8.self)
      #expect((20...27).contains(FakeGenerator().tokenOffsets(in: shared).count))
    }
    #expect(chunks.count == 13 || chunks.count == 14)
  }

  @Test func cutsAtLines() throws {
    let text = String(repeating: "One two three. Four five.\n", count: 200)
    let bytes = Array(text.utf8)
    for chunk in try chunker(limit: 100, overlap: 20).chunks(of: text).dropLast() {
      #expect(bytes[chunk.upperBound - 1] == 0x0A)
    }
  }

  @Test func randomTexts() throws {
    var random = SplitMix64(state: 7)
    let pieces = ["word ", "é", "\r\n", "\n\n", "中文", "👩\u{200D}👩\u{200D}👧", ". ", "e\u{301}", "  ", "x"]
    for round in 0..<150 {
      let text = (0..<Int.random(in: 1...500, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
        .joined()
      let limit = Int.random(in: 30...120, using: &random)
      let overlap = Int.random(in: 0..<limit, using: &random)
      let generator = FakeGenerator()
      switch round % 3 {
      case 0: try check(text, limit: limit, overlap: overlap) { Self.unevenTokens($0) }
      case 1: try check(text, limit: limit, overlap: overlap) { generator.tokenOffsets(in: $0) }
      default: try check(text, limit: limit, overlap: overlap) { Array(0..<$0.utf8.count) }
      }
    }
  }

  @Test func hostileTexts() throws {
    let bytewise: (String) -> [Int] = { Array(0..<$0.utf8.count) }
    let manyMarks: String = "e" + String(repeating: "\u{301}", count: 50)
    let texts: [String] = [
      String(repeating: "a", count: 100_000), String(repeating: "👩🏽\u{200D}🔬", count: 5_000),
      String(repeating: "\r\n", count: 20_000), String(repeating: manyMarks, count: 500),
      String(repeating: " ", count: 50_000),
    ]
    for text in texts { try check(text, limit: 5_000, overlap: 700, tokens: bytewise) }
  }

  @Test(arguments: [0, 1, 3])
  func tooSmallIsAnError(limit: Int) {
    let bytewise = chunker(limit: limit, overlap: 0, tokens: { Array(0..<$0.utf8.count) })
    let error = #expect(throws: FundingError.self) { try bytewise.chunks(of: "👩👩") }
    #expect(error?.code == .contextTooSmall)
  }

  @Test func promptThatNeverFitsIsAnError() {
    let never = Chunker(
      limit: 10, overlap: 2, tokenOffsets: { FakeGenerator().tokenOffsets(in: $0) }, fits: { _ in false })
    #expect(throws: FundingError.self) { try never.chunks(of: "some text") }
  }

  @Test(arguments: [[1], [], [0, 5, 3], [0, 99]])
  func brokenTokenOffsetsAreErrors(offsets: [Int]) {
    let broken = chunker(limit: 1, overlap: 0, tokens: { _ in offsets })
    let error = #expect(throws: FundingError.self) { try broken.chunks(of: "some text") }
    #expect(error?.code == .brokenGenerator)
  }
}
