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

  /// Chunks of whole paragraphs, by words.
  private func paragraphChunks(_ text: String, limit: Int, overlap: Int = 0, context: Int = .max) throws -> [String] {
    let tokens = { FakeGenerator().tokenOffsets(in: $0) }
    let chunker = Chunker(
      chunking: .paragraphs, limit: limit, overlap: overlap, tokenOffsets: tokens,
      fits: { tokens($0).count <= context })
    return try chunker.chunks(of: text).map { String(decoding: Array(text.utf8)[$0], as: UTF8.self) }
  }

  @Test func wholeParagraphs() throws {
    let text = "One two three.\n\nFour five six.\n\nSeven eight nine ten.\n\n- eleven.\n- twelve.\n"
    #expect(
      try paragraphChunks(text, limit: 9)
        == ["One two three.\n\nFour five six.\n\n", "Seven eight nine ten.\n\n- eleven.\n", "- twelve.\n"])
    #expect(try paragraphChunks(text, limit: 100) == [text])
    #expect(try paragraphChunks("\n\n  \n", limit: 1) == ["\n\n  \n"])
  }

  @Test func aHeadingGoesWithItsParagraph() throws {
    for heading in ["# Acknowledgements", "Acknowledgements", "## Declarations\n\n### Funding", "5 Funding"] {
      let text = "One two three. Four.\n\n\(heading)\n\nWe thank X and Y for money.\n"
      #expect(
        try paragraphChunks(text, limit: 7)
          == ["One two three. Four.\n\n", "\(heading)\n\nWe thank X and Y for money.\n"])
    }
    // Of a list of names none is a heading.
    let names = "A. Person\nB. Other\nC. Third\n"
    #expect(try paragraphChunks(names, limit: 2) == ["A. Person\n", "B. Other\n", "C. Third\n"])
  }

  @Test func aLongParagraphIsAChunkOfItsOwn() throws {
    let long = (0..<20).map { "Sentence \($0)." }.joined(separator: " ") + "\n\n"
    let text = "Short one.\n\n" + long + "Short two.\n"
    #expect(try paragraphChunks(text, limit: 10) == ["Short one.\n\n", long, "Short two.\n"])
    // Beyond the context it is cut at sentences, with overlap.
    let pieces = try paragraphChunks(text, limit: 10, overlap: 4, context: 12)
    #expect(pieces.first == "Short one.\n\n" && pieces.last == "Short two.\n")
    for (piece, next) in zip(pieces.dropFirst(), pieces.dropFirst(2)).dropLast() {
      #expect(piece.hasPrefix("Sentence ") && (piece.hasSuffix(". ") || piece.hasSuffix(".\n\n")))
      #expect(piece.contains(next.prefix { $0 != "." } + "."))
    }
    #expect(Set(pieces.flatMap { $0.split(separator: ".") }.map { $0.filter(\.isNumber) }).count >= 20)
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
