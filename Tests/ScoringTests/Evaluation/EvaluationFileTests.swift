import Funding
import JSON
import Testing

@testable import Scoring

@Suite struct EvaluationFileTests {
  private func rows(_ text: String, _ role: EvaluationFile.Role = .predictions) throws -> [EvaluationRow] {
    try EvaluationFile(Array(text.utf8)).rows(role: role)
  }

  @Test func linesAnArrayAndOneObjectHoldTheSameRows() throws {
    let object = #"{"id": "a", "funders": [{"funder_name": "NSF"}]}"#
    for text in [
      object, object + "\n", "\u{FEFF}\n\(object)\r\n\n", "[\(object)]", " [ \(object)\n]\n",
      object.replacing(", ", with: ",\n  "),
    ] {
      let found = try rows(text)
      #expect(found.map(\.id) == ["a"], "\(text)")
      #expect(try found.first?.funders.get() == [Funder(name: "NSF")])
    }
    #expect(try rows("{\n}\n{\"id\":\n\"b\"}").map(\.id) == [nil, "b"])
    #expect(try rows("").isEmpty && rows(" \n").isEmpty && rows("[]").isEmpty)
  }

  @Test(arguments: [
    ("nonsense", "row 1 is not JSON ("), ("{}\n{\"id\": \"a\"", "row 2 is not JSON ("),
    ("[{}, 1]", "row 2 is a number"), ("[{}", "row 2 is not JSON ("), ("7", "row 1 is a number, expected an object"),
  ])
  func aFileThatIsNoneIsRefused(_ text: String, _ message: String) {
    let error = #expect(throws: ScoringError.self) { try EvaluationFile(Array(text.utf8)) }
    #expect(error?.code == .unreadableFile && error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }

  @Test func bytesThatAreNoTextAreRefused() {
    #expect(throws: ScoringError.self) { try EvaluationFile(Array(#"{"id": ""#.utf8) + [0xFF] + Array("\"}".utf8)) }
  }

  @Test func theRecordsOfAnExtractionAreRead() throws {
    let found = try rows(
      """
      {"id": "d/a.md", "sha256": "0", "statements": [{"text": "By A.", "status": "exact"}], "funders": [{"funder_name": "A"}],
       "calls": [{"stage": "parse", "finish_reason": "length"}]}
      """.replacing("\n", with: " ") + "\n" + #"{"id": "d/b.md", "error": "cannot be opened"}"# + "\n")
    #expect(found[0].statement == "By A." && found[0].isTruncated)
    #expect(try found[0].funders.get() == [Funder(name: "A")])
    let error = #expect(throws: ScoringError.self) { try found[1].funders.get() }
    #expect(error?.message == "row 2 holds an error instead of a result: cannot be opened")
  }

  @Test func aPredictionWithoutFundersIsNoEmptyOne() throws {
    #expect(throws: ScoringError.self) { try rows(#"{"id": "a", "output": "[]"}"#)[0].funders.get() }
    #expect(try rows(#"{"id": "a", "predicted_funders": null}"#)[0].funders.get() == [])
  }

  @Test func goldWithoutStatementsHasNoFunders() throws {
    let found = try rows(
      #"[{"id": "a", "statements": []}, {"id": "b", "statements": ["By B."]}, {"id": "c"}]"#, .gold)
    #expect(try found[0].funders.get() == [] && !found[0].isUnannotated)
    #expect(found[1].isUnannotated)
    #expect(throws: ScoringError.self) { try found[2].funders.get() }
  }

  @Test func blankNamesAreNone() throws {
    let row = try rows(#"{"id": "", "filename": " a.md", "ref": "https://doi.org/", "statement": " ", "funders": []}"#)[
      0]
    #expect(row.id == " a.md" && row.doi == nil && row.statement == nil)
    let nameless = try rows(#"{"id": " ", "doi": " ", "statements": [" "], "funders": []}"#)[0]
    #expect(nameless.label == "row 1" && EvaluationRow.Key.allCases.allSatisfy { nameless.names($0).isEmpty })
    // Two rows without a DOI have none in common.
    let text = #"{"filename": "", "doi": "https://doi.org/", "statements": []}"#
    let join = try StatementJoin(
      predictions: EvaluationFile(Array(text.utf8)), gold: EvaluationFile(Array(text.utf8)), countsMissing: false)
    #expect(join.joinedCount == 0)
  }

  @Test func whatTheFilesHold() throws {
    func holds(_ text: String) throws -> [Bool] {
      let file = try EvaluationFile(Array(text.utf8))
      return [file.holdsFunders, file.holdsStatements]
    }
    #expect(try holds(#"{"predicted_funders": []}"#) == [true, false])
    #expect(try holds(#"[{}, {"statements": []}]"#) == [false, true])
    #expect(try holds(#"{"results": {"a": {"funding_statements": ["x"]}}}"#) == [false, true])
    #expect(try holds(#"{"statement": "By A.", "funders": []}"#) == [true, false])
  }
}

@Suite struct DocumentJoinTests {
  private func join(
    _ predictions: String, _ gold: String, key: EvaluationRow.Key? = nil, countsMissing: Bool = false
  ) throws -> DocumentJoin {
    DocumentJoin(
      predictions: try EvaluationFile(Array(predictions.utf8)).rows(role: .predictions),
      gold: try EvaluationFile(Array(gold.utf8)).rows(role: .gold), key: key, countsMissing: countsMissing)
  }

  @Test func thePathOfAnArticleFindsItsID() throws {
    let gold = #"[{"id": "a", "funders": []}, {"id": "b.md", "funders": []}, {"id": "d/c.md", "funders": []}]"#
    let predictions =
      #"[{"id": "d/a.md", "funders": []}, {"id": "d/b.md", "funders": []}, {"id": "d/c.md", "funders": []}]"#
    let join = try join(predictions, gold)
    #expect(join.key == .id && join.joinedCount == 3 && join.warnings.isEmpty)
    #expect(join.documents.map(\.identity) == ["a", "b.md", "d/c.md"])
  }

  @Test func whatWasNotJoinedIsSaid() throws {
    let gold = """
      {"id": "a", "funders": []}
      {"id": "a", "funders": [{"funder_name": "NSF"}]}
      {"id": "b", "funders": []}
      {"id": "c", "statements": ["By C."]}
      """
    let predictions =
      #"[{"id": "a", "funders": []}, {"id": "a", "funders": []}, {"id": "x", "funders": []}, {"id": "c", "funders": []}]"#
    #expect(
      try join(predictions, gold).warnings == [
        "1 prediction without a gold row (joined by id), counted as made up: x",
        "1 prediction under the id of an earlier one, counted again: a",
        "1 gold row without a prediction, in no figure: b", "1 gold row under the id of an earlier one, ignored: a",
        "1 gold row without \"funders\", left out with what was predicted: c",
      ])
    #expect(try join(predictions, gold).documents.map(\.label) == ["a", "a", "x"])
    let counted = try join(predictions, gold, countsMissing: true)
    #expect(counted.documents.map(\.label) == ["a", "a", "x", "b"])
    #expect(counted.warnings[2] == "1 gold row without a prediction, counted as empty: b")
  }

  @Test func namesOutOfFilesAreShortenedAndTamed() throws {
    let long = String(repeating: "x", count: 1_000_000)
    let join = try join(
      #"[{"id": "\u001b[31m\#(long)", "funders": []}, {"id": "a", "funders": []}]"#, #"[{"id": "a", "funders": []}]"#)
    #expect(
      join.warnings == [
        "1 prediction without a gold row (joined by id), counted as made up: \u{FFFD}[31m"
          + String(repeating: "x", count: 55) + "…"
      ])
  }

  @Test func nothingInCommonIsExplained() throws {
    let gold = #"{"id": "b", "funders": []}"#
    #expect(
      try join(#"{"id": "a", "funders": []}"#, gold).mismatch
        == #"found no ids, statements or DOIs in common: the first prediction has "a", the first gold row "b""#)
    #expect(
      try join(#"{"id": "a", "funders": []}"#, gold, key: .doi).mismatch
        == "found no DOIs in common: the first prediction has none, the first gold row none")
    #expect(try join(#"{"id": "b", "funders": []}"#, gold).mismatch == nil)
  }

  /// Canonically equivalent texts are different ones.
  @Test func keysAreBytes() throws {
    let gold = #"{"statement": "Fundação", "funders": []}"#
    #expect(try join(#"{"statement": "Fundação", "funders": []}"#, gold, key: .statement).joinedCount == 1)
    #expect(try join(#"{"statement": "Fundac\u0327a\u0303o", "funders": []}"#, gold, key: .statement).joinedCount == 0)
  }
}

@Suite struct StatementJoinTests {
  private func join(_ predictions: String, _ gold: String, key: EvaluationRow.Key? = nil) throws -> StatementJoin {
    try StatementJoin(
      predictions: EvaluationFile(Array(predictions.utf8)), gold: EvaluationFile(Array(gold.utf8)), key: key)
  }

  private static let gold = """
    {"id": "a", "ref": "doi:10.1/a", "article": "Text. By A. By B. End.", "statements": ["By A.", "By B."]}
    {"id": "b", "article": "Nothing.", "statements": []}
    """

  /// What a record says of its own statements does not count; the article does.
  @Test func recordsAreMeasuredAgainstTheArticleOfGold() throws {
    let records = """
      {"id": "d/a.md", "statements": [{"text": "By A.", "status": "exact"}, {"text": "By  B.", "status": "exact"}], "funders": []}
      {"id": "d/b.md", "statements": [{"text": "Nothing.", "status": "exact"}], "funders": []}
      """
    let join = try join(records, Self.gold)
    #expect(join.key == .id && join.joinedCount == 2 && join.warnings.isEmpty)
    let evaluation = try StatementEvaluation(join.documents)
    #expect(evaluation.documents.map(\.isVerbatim) == [[true, false], [true]])
    #expect(evaluation.honest == LevelScore(gold: 2, predicted: 3, matched: 2))
    #expect(evaluation.worstDocuments.map(\.label) == ["b"])
  }

  @Test func withoutAnArticleAGoldStatementMustHoldThePrediction() throws {
    let join = try join(
      #"{"filename": "d/2001-1.md", "statements": ["By A", "By C."]}"#,
      #"{"filename": "2001.1.md", "statements": ["By A."]}"#)
    #expect(try StatementEvaluation(join.documents).documents.map(\.isVerbatim) == [[true, false]])
  }

  @Test func joinsByDOI() throws {
    let join = try join(#"{"doi": "10.1/A", "statements": ["By A."]}"#, Self.gold)
    #expect(join.key == .doi && join.joinedCount == 1 && join.goldWithoutPrediction == ["b"])
    #expect(throws: ScoringError.self) { try self.join("{}", Self.gold, key: .statement) }
  }

  @Test func whatWasNotJoinedIsSaid() throws {
    let predictions = """
      {"id": "a", "statements": ["first"]}
      {"id": "a", "statements": ["By A."]}
      {"id": "x", "statements": ["1", "2"]}
      """
    let join = try join(predictions, Self.gold + "\n" + #"{"id": "a", "statements": []}"#)
    #expect(
      join.warnings == [
        "1 prediction without a gold row (joined by id), left out with 2 statements: x",
        "1 prediction under the id of an earlier one, which it replaces: a",
        "1 gold row without a prediction, counted as empty: b", "1 gold row under the id of an earlier one, ignored: a",
      ])
    #expect(join.documents.map(\.predicted) == [["By A."], []])
  }

  @Test func aRowWithoutAResultIsNotAnEmptyOne() throws {
    let join = try join(#"[{"id": "a", "error": "cannot be read"}, {"id": "b", "funders": []}]"#, Self.gold)
    let evaluation = try StatementEvaluation(join.documents)
    #expect(evaluation.documents.isEmpty)
    #expect(
      evaluation.failures.map(\.error.message) == [
        "row 1 holds an error instead of a result: cannot be read", "row 2 has no list \"statements\"",
      ])
  }
}
