import JSON
import Testing

@testable import Funding

@Suite struct FunderTreeTests {
  private let funder = Funder(
    name: "X",
    awards: [Award(awardIDs: ["1", "22"], fundingSchemes: ["S"]), Award(awardTitles: ["T"])])

  @Test func valuesKeepTheirPlacesAndKinds() {
    var seen: [String] = []
    funder.forEach { value, kind in seen.append("\(kind.rawValue) \(value)") }
    #expect(seen == ["funder_name X", "award_id 1", "award_id 22", "funding_scheme S", "award_title T"])
    let lengths = funder.map { value, _ in value.count }
    #expect(
      lengths == FunderTree(name: 1, awards: [.init(awardIDs: [1, 2], fundingSchemes: [1]), .init(awardTitles: [1])]))
    #expect(
      funder.compactMap { value, _ in value.count > 1 ? value : nil }
        == Funder(name: nil, awards: [Award(awardIDs: ["22"]), Award()]))
  }

  @Test func onlyTreesOfOneShapeAreZipped() throws {
    let zipped = try #require(funder.zip(funder.map { value, _ in value.count }))
    #expect(zipped.map { pair, _ in "\(pair.0)\(pair.1)" }.awards[0].awardIDs == ["11", "222"])
    for other in [
      Funder(name: nil, awards: funder.awards), Funder(name: "X", awards: [funder.awards[0]]),
      Funder(name: "X", awards: [Award(awardIDs: ["1"], fundingSchemes: ["S"]), funder.awards[1]]),
      Funder(name: "X", awards: [funder.awards[0], Award(awardTitles: ["T", "U"])]),
    ] { #expect(funder.zip(other) == nil) }
  }

  @Test func anotherTreeOfTheFunderIsReadFromJSON() throws {
    let lengths = funder.map { value, _ in Optional(value.count) }
    let json = lengths.json { $0.map(JSON.number) ?? .null }
    #expect(
      json.text()
        == #"{"funder_name":1,"awards":[{"award_ids":[1,2],"funding_scheme":[1],"award_title":[]},"#
        + #"{"award_ids":[],"funding_scheme":[],"award_title":[1]}]}"#)
    #expect(try funder.readParallel(json, "lengths") { json throws(FundingError) in json.int } == lengths)
    let error = #expect(throws: FundingError.self) {
      try Funder(name: "X", awards: [Award(awardIDs: ["1"])]).readParallel(json, "lengths") { _ throws(FundingError) in
        0
      }
    }
    #expect(error?.message == "Found 2 values as awards of lengths; expected 1, as many as the funder has.")
  }

  @Test func repeatedFundersBecomeOne() {
    let nameless = Funder(name: nil, awards: [Award(fundingSchemes: ["S"])])
    let other = Funder(name: nil, awards: [Award(fundingSchemes: ["T"])])
    let composed = Funder(name: "\u{E9}", awards: [Award(awardIDs: ["1"])])
    let decomposed = Funder(name: "e\u{301}", awards: [Award(awardIDs: ["1"])])
    let joined = RepeatedFunders.joined(
      [
        funder, nameless, composed, Funder(name: "X", awards: [Award(awardIDs: ["3"]), funder.awards[1]]), nameless,
        other,
        decomposed,
      ]
    ) { $0 }
    #expect(
      joined.map { $0.json }
        == [Funder(name: "X", awards: funder.awards + [Award(awardIDs: ["3"])]), nameless, composed, other, decomposed]
        .map { $0.json })
  }
}
