import Files
import Funding
import Generation
import JSON
import ModelFiles
import TestSupport
import Testing

@testable import TrainingData

@Suite struct DataFileTests {
  private func contents(_ text: String) throws -> DataFileContents {
    try DataFileContents(Array(text.utf8), path: "f.jsonl")
  }

  @Test func rowsAreRecognisedByTheirMembers() throws {
    let file = try contents(
      #"""
      {"id": "a", "license": "CC0", "article": "We thank X.", "statements": ["We thank X."]}

      {"id": 7, "statement": "By X (1).", "funders": [{"funder_name": "X", "awards": [{"award_ids": ["1"], "funding_scheme": [], "award_title": []}]}]}
      {"funding_statement": "By X (1).", "funders": [{"funder_name": "X", "award_ids": ["1"], "award_title": null}]}
      {"funding_statement": "By X (1).", "funders": "[{\"funder_name\": \"X\", \"award_ids\": \"1\"}]"}
      {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
      {"article": "Text.", "statements": [{"text": "Text."}]}
      """#)
    #expect(file.problems.isEmpty)
    #expect(file.rows.map(\.line) == [1, 3, 4, 5, 6, 7])
    #expect(file.rows.map(\.row.id) == ["a", "7", "line 4", "line 5", "line 6", "line 7"])
    let funders = [Funder(name: "X", awards: [Award(awardIDs: ["1"])])]
    #expect(file.rows[0].row.content == .article("We thank X.", statements: ["We thank X."]))
    for index in 1...3 { #expect(file.rows[index].row.content == .statement("By X (1).", funders: funders)) }
    #expect(file.rows[4].row.content == .chat([.init(.user, "q"), .init(.assistant, "a")]))
    #expect(file.rows[5].row.content == .article("Text.", statements: ["Text."]))
    #expect(file.rows[0].row.license == "CC0")
  }

  @Test func blankStringsStandForNothing() throws {
    let file = try contents(
      #"{"id": " ", "statement": "By X (1).", "funders": [{"funder_name": "X", "award_ids": ["1", " "], "award_title": ["\t"]}]}"#
    )
    #expect(file.rows.map(\.row.id) == ["line 1"])
    #expect(
      file.rows[0].row.content
        == .statement("By X (1).", funders: [Funder(name: "X", awards: [Award(awardIDs: ["1"])])]))
  }

  @Test func anArrayIsReadToo() throws {
    let file = try contents("\u{FEFF}[{\"statement\": \"s\", \"funders\": []},\n 5]")
    #expect(file.rows.map(\.row.content) == [.statement("s", funders: [])])
    #expect(file.problems.map(\.description) == ["f.jsonl:2: found a number, expected an object"])
    #expect(try contents("{\n\"statement\": \"s\",\n\"funders\": []}").rows.map(\.line) == [1])
  }

  enum BadRow: String, CaseIterable {
    case noJSON = "{\"statement\": "
    case noObject = "[1]"
    case unlabelled = #"{"statement": "s"}"#
    case emptyStatement = #"{"statement": " ", "funders": []}"#
    case fundersAreNumber = #"{"statement": "s", "funders": 3}"#
    case funderIsString = #"{"statement": "s", "funders": ["NSF"]}"#
    case funderIsEmpty = #"{"statement": "s", "funders": [{}]}"#
    case numberAsID = #"{"statement": "s", "funders": [{"funder_name": "X", "award_ids": [5]}]}"#
    case articleWithoutStatements = #"{"article": "a"}"#
    case articleIsNumber = #"{"article": 1, "statements": []}"#
    case statementsAreText = #"{"article": "a", "statements": "a"}"#
    case emptyAmongStatements = #"{"article": "a", "statements": [""]}"#
    case blankAmongStatements = #"{"article": "a", "statements": ["a", {"text": " "}]}"#
    case funderIsBlank =
      #"{"statement": "s", "funders": [{"funder_name": " ", "award_ids": [" "], "funding_scheme": "\u00a0"}]}"#
    case funderNameIsEmpty = #"{"statement": "s", "funders": [{"funder_name": "", "award_ids": [""]}]}"#
    case unknownRole = #"{"messages": [{"role": "tool", "content": "x"}]}"#
    case lateSystem =
      #"{"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "x"}, {"role": "assistant", "content": "x"}]}"#
    case nothingToLearn = #"{"messages": [{"role": "user", "content": "x"}]}"#
    case nullContent = #"{"messages": [{"role": "assistant", "content": null}]}"#
    case somethingElse = #"{"text": "x", "label": 1}"#
  }

  @Test(arguments: BadRow.allCases) func badRowsAreNamed(_ row: BadRow) throws {
    let file = try contents("{\"statement\": \"s\", \"funders\": []}\n" + row.rawValue + "\n")
    #expect(file.rows.count == 1)
    let problem = try #require(file.problems.first)
    #expect(file.problems.count == 1)
    #expect(problem.line == 2)
    #expect(problem.message.count > 10)
    #expect(throws: DataError.self) { try contents(row.rawValue) }
  }

  @Test func whatIsExpectedIsSaid() throws {
    let error = #expect(throws: DataError.self) { try contents(#"{"text": "x", "label": 1}"#) }
    #expect(
      error?.message
        == "f.jsonl: none of 1 rows can be used; the first: found text, label; expected article and statements, "
        + "statement (or funding_statement) and funders, or messages")
    #expect(throws: DataError.self) { try contents("\n \n") }
    #expect(throws: FileError.self) { try DataFileContents(path: "/nowhere/rows.jsonl") }
  }

  @Test func theFirstBadRowIsFatalUnlessTheyAreSkipped() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("rows.jsonl", "{\"statement\": \"s\", \"funders\": []}\nnonsense\n")
    var recipe = DataRecipe(files: [DataFile(path)])
    let error = #expect(throws: DataError.self) { try recipe.byteExamples() }
    #expect(error?.message.contains("rows.jsonl:2: not JSON") == true)
    recipe.skipsBadRows = true
    let (examples, report) = try recipe.byteExamples()
    #expect(examples.count == 1)
    #expect(report.problems.count == 1)
  }
}

@Suite struct LicenseFilterTests {
  @Test(arguments: [
    "CC BY-NC 4.0 (article); MIT (repository)", "CC BY-NC-ND 3.0", "CC BY-ND 4.0", "cc-by-nc",
    "Creative Commons Attribution Non-Commercial (as stated) (article)", "CC BY Noncommercial", "No Derivatives",
    "MIT (repository); data card CC BY-NC-SA 4.0", "CC BY-NC-SA 4.0 (data card)", "CC BY-NC4.0",
    "CC BY 4.0 (repository); paper (CC BY-NC-SA 3.0 up to 2015, CC BY 4.0 from 2016)",
    "https://creativecommons.org/licenses/by-nd/4.0/",
  ]) func refuses(_ license: String) {
    #expect(!LicenseFilter.open.accepts(license))
    #expect(LicenseFilter.none.accepts(license))
  }

  @Test(arguments: [
    nil, "CC BY 4.0 (article); CC BY 4.0 (repository)", "CC ZERO 1.0", "see article (article)", "synthetic",
    "Creative Commons Attribution (as stated)", "none stated for the data file (part of the repository's code: MIT)",
    "ancillary and", "INCITE licence",
  ]) func accepts(_ license: String?) {
    #expect(LicenseFilter.open.accepts(license))
  }

  @Test func whatNamesNoLicenceIsCountedAsUnstated() throws {
    for license in [nil, "", " - ", "not stated (article); MIT (repository)", "None stated for the file", "unknown"] {
      #expect(!LicenseFilter.isStated(license), "\(license ?? "nil")")
    }
    for license in ["CC BY 4.0", "MIT", "not for profit"] { #expect(LicenseFilter.isStated(license)) }

    let folder = try TemporaryFolder()
    let rows: [JSON] = [
      ["statement": "By A.", "funders": []], ["license": "CC0", "statement": "By B.", "funders": []],
      ["license": "CC BY-ND 4.0", "statement": "By C.", "funders": []],
    ]
    var recipe = DataRecipe(files: [DataFile(try folder.write("rows.jsonl", rows: rows))])
    recipe.licenses = .open
    let file = try #require(try recipe.byteExamples().report.files.first)
    #expect(file.rows == 3 && file.refusedLicenses == 1 && file.unstatedLicenses == 1)
  }
}
