import Funding
import JSON
import TestSupport
import Testing

@testable import Scoring

@Suite struct TextNormalizationTests {
  @Test(.needsGoldenVectors) func everyGoldenText() throws {
    let rows = try Golden.rows("reward/normalize_text.jsonl")
    var differences = Differences()
    for (index, row) in rows.enumerated() {
      guard let text = row["text"]?.string else {
        // A value that is no text: what the readers of records make of it is normalised.
        let funder = UntypedFunder(name: row["non_string"] ?? .null, awards: [])
        differences.expectEqual(
          TextNormalization.normalize(try Funder(funder).name ?? ""), row.text("normalized"), "row \(index)")
        continue
      }
      let normalized = TextNormalization.normalize(text)
      differences.expectEqual(normalized, row.text("normalized"), "row \(index) normalized")
      differences.expectEqual(normalized, row.text("normalized_statement_eval"), "row \(index) statement")
    }
    differences.expectNone(of: rows.count)
  }
}
