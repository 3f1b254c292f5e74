import Testing
import Text

@testable import Funding

@Suite struct StatementLocatorTests {
  private func locate(_ statement: String, in text: String, chunk: Range<Int>? = nil) -> (StatementStatus, String)? {
    let bytes = Array(text.utf8)
    var locator = StatementLocator(bytes)
    return locator.locate(statement, chunk: chunk ?? bytes.indices).map { place in
      (place.status, String(decoding: bytes[place.range], as: UTF8.self))
    }
  }

  @Test func exact() throws {
    let found = try #require(locate(" Funded by NSF. \n", in: "Intro. Funded by NSF. End."))
    #expect(found == (.exact, "Funded by NSF."))
  }

  @Test(arguments: [
    ("international grant", "an inter-\nnational grant."), ("inter-national grant", "an inter-\r\n  national grant."),
    ("inter- national grant", "an inter-\nnational grant."), ("international grant", "an inter\u{AD}\nnational grant."),
    ("Grant CUG-2106202", "Grant CUG-\n2106202"), ("a  b\nc", "x a b c y"), ("a b", "a\u{A0}\u{2009}\nb"),
    ("the \"Fund\" - it's", "the “Fund” – it’s"), ("the “Fund”", "the \"Fund\""), ("efficient office", "eﬃcient oﬃce"),
    ("1–5", "1-5"), ("wait...", "wait…"), ("NSF", "N\u{200D}SF"), ("5 % of", "5\u{202F}% of"),
  ])
  func normalised(statement: String, text: String) throws {
    let found = try #require(locate(statement, in: text))
    #expect(found.0 == .normalised)
    #expect(FoldedText(found.1).bytes == FoldedText(statement).bytes)
    #expect(found.1.unicodeScalars.first?.properties.isWhitespace == false)
    #expect(found.1.unicodeScalars.last?.properties.isWhitespace == false)
  }

  @Test(arguments: [
    ("covers 5% of", "covers 6% of"), ("Grant 1234", "Grant 12-34"), ("Grant 12-34", "Grant 12 34"), ("nsf", "NSF"),
    ("", "a"),
    (" \n", "a b"), ("a b", "ab"), ("A. C.", "A. B. C."), ("longer than it", "longer"), ("pre - post", "prepost"),
    ("-", "a"),
  ])
  func unverified(statement: String, text: String) { #expect(locate(statement, in: text) == nil) }

  @Test func prefersItsChunk() {
    let text = "Thanks to X. And more. Thanks to X. Thanks\nto X."
    let bytes = Array(text.utf8)
    var locator = StatementLocator(bytes)
    #expect(locator.locate("Thanks to X.", chunk: 5..<bytes.count)?.range == 23..<35)
    #expect(locator.locate("Thanks to X.", chunk: 0..<bytes.count)?.range == 0..<12)
    #expect(locator.locate("Thanks  to X.", chunk: 24..<bytes.count)?.range == 36..<48)
    #expect(locator.locate("And more.", chunk: 30..<40)?.range == 13..<22)
  }

  @Test func foldingKeepsPlaces() {
    var random = SplitMix64(state: 3)
    let pieces = ["a", "-", "\n", " ", "é", "“", "ﬁ", "…", "\u{AD}", "\u{200B}", "5", "中", "–", "\r\n", "B"]
    for _ in 0..<300 {
      let source = Array((0..<40).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
      let folded = FoldedText(source)
      guard !folded.bytes.isEmpty else { continue }
      #expect(String(validating: folded.bytes, as: UTF8.self) != nil)
      let whole = folded.sourceRange(folded.bytes.indices)
      #expect(FoldedText(Array(source[whole])).bytes == folded.bytes)
      #expect(FoldedText(folded.bytes).bytes == folded.bytes, "folding twice changes nothing")
    }
  }

  @Test func hostileSearchIsLinear() {
    let text = Array(String(repeating: "a", count: 300_000).utf8)
    let needle = ByteSearch(Array((String(repeating: "a", count: 2_000) + "b").utf8))
    #expect(needle.firstRange(in: text) == nil)
    var locator = StatementLocator(Array(String(repeating: "- \n", count: 50_000).utf8))
    #expect(locator.locate("a", chunk: 0..<3) == nil)
  }

  // MARK: Merging

  private let text = "0123456789 abcdefghij ABCDEFGHIJ abcdefghij"

  private func merged(_ candidates: [(Range<Int>?, Int, StatementStatus)]) -> [StatementCandidate] {
    StatementMerging.merge(
      candidates.map { range, chunk, status in
        StatementCandidate(modelText: range == nil ? "un  known" : "", chunk: chunk, status: status, range: range)
      }, in: Array(text.utf8))
  }

  @Test func mergingFacts() {
    #expect(merged([(11..<21, 1, .exact), (0..<10, 0, .exact)]).map(\.range) == [0..<10, 11..<21], "order of place")
    let same = merged([(0..<10, 0, .normalised), (0..<10, 1, .exact)])
    #expect(same.count == 1 && same[0].status == .exact, "equal ranges: the exact one")
    #expect(
      merged([(0..<5, 0, .exact), (0..<10, 1, .exact), (3..<8, 2, .exact)]).map(\.range) == [0..<10], "contained")
    let union = merged([(0..<10, 0, .exact), (5..<21, 1, .normalised)])
    #expect(union.map(\.range) == [0..<21] && union[0].status == .normalised, "cut by a chunk's border")
    #expect(merged([(0..<10, 0, .exact), (5..<21, 0, .exact)]).count == 2, "overlap within a chunk")
    #expect(merged([(11..<21, 0, .exact), (33..<43, 3, .exact)]).map(\.range) == [11..<21], "repeated text")
    let unverified = merged([(nil, 0, .unverified), (0..<10, 1, .exact), (nil, 2, .unverified)])
    #expect(unverified.map(\.status) == [.exact, .unverified], "unverified last, once")
  }

  // MARK: Evidence

  @Test func valuesStandAlone() {
    let finder = EvidenceFinder([
      "In 2012 the NSFC gave grant 12-34 (No. 12).", "国家自然科学基金 12345678号; Deutsche For-\nschungsgemeinschaft NSF",
    ])
    func find(_ value: String, _ kind: ValueKind = .funderName) -> String? {
      finder.find(value, kind).map { "\($0.statement):\($0.range)" }
    }
    #expect(find("12") == "0:28..<30")
    #expect(find("12", .awardID) == "0:39..<41", "a whole id before a piece of one")
    #expect(find("34", .awardID) == "0:31..<33", "a piece where there is nothing else")
    #expect(find("NSF") == "1:72..<75")
    #expect(find("201") == nil)
    #expect(find("自然") == "1:6..<12")
    #expect(find("12345678") == "1:25..<33")
    #expect(find("Deutsche Forschungsgemeinschaft") == "1:38..<71")
    #expect(find("") == nil)
    #expect(find("grant  12–34") == "0:22..<33")
  }
  /// What the constraint lets the model copy is found again.
  @Test func valuesWhoseSpacesWereLost() {
    let text = """
      bytheNationalScienceFoundation(DMS-1855568)under grant2016-04512and NIH-
      123 https://doi.org/10.35802/203141 بدعم وجامعة JP19K03425/JP20H05639
      """
    let finder = EvidenceFinder([text])
    func found(_ value: String, _ kind: ValueKind) -> String? {
      finder.find(value, kind).map { String(decoding: Array(text.utf8)[$0.range], as: UTF8.self) }
    }
    for name in ["NationalScienceFoundation", "جامعة"] { #expect(found(name, .funderName) == name) }
    for id in ["2016-04512", "10.35802/203141", "JP19K03425", "JP20H05639", "DMS-1855568"] {
      #expect(found(id, .awardID) == id)
    }
    #expect(found("NIH-123", .awardID) == "NIH-\n123", "folded")
    #expect(found("ational", .funderName) != nil, "a run of letters longer than words may be cut anywhere")
    #expect(found("19K03425", .awardID) == nil && found("cience", .awardID) == nil)
  }
}
