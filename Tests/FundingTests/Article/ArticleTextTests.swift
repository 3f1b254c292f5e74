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

  /// What a program that reads PDF leaves for letters that it does not know.
  @Test(arguments: [
    "\u{0}", "\u{1}", "\u{2}", "\u{8}", "\u{E}", "\u{1B}", "\u{1C}", "\u{1F}", "\u{7F}", "\u{80}", "\u{92}", "\u{9F}",
  ])
  func controlCharactersAreTakenOut(_ control: String) throws {
    let article = try ArticleText("The di\(control)erence.\nFunded\(control)\(control) by NSF, 12.")
    #expect(article.cleaned == "The dierence.\nFunded by NSF, 12." && article.controlCharacterCount == 3)
    let size = control.utf8.count
    #expect(
      article.span(ofCleaned: 14..<23)
        == TextSpan(bytes: 14 + size..<23 + 3 * size, scalars: 15..<26, line: 2))
    #expect(TextCleaning.clean("Fun\(control)ded") == "Funded")
    #expect(FoldedText("Fun\(control)ded").bytes == Array("Funded".utf8))
  }

  @Test func aTextOfFewControlCharactersIsNone() throws {
    #expect(try ArticleText("Funded by NSF" + String(repeating: "\u{0}", count: 1)).controlCharacterCount == 1)
    #expect(throws: FundingError.self) { try ArticleText("Funded by NSF" + String(repeating: "\u{0}", count: 2)) }
    #expect(try ArticleText("\t\r\n plain\u{C}\u{B}\u{85}").controlCharacterCount == 0)
    #expect(try ArticleText("PAR1 is a receptor.").bytes.count == 19)
  }

  /// Each ends a line where it is read and where it is counted.
  @Test(arguments: [
    ("\n", "\n"), ("\r", "\r"), ("\r\n", "\r\n"), ("\u{B}", "\n"), ("\u{C}", "\n"), ("\u{85}", "\n"),
    ("\u{2028}", "\n"),
    ("\u{2029}", "\n\n"),
  ])
  func linesEnd(_ end: String, _ read: String) throws {
    let article = try ArticleText("Né\(end)by NSF")
    #expect(Array(article.bytes) == Array("Né\(read)by NSF".utf8))
    let start = 3 + read.utf8.count
    let size = end.utf8.count
    let place = TextSpan(
      bytes: 3 + size..<9 + size, scalars: 2 + end.unicodeScalars.count..<8 + end.unicodeScalars.count, line: 2)
    #expect(article.span(ofCleaned: start..<start + 6) == place)
    #expect(article.span(ofCleaned: 0..<start).bytes == 0..<3 + size, "the end is whole")
    let whole = article.span(ofCleaned: 0..<article.bytes.count)
    #expect(whole.part(place.bytes, of: article.originalText(whole)) == place, "values are on their line, too")
  }

  /// A paragraph goes on where its page ends.
  @Test func aPageBreakIsNoParagraphBreak() throws {
    let article = try ArticleText("by the\n\u{C}NSF.\n\n\u{C}\u{C}Next")
    #expect(Array(article.bytes) == Array("by the\nNSF.\n\nNext".utf8))
    #expect(article.span(ofCleaned: 7..<10).line == 3 && article.span(ofCleaned: 13..<17).line == 7)
  }

  @Test func hash() throws {
    #expect(try ArticleText("abc").hash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test(arguments: [
    ([], FundingError.Code.emptyText), ([0x20, 0x0A], .emptyText), (Array("\u{FEFF}\u{200B}".utf8), .emptyText),
    ([0x41, 0xFF], .invalidUTF8), ([0xC3], .invalidUTF8), ([0xED, 0xA0, 0x80], .invalidUTF8),
    ([0xC0, 0x80], .invalidUTF8),
    ([0xFF, 0xFE, 0x41, 0], .invalidUTF8), ([0x41, 0, 0x42], .binaryContent), ([1, 2, 3, 0x41], .binaryContent),
    (Array("Funded by NSF\u{80}\u{81}".utf8), .binaryContent), ([0x41, 0xC2, 0x41], .invalidUTF8),
    (Array("%PDF-1.7\n".utf8), .binaryContent), ([0x1F, 0x8B, 8, 0], .binaryContent),
    (Array("PK\u{3}\u{4}".utf8), .binaryContent), (Array("PAR1 rows PAR1".utf8), .binaryContent),
    (Array("{\\rtf1 Funded by NSF}".utf8), .binaryContent),
  ])
  func refuses(bytes: [UInt8], code: FundingError.Code) {
    let error = #expect(throws: FundingError.self) { try ArticleText(bytes) }
    #expect(error?.code == code)
  }

  /// Every span of a random text reads the same in both texts, apart from what was removed.
  @Test func randomSpans() throws {
    var random = SplitMix64(state: 1)
    let pieces = [
      "a", "é", "\r\n", "\u{FEFF}", "\u{200B}", "中", "👩\u{200D}🔬", " ", "\n", "\u{2060}", "bc",
      "\u{92}", "\u{0}",
    ]
    for _ in 0..<200 {
      let text =
        "x" + String(repeating: "y", count: 400)
        + (0..<Int.random(in: 1...400, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      let article = try ArticleText(text)
      let starts = article.bytes.indices.filter { article.bytes[$0] & 0xC0 != 0x80 } + [article.bytes.count]
      let low = Int.random(in: 0..<starts.count - 1, using: &random)
      let high = Int.random(in: low + 1..<starts.count, using: &random)
      let span = article.span(ofCleaned: starts[low]..<starts[high])
      let original = article.originalText(span)
      let removed: Set<Unicode.Scalar> = ["\u{FEFF}", "\u{200B}", "\u{2060}", "\u{92}", "\u{0}"]
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
