import JSON
import TestSupport
import Testing
import Text

@testable import TextRepair

@Suite struct TextRepairTests {
  @Test(.needsGoldenVectors) func everyGoldenText() throws {
    let rows = try Golden.rows("reward/normalize_text.jsonl")
    var differences = Differences()
    for (index, row) in rows.enumerated() {
      guard let text = row["text"]?.string else { continue }  // values that are no text: `TextNormalizationTests`
      differences.expectEqual(TextRepair.fix(text), row.text("ftfy"), "row \(index) ftfy of \(text)")
      differences.expectEqual(
        MojibakeDetection.badness(text.scalarValues), row.integer("badness"), "row \(index) badness of \(text)")
      let isBad = MojibakeDetection.isBad(text.scalarValues[...])
      differences.expectEqual(isBad, row["is_bad"]?.bool ?? !isBad, "row \(index) is_bad")
    }
    differences.expectNone(of: rows.count)
  }

  @Test(.needsGoldenVectors) func theTablesAreThoseOfTheReference() throws {
    let tables = try Golden.json("reward/ftfy_tables.json")
    let entities = tables["html_entities"]?.object
    #expect(entities?.count == HTMLEntities.named.count)
    for (reference, text) in entities?.members ?? [] {
      let name = String(reference.dropFirst().dropLast())
      #expect(HTMLEntities.named[name] == text.string?.scalarValues, "\(reference)")
    }
    for (index, name) in (tables["charmap_encodings_in_order"]?.array ?? []).enumerated() {
      let expected = tables["byte_to_codepoint"]?[name.string ?? ""]?.array?.compactMap(\.int)
      #expect((0..<256).map { Int(SingleByteEncoding.all[index].decode(UInt8($0))) } == expected, "\(name)")
    }
    for (from, to) in tables["width_map"]?.object?.members ?? [] {
      #expect(CharacterRepair.fix([try #require(UInt32(from))]) == to.string?.scalarValues, "\(from)")
    }
    for (from, to) in tables["ligatures"]?.object?.members ?? [] {
      // 0149 becomes an apostrophe letter, which the next step makes a plain apostrophe.
      let expected = to.string?.scalarValues.map { $0 == 0x2BC ? 0x27 : $0 }
      #expect(CharacterRepair.fix([try #require(UInt32(from))]) == expected, "\(from)")
    }
    let controls = tables["control_chars"]?.array?.compactMap(\.int)
    #expect((0..<0x11000).filter { CharacterRepair.isUnwantedControl(UInt32($0)) } == controls)
  }

  @Test(arguments: [
    ("FundaÃ§Ã£o para a CiÃªncia", "Fundação para a Ciência"),
    ("Maxâ€™s fund", "Max's fund"),
    ("R&amp;D &eacute;&#233;&#xE9; &EACUTE;", "R&D ééé É"),
    ("&amp;amp;amp;lt;", "<"),
    ("a < b &amp; c", "a < b &amp; c"),
    ("&#59;", "&#59;"),
    ("ﬁnance ﬂow", "finance flow"),
    ("ＮＳＦ　１２３", "NSF 123"),
    ("\u{1B}[31mred\u{1B}[0m", "red"),
    ("one\r\ntwo\rthree\u{2028}four", "one\ntwo\nthree\nfour"),
    ("“quoted” ‘word’", "\"quoted\" 'word'"),
    ("a\u{0}b\u{FEFF}c", "abc"),
    ("e\u{301}", "\u{E9}"),
    ("", ""),
  ])
  func repairs(_ text: String, _ expected: String) {
    #expect(Array(TextRepair.fix(text).utf8) == Array(expected.utf8))
  }

  @Test func soundTextStays() {
    for text in ["Österreichischer Fonds", "Агентство", "国家自然科学基金", "Šiauliai", "São Paulo", "NSF (№ 12)"] {
      #expect(Array(TextRepair.fix(text).utf8) == Array(text.utf8))
    }
  }

  @Test func deepNestingEndsInBoundedTime() {
    let text = "&" + String(repeating: "amp;", count: 5_000)
    #expect(TextRepair.fix(text).utf8.count < text.utf8.count)
  }
}
