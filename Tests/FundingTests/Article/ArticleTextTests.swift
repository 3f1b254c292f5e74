import Testing
import Text

@testable import Funding

@Suite struct ArticleTextTests {
  @Test func removesZeroWidthCharacters() throws {
    let article = try ArticleText("\u{FEFF}Fun\u{200B}ded\u{2060} by\r\nN\u{200D}SF\u{AD}")
    #expect(Array(article.cleaned.utf8) == Array("Funded by\r\nNSF\u{AD}".utf8))
  }

  @Test func keepsJoinersOfSpelling() throws {
    for text in ["می\u{200C}خواهم", "👩\u{200D}🔬", "क्\u{200D}ष"] {
      #expect(try Array(ArticleText(text).cleaned.unicodeScalars) == Array(text.unicodeScalars))
    }
  }

  @Test func spansCountBytesScalarsAndLines() throws {
    let article = try ArticleText("\u{FEFF}é\r\nx\u{200B}yz\rw\n")
    #expect(Array(article.cleaned.utf8) == Array("é\r\nxyz\rw\n".utf8))
    #expect(article.span(ofCleaned: 0..<2) == TextSpan(bytes: 3..<5, scalars: 1..<2, line: 1))
    #expect(article.span(ofCleaned: 4..<6) == TextSpan(bytes: 7..<12, scalars: 4..<7, line: 2))
    #expect(article.span(ofCleaned: 5..<6) == TextSpan(bytes: 11..<12, scalars: 6..<7, line: 2))
    #expect(article.span(ofCleaned: 8..<9) == TextSpan(bytes: 14..<15, scalars: 9..<10, line: 3))
    #expect(article.originalText(article.span(ofCleaned: 4..<6)) == "x\u{200B}y")
  }

  @Test func hash() throws {
    #expect(try ArticleText("abc").hash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test(arguments: [
    ([], FundingError.Code.emptyText), ([0x20, 0x0A], .emptyText), (Array("\u{FEFF}\u{200B}".utf8), .emptyText),
    ([0x41, 0xFF], .invalidUTF8), ([0xC3], .invalidUTF8), ([0xED, 0xA0, 0x80], .invalidUTF8),
    ([0xC0, 0x80], .invalidUTF8),
    ([0xFF, 0xFE, 0x41, 0], .invalidUTF8), ([0x41, 0, 0x42], .binaryContent), ([1, 2, 3, 0x41], .binaryContent),
  ])
  func refuses(bytes: [UInt8], code: FundingError.Code) {
    let error = #expect(throws: FundingError.self) { try ArticleText(bytes) }
    #expect(error?.code == code)
  }

  /// Every span of a random text reads the same in both texts, apart from what was removed.
  @Test func randomSpans() throws {
    var random = SplitMix64(state: 1)
    let pieces = ["a", "é", "\r\n", "\u{FEFF}", "\u{200B}", "中", "👩\u{200D}🔬", " ", "\n", "\u{2060}", "bc"]
    for _ in 0..<200 {
      let text =
        "x"
        + (0..<Int.random(in: 1...400, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      let article = try ArticleText(text)
      let starts = article.bytes.indices.filter { article.bytes[$0] & 0xC0 != 0x80 } + [article.bytes.count]
      let low = Int.random(in: 0..<starts.count - 1, using: &random)
      let high = Int.random(in: low + 1..<starts.count, using: &random)
      let span = article.span(ofCleaned: starts[low]..<starts[high])
      let original = article.originalText(span)
      let removed: Set<Unicode.Scalar> = ["\u{FEFF}", "\u{200B}", "\u{2060}"]
      let kept = original.unicodeScalars.filter { !removed.contains($0) }
      #expect(
        kept.elementsEqual(String(decoding: article.bytes[starts[low]..<starts[high]], as: UTF8.self).unicodeScalars))
      let scalars = Array(text.unicodeScalars)[span.scalars]
      #expect(scalars.elementsEqual(original.unicodeScalars))
      let file = Array(text.utf8) + [0]
      let lineEnds = (0..<span.bytes.lowerBound).count {
        file[$0] == 0x0A || (file[$0] == 0x0D && file[$0 + 1] != 0x0A)
      }
      #expect(span.line == 1 + lineEnds)
    }
  }
}
