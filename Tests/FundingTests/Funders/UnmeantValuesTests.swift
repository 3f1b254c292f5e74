import Testing

@testable import Funding

@Suite struct UnmeantValuesTests {
  private let funders = [
    Funder(name: "A", awards: [Award(awardIDs: ["1", "2"], fundingSchemes: ["s"]), Award(awardTitles: ["t"])]),
    Funder(name: nil, awards: [Award(awardIDs: ["3"])]),
    Funder(name: "B"),
  ]

  private func without(_ values: Set<String>) -> (kept: [Funder], leftOut: [UnmeantValues.LeftOut<String>]) {
    UnmeantValues.without(funders) { value, _ in !values.contains(value) }
  }

  @Test func nothingIsTouchedWhereEverythingIsKept() {
    let empty = funders + [Funder(name: "C", awards: [Award()])]
    #expect(UnmeantValues.without(empty) { _, _ in true }.kept == empty)
  }

  @Test func valuesGoAloneAndNamesWithTheirAwards() {
    let one = without(["2", "t"])
    #expect(one.kept[0] == Funder(name: "A", awards: [Award(awardIDs: ["1"], fundingSchemes: ["s"])]))
    #expect(one.leftOut.map(\.value) == ["2", "t"] && one.leftOut.map(\.kind) == [.awardID, .awardTitle])
    #expect(one.kept.count == 3 && one.leftOut.allSatisfy { !$0.isForName })

    let name = without(["A"])
    #expect(name.kept == Array(funders.dropFirst()))
    #expect(name.leftOut.map(\.value) == ["A", "1", "2", "s", "t"])
    #expect(name.leftOut.map(\.isForName) == [false, true, true, true, true])

    #expect(without(["3"]).kept == [funders[0], funders[2]], "nothing is left of the nameless one")
    let ids = without(["1", "2", "s", "t"]).kept
    #expect(ids[0] == Funder(name: "A"), "a name without awards stays")
  }
}
