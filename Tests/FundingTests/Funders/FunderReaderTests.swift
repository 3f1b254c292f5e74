import JSON
import TestSupport
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
    let rows = try Golden.rows("reward/extract_funders.jsonl")
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
    for row in try Golden.rows("reward/env_step.jsonl") {
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

  // MARK: Tolerant

  @Test func tolerantReadsWhatTheReferenceReads() {
    let expected = [Funder(name: "X", awards: [Award(awardIDs: ["A"])])]
    for output in [
      #"[{"funder_name": "X", "awards": [{"award_ids": ["A"]}]}]"#, #"{"funder_name": "X", "award_ids": "A"}"#,
      "Here:\n```json\n{\"funders\": [{\"funder_name\": \"X\", \"award_ids\": [\"A\"]}]}\n```",
      #"Here they are: [{"funder_name": "X", "awards": [{"award_ids": ["A"],}],}] See [1]."#,
    ] {
      #expect(
        FunderReader.read(output).map(\.text) == Reading(elements: expected, isComplete: true, problems: []),
        "\(output)")
    }
    #expect(FunderReader.read("[]").map(\.text) == Reading(elements: [], isComplete: true, problems: []))
  }

  @Test func truncatedOutputKeepsCompleteFunders() {
    let whole = Array(
      #"[{"funder_name": "X", "awards": [{"award_ids": ["A", "B"]}]}, {"funder_name": "Y", "awards": []}]"#.utf8)
    let complete = FunderReader.read(String(decoding: whole, as: UTF8.self)).elements.map(\.text)
    #expect(complete.count == 2)
    for wrapper in [("", ""), (#"{"funders": "#, "}"), ("```json\n", "\n```")] {
      for length in 0..<whole.count {
        let reading = FunderReader.read(wrapper.0 + String(decoding: whole[..<length], as: UTF8.self))
        #expect(!reading.isComplete)
        #expect(reading.elements.map(\.text) == Array(complete.prefix(reading.elements.count)), "\(length)")
      }
      let all = wrapper.0 + String(decoding: whole, as: UTF8.self) + wrapper.1
      #expect(FunderReader.read(all).map(\.text) == Reading(elements: complete, isComplete: true, problems: []))
    }
  }

  @Test func tolerantTakesNumbersAsText() {
    let reading = FunderReader.read(#"[{"funder_name": "X", "awards": [{"award_ids": [123]}]}]"#)
    #expect(reading.elements.map(\.text) == [Funder(name: "X", awards: [Award(awardIDs: ["123"])])])
    #expect(reading.problems.count == 1)
  }

  @Test(arguments: ["", "None.", "[1, 2]", #"["NSF"]"#, "\"abc\"", "3", "[", "{"])
  func tolerantFindsNothing(output: String) {
    let reading = FunderReader.read(output)
    #expect(reading.elements.isEmpty && !reading.isComplete && reading.problems.count == 1)
  }

  @Test func emptyFunderIsKeptAndNoted() {
    let reading = FunderReader.read(#"[{"funder_name": null, "awards": []}]"#)
    #expect(reading.elements.map(\.text) == [Funder(name: nil)] && reading.problems.count == 1)
  }

  /// The reference drops empty strings in lists; a name that is empty is none.
  @Test func emptyStringsStandForNothing() throws {
    let output =
      #"[{"funder_name": "", "awards": [{"award_ids": ["", "1"], "funding_scheme": "", "award_title": [""]}]}]"#
    let expected = [Funder(name: nil, awards: [Award(awardIDs: ["1"])])]
    #expect(FunderReader.read(output).map(\.text) == Reading(elements: expected, isComplete: true, problems: []))
    #expect(try FunderReader.funders(in: output) == expected)
    #expect(try FunderReader.funders(from: JSON.parse(output)) == expected)
  }

  /// The reference keeps blank strings, and scores them; an extraction has no use for them.
  @Test func blankStringsAreKeptForScoringOnly() throws {
    let output = #"[{"funder_name": " ", "awards": [{"award_ids": ["\t", "1"], "funding_scheme": ["\u00a0"]}]}]"#
    let kept = [Funder(name: " ", awards: [Award(awardIDs: ["\t", "1"], fundingSchemes: ["\u{A0}"])])]
    #expect(try FunderReader.funders(in: output) == kept)
    let expected = [Funder(name: nil, awards: [Award(awardIDs: ["1"])])]
    #expect(FunderReader.read(output).elements.map(\.text) == expected)
    #expect(kept.map(\.withoutBlankValues) == expected)
    #expect(FunderReader.read(#"[{"funder_name": " "}]"#).problems == ["a funder has neither name nor awards"])
  }

  @Test(arguments: [
    #"[{"funder_name": "É \"x\"", "awards": [{"award_ids": ["A-1", 7], "funding_scheme": ["S\n"]}]}, 3]"#,
    "Of these: \u{A0}\n```json\u{2003}{\"funders\": [{\"funder_name\": \"É\", \"award_ids\": \"A-1\"}]}\n``` é",
    "é: [{\"funder_name\": \"the \"First\" é\", \"awards\": [{\"award_ids\": [\"A\n1\", \"cut",
  ])
  func rangesAreOfTheStringsInTheOutput(output: String) {
    let bytes = Array(output.utf8)
    let funders = FunderReader.read(output).elements
    var count = 0
    for funder in funders {
      funder.forEach { value, _ in
        guard let range = value.range else {
          #expect(value.text == "7", "a number has no quotes")
          return
        }
        count += 1
        #expect(bytes[range.lowerBound - 1] == UInt8(ascii: "\"") && bytes[range.upperBound] == UInt8(ascii: "\""))
        let raw = String(decoding: bytes[range], as: UTF8.self)
        #expect(
          raw.replacing("\\\"", with: "\"").replacing("\\n", with: "\n") == value.text, "\(raw) is \(value.text)")
      }
    }
    #expect(count > 0 || funders.isEmpty)
  }

  // MARK: What an output's end brings in

  private func read(_ funders: [Funder]) -> [FunderTree<OutputString>] {
    funders.map { $0.map { value, _ in OutputString(value) } }
  }

  @Test func cleaningTakesAwayWhatAnOutputsEndBringsIn() {
    let x = Funder(name: "X", awards: [Award(awardIDs: ["1"])])
    let repeated = Funder(name: "X", awards: [Award(awardIDs: ["1", "1"])])
    let empty = Funder(name: nil, awards: [Award()])
    func cleaned(_ funders: [Funder], _ closedAtLimit: Bool, _ isConstrained: Bool) -> [Funder] {
      FunderCleanup.clean(read(funders), closedAtLimit: closedAtLimit, isConstrained: isConstrained).map(\.text)
    }
    #expect(cleaned([repeated, empty], false, false) == [repeated, empty])
    #expect(cleaned([repeated, empty], true, false) == [repeated])
    #expect(cleaned([repeated, empty], true, true) == [x])
    #expect(cleaned([x, x], false, true) == [x])
    #expect(cleaned([], true, true) == [])
    // A word is no award id; what is free stays as it is.
    let words = Funder(
      name: "X", awards: [Award(awardIDs: ["Vidi"]), Award(awardIDs: ["a", "A-1", "二〇"], fundingSchemes: ["b"])])
    #expect(cleaned([words], false, false) == [words])
    #expect(
      cleaned([words], false, true)
        == [Funder(name: "X", awards: [Award(awardIDs: ["A-1", "二〇"], fundingSchemes: ["b"])])])
    let scheme = Funder(name: "X", awards: [Award(awardIDs: ["Vidi"], fundingSchemes: ["Vidi"])])
    #expect(cleaned([scheme], false, true) == [Funder(name: "X", awards: [Award(fundingSchemes: ["Vidi"])])])
  }

  @Test func placesStayWithTheirIDs() {
    let output = #"[{"funder_name": "X", "awards": [{"award_ids": ["a"]}, {"award_ids": ["b", "1", "c", "2"]}]}]"#
    let read = FunderReader.read(output).elements
    let cleaned = FunderCleanup.clean(read, closedAtLimit: false, isConstrained: true)
    #expect(cleaned.map(\.text) == [Funder(name: "X", awards: [Award(awardIDs: ["1", "2"])])])
    #expect(cleaned[0].awards[0].awardIDs == [read[0].awards[1].awardIDs[1], read[0].awards[1].awardIDs[3]])
  }
}
