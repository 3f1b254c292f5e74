import TestSupport
import Testing
import Text

@testable import Funding

@Suite struct LineWrappingTests {
  private func read(_ text: String) throws -> String { try ArticleText(text).unwrapped().cleaned }

  private static let paragraphs = [
    "We drilled four cores in the northern basin and dated them with two methods. The grain size falls with depth, and "
      + "the water was shallow until the last century.",
    "This research was supported by the National Science Foundation under grants 1234567, 2345678 and 3456789, and by "
      + "the National Institutes of Health under grants R01 GM105705 and P30 CA008748. A.P. is grateful to the Alexander "
      + "von Humboldt Foundation for a research fellowship.",
    "The lake was shallow. A second season of drilling is planned for the deeper basin in the south of the Veld.",
  ]

  @Test(arguments: [36, 40, 60, 75, 100])
  func paragraphsAtAWidth(width: Int) throws {
    let wrapped = Self.paragraphs.map { TextWrapping.wrapped($0, width: width) }
    let text = "Cores from the Veld\n\n" + wrapped.joined(separator: "\n\n") + "\n"
    #expect(try read(text) == "Cores from the Veld\n\n" + Self.paragraphs.joined(separator: "\n\n") + "\n")
    #expect(try read(text.replacing("\n", with: "\r\n")).contains("\r\n\r\n\(Self.paragraphs[1])\r\n"))
  }

  /// What has a line for each paragraph stays as it is.
  @Test func oneLineAParagraph() throws {
    for text in [
      Self.paragraphs.joined(separator: "\n\n"), Self.paragraphs.joined(separator: "\n"),
      "# Title\n\nA. Person\nB. Other\n\nUniversity of X\nDepartment of Y\n\n" + Self.paragraphs[1],
      "- one\n- two\n\n1. Björnsdóttir J. Tags. 2020;3:1–9.\n2. Ó Flaithearta M. Messages. 2022;1:4–11.\n",
      "| a | b |\n| --- | --- |\n| c | d |\n\n```\nlet x = 1\nand y\n```\n",
      "Funding\nNational Science Foundation\nAwards\n1234567\n2345678\n",
      "中文。\n资助。\n",
    ] {
      #expect(try read(text) == text)
    }
  }

  @Test(arguments: [
    ("supported by the Inter-\nnational Fund", "supported by the International Fund"),
    ("by the Foun\u{AD}\ndation", "by the Foundation"),
    ("under grant DMS-\n1855568 and", "under grant DMS-1855568 and"),
    ("under grant UIDB/\n04650/2020 and", "under grant UIDB/04650/2020 and"),
    ("by the project eu-ab3-\ncde and", "by the project eu-ab3-cde and"),
    ("by the Marie-\nCurie programme", "by the Marie-Curie programme"),
    ("for low-\nand middle-income", "for low- and middle-income"),
    ("in the years 2010–\n2015 by", "in the years 2010–2015 by"),
    ("国家自然科学基金委员会资助项目的，编\n号为五一三七三零二五", "国家自然科学基金委员会资助项目的，编号为五一三七三零二五"),
  ])
  func lineEnds(wrapped: String, expected: String) throws { #expect(try read(wrapped) == expected) }

  @Test func paragraphsWithoutAnEmptyLineBetween() throws {
    let lines = Self.paragraphs.map { TextWrapping.wrapped($0, width: 60) }
    #expect(try read(lines[0] + "\n" + lines[1]) == Self.paragraphs[0] + "\n" + Self.paragraphs[1])
    // A full last line: the next paragraph is known by its indentation.
    let full =
      "We thank the wardens of the reserve in the northern basin\nfor all that was needed and for the loan of their boats."
    #expect(
      try read(full + "\n   This work was supported by the Swedish Research Council\nunder project 2016-04512.")
        == full.replacing("\n", with: " ")
        + "\n   This work was supported by the Swedish Research Council under project 2016-04512.")
    #expect(
      try read("Acknowledgements\n" + lines[1] + "\nReferences") == "Acknowledgements\n" + Self.paragraphs[1]
        + "\nReferences")
  }

  @Test func itemsOfLists() throws {
    #expect(
      try read("- the first item of a list goes on\n  in a second line\n- and another one\n")
        == "- the first item of a list goes on in a second line\n- and another one\n")
  }

  @Test func doubleSpacing() throws {
    let lines = Self.paragraphs.map { TextWrapping.wrapped($0, width: 60).replacing("\n", with: "\n\n") }
    #expect(try read(lines.joined(separator: "\n\n\n")) == Self.paragraphs.joined(separator: "\n\n\n"))
  }

  @Test(arguments: [1, 5])
  func lineNumbers(step: Int) throws {
    var number = 0
    func numbered(_ line: Substring) -> String {
      if line.isEmpty { return "" }
      number += 1
      return (number % step == 0 ? "\(number)" : "").padding(to: 4) + line
    }
    let paragraphs = Self.paragraphs + Self.paragraphs.reversed()
    let text = paragraphs.map { TextWrapping.wrapped($0, width: 50) }.joined(separator: "\n\n")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(numbered)
    let result = try read(lines.joined(separator: "\n"))
    let found = result.split(separator: "\n").map { $0.drop(while: { $0 == " " }) }
    #expect(found.elementsEqual(paragraphs.map { $0[...] }))
  }

  @Test func lineNumbersOnTheRight() throws {
    let lines = TextWrapping.wrapped(Self.paragraphs[1], width: 40).split(separator: "\n").enumerated().map {
      String($1).padding(to: 50) + "\($0 + 11)"
    }
    #expect(try read(lines.joined(separator: "\n")) == Self.paragraphs[1])
  }

  @Test(arguments: [
    "\n\n12\n\n", "\n\u{C}", "\n\n- 12 -\n\u{C}", "\n\nPage 12 of 30\n\nCores from the Veld\n\n",
    "\n12\nCores from the Veld\n", "\n\u{C}12   A. Person and B. Other\n\n",
  ])
  func pages(between: String) throws {
    let lines = TextWrapping.wrapped(Self.paragraphs[1], width: 60).split(separator: "\n")
    for place in 1..<lines.count where !lines[place - 1].hasSuffix(".") {
      let text =
        "Cores from the Veld\n\n" + lines[..<place].joined(separator: "\n") + between
        + lines[place...].joined(separator: "\n") + "\n\nThe end.\n"
      let article = try ArticleText(text).unwrapped()
      #expect(article.cleaned == "Cores from the Veld\n\n\(Self.paragraphs[1])\n\nThe end.\n", "\(place)")
    }
  }

  /// Whatever the text, what is cut are line breaks, hyphens and what stands between lines; nothing is there twice, and
  /// every place leads to its own character.
  @Test func randomTexts() throws {
    var random = SplitMix64(state: 3)
    let pieces = [
      "word", " ", " ", "\n", "\n", "\r\n", "\n\n", "\u{C}", "-\n", "12", "the", ",", ".", "é", "\u{AD}\n", "中文", "\t",
      "# ",
      "- ", "1. ", "|", "\u{85}", "```\n", "A", "   ",
    ]
    for _ in 0..<400 {
      let text =
        "x" + (0..<Int.random(in: 1...200, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
      let plain = try ArticleText(text)
      let article = plain.unwrapped()
      var last = -1
      for offset in article.bytes.indices where article.bytes[offset] & 0xC0 != 0x80 {
        var end = offset + 1
        while end < article.bytes.count, article.bytes[end] & 0xC0 == 0x80 { end += 1 }
        let span = article.span(ofCleaned: offset..<end)
        #expect(span.bytes.lowerBound > last)
        last = span.bytes.lowerBound
        let original = article.original[span.bytes.lowerBound]
        #expect(original == article.bytes[offset] || [0x20, 0x0A].contains(article.bytes[offset]))
        #expect(article.cleanedRange(ofOriginal: span.bytes).lowerBound == offset)
      }
      #expect(
        article.bytes.count { $0 >= 0x80 || $0 | 0x20 >= 0x61 } <= plain.bytes.count { $0 >= 0x80 || $0 | 0x20 >= 0x61 }
      )
    }
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
