import Foundation
import TestSupport
import Testing
import Text

@testable import Funding

/// The search and its description, written as plainly as can be, find words in the same texts.
@Suite struct FundingWordsTests {
  /// What plain letters are: character by character, with all of the text at hand.
  private static func plain(_ folded: [UInt8]) -> String {
    let text = Array(String(decoding: folded, as: UTF8.self).unicodeScalars)
    func isLetter(_ index: Int) -> Bool { text.indices.contains(index) && text[index].properties.isAlphabetic }
    func isCapital(_ index: Int) -> Bool { isLetter(index) && text[index].properties.isUppercase }
    func isInsideSpacedWord(_ space: Int) -> Bool {
      guard isLetter(space - 1), !isLetter(space - 2), isLetter(space + 1) else { return false }
      return !isLetter(space + 2) || isCapital(space - 1) && isCapital(space + 1) && isCapital(space + 2)
    }
    var plain = String.UnicodeScalarView()
    for (index, scalar) in text.enumerated() where scalar != " " || !isInsideSpacedWord(index) {
      let simple = String(Character(scalar)).decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars
      plain += simple.filter { $0.properties.generalCategory != .nonspacingMark }.map { $0 == "ı" ? "i" : $0 }
    }
    return String(plain)
  }

  private static let stems = FundingWords.stems.map { Array($0) }

  private static func occur(in text: String) -> Bool {
    let bytes = Array(plain(FoldedText(text).bytes).utf8)
    return bytes.indices.contains { index in stems.contains { bytes[index...].starts(with: $0) } }
  }

  /// Pieces of which some make words, and others come between their letters.
  private static let pieces = [
    "fund", "fun", "d", "Fu", "F", "U", "N", "D", "grant", "gr", "ant", "spon", "sor", "ﬁ", "nanc", "sup", "port",
    "é", "e\u{301}", "ö", "o\u{308}", "f\u{308}", "ß", "ı", "İ", "Ｆ", "ｕ", "𝐅", "𝐮", "ⅳ", "грант", "гра", "нт", "基",
    "金", "科研", "費", "ทุน", "ท", "ุ", "น", "שכר", "تمو", "يل", "अनु", "दान", "지원", "paid", "pa", "id", "processing",
    "charge", "thank", " ", " ", " ", "\n", "-", "-\n", "\u{AD}", "\u{AD}\n", "\u{200B}", "\u{0}", "\u{2010}", "–",
    "`", "…", "\"", "”", "1", ".", "x", "\u{85}", "\u{A0}", "\u{2009}", "\u{3000}", "\u{FEFF}", "\u{301}", "😀", "a",
    "A", "the ", "of ", "Mice ran. ",
  ]

  @Test func equalsItsDescriptionOnRandomTexts() {
    var random = SplitMix64(state: 11)
    var found = 0
    for round in 0..<20_000 {
      let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in Self.pieces.randomElement(using: &random)! }
        .joined()
      let isFound = FundingWords.occur(in: text)
      #expect(isFound == Self.occur(in: text), "round \(round): \(text.debugDescription)")
      if isFound { found += 1 }
    }
    // Neither answer is rare.
    #expect(found > 2_000 && found < 18_000)
  }

  /// Letters that were seen before are remembered: the order of texts does not matter.
  @Test func everyScalarTwice() {
    for _ in 0..<2 {
      for value in stride(from: 0x80 as UInt32, to: 0x2_0000, by: 37) {
        guard let scalar = Unicode.Scalar(value) else { continue }
        let text = "gr\(Character(scalar))nt fun\(Character(scalar))"
        #expect(FundingWords.occur(in: text) == Self.occur(in: text), "\(String(value, radix: 16))")
      }
    }
  }

  @Test func everyWordIsFoundWhereverItStands() {
    for stem in Self.stems {
      let word = String(decoding: stem, as: UTF8.self)
      for text in [word, "x" + word, "Mice ran: \(word)", "\(word), and", "\u{1F600}\(word.uppercased())\u{1F600}"] {
        #expect(FundingWords.occur(in: text) == Self.occur(in: text), "\(text.debugDescription)")
      }
      #expect(FundingWords.occur(in: "Mice ran: \(word)"), "\(word)")
      #expect(stem.count >= 4)
    }
  }
}
