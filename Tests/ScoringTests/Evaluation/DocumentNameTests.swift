import Funding
import JSON
import Testing

@testable import Scoring

@Suite struct DocumentNameTests {
  @Test(arguments: [
    ("7", ["7"]), ("a.md", ["a.md", "a"]), ("a.TXT", ["a.TXT", "a"]), ("d/a.text", ["d/a.text", "d/a", "a.text", "a"]),
    ("2001.00001", ["2001.00001"]),
    ("d/2001.00001.md", ["d/2001.00001.md", "d/2001.00001", "2001.00001.md", "2001.00001"]),
    ("10.1000/xyz", ["10.1000/xyz", "xyz"]), ("10.1000/xyz.md", ["10.1000/xyz.md", "10.1000/xyz", "xyz.md", "xyz"]),
    (".md", [".md"]), ("d/.md", ["d/.md", ".md"]), ("/", ["/"]), ("d/", ["d/", "d"]), ("", [""]),
  ]) func theMostExactNameIsFirst(_ id: String, _ names: [String]) {
    #expect(DocumentName.candidates(id).map(\.text) == names)
  }

  @Test func namesAreBytes() {
    #expect(DocumentName("é") != DocumentName("e\u{301}"))
    #expect(DocumentName("2001.00001.md") != DocumentName.canonicalFile("2001-00001"))
    #expect(DocumentName.canonicalFile("d/2001.00001.md") == DocumentName.canonicalFile("2001-00001"))
  }

  /// Which gold row a prediction finds, by funders and by statements.
  @Test(arguments: [
    ("2001.00001", "2001", false), ("2001.00001.md", "2001.00001", true), ("2001.00001.md", "2001", false),
    ("a.md", "a", true), ("a.md", "a.txt", false), ("10.1000/xyz.md", "10.1000/xyz", true),
    ("articles/10.1000/xyz.md", "xyz", true), ("10.1000/xyz.md", "10.1000/xy", false),
    // Ids that are DOIs join in all their forms; other ids are told apart by case.
    ("10.5555/One", "https://doi.org/10.5555/one", true), ("doi:10.5555/ONE", "10.5555/one", true),
    ("10.5555/ONE.md", "https://doi.org/10.5555/one", true), ("articles/10.5555/one.md", "10.5555/one", false),
    ("A", "a", false),
  ]) func bothEvaluationsJoinAlike(_ predicted: String, _ gold: String, _ isJoined: Bool) throws {
    func file(_ id: String) throws -> EvaluationFile {
      try EvaluationFile(Array(#"{"id": "\#(id)", "funders": [], "statements": ["We thank the Moss Fund."]}"#.utf8))
    }
    let (predictions, gold) = try (file(predicted), file(gold))
    let funders = DocumentJoin(
      predictions: predictions.rows(role: .predictions), gold: gold.rows(role: .gold), key: .id)
    #expect(funders.joinedCount == (isJoined ? 1 : 0))
    #expect(try StatementJoin(predictions: predictions, gold: gold, key: .id).joinedCount == (isJoined ? 1 : 0))
  }
}
