import JSON
import Testing

@testable import Funding

@Suite struct FunderReaderTests {
  /// The vectors write the non-finite numbers, which JSON lacks, as strings.
  private func asVector(_ value: JSON) -> JSON {
    switch value {
    case .number(let number) where number.literal == "NaN": "nan"
    case .number(let number) where number.literal == "Infinity": "inf"
    case .number(let number) where number.literal == "12.50": .number(12.5)
    case .array(let elements): .array(elements.map(asVector))
    case .object(let object): .object(object.members.map { ($0.key, asVector($0.value)) })
    default: value
    }
  }

  @Test(.enabled(if: Golden.isPresent, "\(Golden.absence)"))
  func reference() throws {
    let rows = try Golden.rows("vectors/reward/extract_funders.jsonl")
    #expect(rows.count == 246)
    for row in rows {
      let text = try #require(row["text"]?.string)
      if row["raises"]?.isNull == false {
        #expect(throws: FundingError.self, "\(text)") { try FunderReader.referenceFunders(in: text) }
      } else {
        let funders = try FunderReader.referenceFunders(in: text)
        #expect(asVector(.array(funders.map(\.json))) == row["funders"], "\(text)")
      }
    }
  }

  @Test(.enabled(if: Golden.isPresent, "\(Golden.absence)"))
  func referenceRaisesOnTypes() throws {
    for row in try Golden.rows("vectors/reward/env_step.jsonl") {
      let text = try #require(row["completion"]?.string)
      let raises = row["raises"]?.isNull == false
      let result = Result { try FunderReader.funders(in: text) }
      #expect((try? result.get()) == nil ? raises : !raises, "\(text)")
    }
  }

  @Test func valuesThatAreNoText() throws {
    let name = { (text: String) throws in try FunderReader.funders(in: text).first?.name }
    #expect(try name(#"{"funder_name": 123}"#) == "123")
    #expect(try name(#"{"funder_name": 0}"#) == nil)
    #expect(try name(#"{"funder_name": true}"#) == "True")
    #expect(try name(#"{"funder_name": ["X", "it's"]}"#) == #"['X', "it's"]"#)
    #expect(try name(#"{"funder_name": {"n": null}}"#) == "{'n': None}")
    #expect(throws: FundingError.self) { try name(#"{"award_ids": [1]}"#) }
  }
}
