import Generation
import JSON
import Testing
import Text

@testable import Constraints
@testable import Funding

@Suite struct LineFoldingTests {
  private func variants(_ text: String) -> [String] {
    let scalars = Array(text.unicodeScalars)
    return LineFolding.paragraphs(of: scalars).flatMap { paragraph in
      [true, false].map { keepsHyphens in
        String(
          String.UnicodeScalarView(
            LineFolding.fold(scalars, paragraph, keepsHyphens: keepsHyphens).map(\.scalar)))
      }
    }
  }

  @Test func whatBecomesOfLineBreaks() {
    #expect(
      variants("the Na-\ntional  Science\r\nFoundation (DMS-\n2308440,\tDMS- 1)\n\nNext")
        == [
          "the Na-tional Science Foundation (DMS-2308440, DMS-1)",
          "the National Science Foundation (DMS-2308440, DMS-1)", "Next", "Next",
        ])
    #expect(
      variants("pre- and post-war, A - B, co\u{AD}\nordi\u{AD}nate")
        == Array(repeating: "pre- and post-war, A - B, coordinate", count: 2))
    #expect(variants("un\u{A0}e\u{2009}x") == Array(repeating: "un\u{A0}e\u{2009}x", count: 2))
    #expect(variants(" \n ").isEmpty)
  }

  private static let pieces = [
    "Fund", "ing", "by", "the", "12", "34-5", "A", "-", "-\n", "- ", "\u{2010}\n", "\u{AD}", "\u{AD}\n", " ", " ", " ",
    "\n", "\r\n", "\n\n",
    "  ", "\t", "\u{A0}", ".", ", ", "(", ")", "é", "数", "\"", "\\", "\u{1}", "DMS-\n", "2019", "— ", "…", "ﬁ",
    "\u{2028}", ".\n", ": ",
  ]

  /// A copy of a folded text has its place in the source: the locator finds it, and what it finds folds alike.
  @Test func foldedCopiesAreFoundAgain() throws {
    var random = SplitMix64(state: 5)
    var normalised = 0
    for _ in 0..<3_000 {
      let text = (0..<Int.random(in: 2...24, using: &random)).map { _ in Self.pieces.randomElement(using: &random)! }
        .joined()
      let copyText = CopyText([text], edges: [.sentences, .words], foldsLines: true, writable: .all)
      let bytes = Array(text.utf8)
      var locator = StatementLocator(bytes)
      for (rule, places) in copyText.places.enumerated() {
        for start in places.starts {
          let segmentEnd = copyText.bytes[Int(start)...].firstIndex(of: CopyText.separator)!
          let ends = (Int(start) + 1...segmentEnd).filter { places.ends[$0] }
          for end in [ends.first, ends.last, ends.randomElement(using: &random)].compactMap(\.self) {
            let copy = Self.unescaped(copyText.bytes[Int(start)..<end])
            guard let place = locator.locate(copy, chunk: bytes.indices) else {
              Issue.record(
                "\(copy.debugDescription) is not found in \(text.debugDescription) (\(copyText.edges[rule]))")
              return
            }
            if place.status == .normalised {
              normalised += 1
              #expect(FoldedText(Array(bytes[place.range])).bytes == FoldedText(copy).bytes)
            }
          }
        }
      }
    }
    #expect(normalised > 3_000)
  }

  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
    (try? JSON.parse([0x22] + bytes + [0x22]))?.string ?? ""
  }
}
