import JSON
import TestSupport
import Testing
import Text

@testable import Scoring

@Suite struct ReportTests {
  private let gold = """
    {"id": "a", "article": "By A. By B.", "statements": ["By A.", "By B."]}
    {"id": "b", "article": "By C|D.", "statements": ["By C|D."]}
    {"id": "c", "article": "Nothing.", "statements": []}
    """

  private func statements(_ predictions: String) throws -> (join: StatementJoin, evaluation: StatementEvaluation) {
    let join = try StatementJoin(
      predictions: EvaluationFile(Array(predictions.utf8)), gold: EvaluationFile(Array(gold.utf8)))
    return (join, try StatementEvaluation(join.documents))
  }

  private let worse =
    #"[{"id": "a", "statements": ["By A."]}, {"id": "b", "statements": ["Nobody paid for it."]}, {"id": "c", "error": "no"}]"#

  @Test func everyErrorOfStatementsIsNamed() throws {
    let report = StatementErrorReport(try statements(worse).evaluation)
    #expect(
      report.entries.map { "\($0.document) \($0.kind.rawValue) \($0.text)" } == [
        "a missing_statement By B.", "b missing_statement By C|D.", "b extra_statement Nobody paid for it.",
        "b not_verbatim Nobody paid for it.",
      ])
    let files = Dictionary(uniqueKeysWithValues: report.files().map { ($0.name, $0.contents) })
    #expect(files["by_type.csv"] == "type,count\r\nmissing_statement,2\r\nextra_statement,1\r\nnot_verbatim,1\r\n")
    #expect(
      files["documents.csv"]
        == "document,errors,gold,predicted,matched,f1\r\nb,2,1,1,0,0.0\r\na,1,2,1,1,0.6666666666666666\r\n")
    #expect(
      files["side_by_side.md"] == """
        # Errors, worst documents first

        ## b

        2 errors, 0 matched

        | overlap | gold | predicted |
        | ---: | --- | --- |
        | ✗ | By C\\|D. |  |
        | ✗ |  | Nobody paid for it. *(not verbatim)* |

        ## a

        1 error, 1 matched

        | overlap | gold | predicted |
        | ---: | --- | --- |
        | 1.0000 | By A. | By A. |
        | ✗ | By B. |  |


        """)
  }

  @Test func rowsOfDocumentsHoldTheirFigures() throws {
    let rows = DocumentRows(try statements(worse).evaluation)
    #expect(rows.json.map { $0["document"]?.string } == ["a", "b", "c"])
    #expect(rows.json[0]["one_to_one"]?["matched"]?.int == 1 && rows.json[0]["verbatim"]?.int == 1)
    #expect(rows.json[2]["error"]?.string == "row 3 holds an error instead of a result: no")
    let lines = rows.csv.split(separator: "\r\n")
    #expect(lines.count == 4 && lines.allSatisfy { $0.count { $0 == "," } == 9 })
    #expect(lines[1] == "a,2,1,1,0.6666666666666666,1,1,2,1,")

    let join = DocumentJoin(
      predictions: try EvaluationFile(
        Array(#"[{"id": "a", "funders": [{"award_ids": [1]}]}, {"id": "b", "funders": []}]"#.utf8)
      )
      .rows(role: .predictions),
      gold: try EvaluationFile(
        Array(#"[{"id": "a", "funders": []}, {"id": "b", "funders": [{"funder_name": "B"}]}]"#.utf8)
      )
      .rows(role: .gold))
    let funders = DocumentRows(try EntityEvaluation(join))
    #expect(funders.json[0]["strict"]?["funder"]?["gold_count"]?.int == 1 && funders.json[0]["exact"]?.bool == false)
    #expect(funders.json[1]["error"]?.string?.hasPrefix("row 1: ") == true)
    let table = funders.csv.split(separator: "\r\n")
    #expect(table.count == 3 && table.allSatisfy { $0.count { $0 == "," } == 25 })
    #expect(funders.jsonLines.split(separator: "\n").count == 2)
  }

  @Test func twoPredictionsOfStatementsAreCompared() throws {
    let better =
      #"[{"id": "a", "statements": ["By A.", "By B."]}, {"id": "b", "statements": ["By C|D."]}, {"id": "c", "statements": []}]"#
    let comparison = try EvaluationComparison(statements(worse).evaluation, statements(better).evaluation)
    #expect(comparison.rows.map(\.level) == ["one_to_one", "characters"])
    #expect(comparison.changes.map(\.document) == ["b", "a"] && comparison.onlySecond == ["c"])
    #expect(comparison.changes[0].first == 0 && comparison.changes[0].second == 1)
    #expect(comparison.warnings == ["1 document only in the second file, not compared: c"])
    #expect(comparison.csv().split(separator: "\r\n").count == 3)
    #expect(comparison.json["changes"]?.array?.first?["f1_second"]?.double == 1)
    let same = try EvaluationComparison(statements(better).evaluation, statements(better).evaluation)
    #expect(same.changes.isEmpty && same.rows.allSatisfy { $0.difference.pValue == 1 })
  }

  /// Documents without an id are told apart by what they were joined by, not by their place.
  @Test func aComparisonFollowsTheKey() throws {
    let gold =
      #"[{"statement": "By A.", "funders": [{"funder_name": "A"}]}, {"statement": "By B.", "funders": [{"funder_name": "B"}]}]"#
    func evaluation(_ text: String) throws -> EntityEvaluation {
      try EntityEvaluation(
        DocumentJoin(
          predictions: try EvaluationFile(Array(text.utf8)).rows(role: .predictions),
          gold: try EvaluationFile(Array(gold.utf8)).rows(role: .gold)))
    }
    let comparison = try EvaluationComparison(
      evaluation(gold),
      evaluation(
        #"[{"statement": "By B.", "funders": [{"funder_name": "B"}]}, {"statement": "By A.", "funders": [{"funder_name": "A"}]}]"#
      ))
    #expect(comparison.commonCount == 2 && comparison.changes.isEmpty)
  }

  @Test func tablesAlignWideCharacters() {
    var table = TextTable(["name", "n"], leftColumns: 1)
    table.add(["国家", "1"])
    table.add(["e\u{301}", "22"])
    #expect(table.text() == "name   n\n────  ──\n国家   1\ne\u{301}     22")
    #expect(TextTable.decimals(1234.5, 0) == "1234" && TextTable.decimals(-0.5, 2) == "-0.50")
    #expect(TextTable.label("a\u{1B}[31m\nb") == "a\u{FFFD}[31m b")
  }
}
