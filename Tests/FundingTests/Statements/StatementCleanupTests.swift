import JSON
import TestSupport
import Testing

@testable import Funding

@Suite struct StatementCleanupTests {
  @Test(.enabled(if: Golden.isPresent, "\(Golden.absence)"))
  func reference() throws {
    let rows = try Golden.rows("reward/preprocess_statement.jsonl")
    #expect(rows.count == 85)
    for row in rows {
      let text = try #require(row["text"]?.string)
      let cleaned = StatementCleanup.clean(text)
      #expect(Array(cleaned.unicodeScalars) == row["out"]?.string.map { Array($0.unicodeScalars) }, "\(text)")
    }
  }

  @Test(arguments: [
    ("the Na-\ntional  Science\r\nFoundation ", "the National Science Foundation"),
    ("CUG-\n2106202", "CUG- 2106202"), ("a\u{2009}b", "a\u{2009}b"), ("a\u{2009} b", "a b"),
    ("e\u{FB03}cient", "efficient"),
    ("-\na", "- a"), ("", ""), ("\u{A0}", ""),
  ])
  func facts(text: String, cleaned: String) { #expect(StatementCleanup.clean(text) == cleaned) }
}
