import Funding
import JSON
import Testing

@testable import PatronKit

/// Items in short: `id=text`, `id=[statements]`, `id=record`, `id!error`.
private func short(_ items: [InputItem]) -> [String] {
  items.map { item in
    switch item.contents {
    case .success(.text(let bytes)): "\(item.id)=\(String(decoding: bytes, as: UTF8.self))"
    case .success(.statements(let statements)): "\(item.id)=\(statements)"
    case .success(.record(let record)): "\(item.id)=record of \(record.statements.map(\.text))"
    case .failure(let error): "\(item.id)!\(error.message)"
    }
  }
}

@Suite struct StatementItemTests {
  private func items(_ text: String, id: String = "s.txt") -> [String] {
    short(InputItem.statements(in: Array(text.utf8), id: id))
  }

  @Test func aStatementPerLine() {
    #expect(items("\u{FEFF}Funded by A.\r\n\r\n  \nFunded by B.") == ["s.txt:1=Funded by A.", "s.txt:4=Funded by B."])
    #expect(items("A.\u{C}B.\u{85}C.\rD.\u{2028}E.") == (1...5).map { "s.txt:\($0)=\(Array("ABCDE")[$0 - 1])." })
    #expect(items("") == [] && items("\n \n") == [])
    // Prose may begin with a bracket, a brace or a quote.
    for text in ["[1] Funded by A.", "[Funding] NSF.", "{A}", "\"We thank A.\"", "[12]", "12"] {
      #expect(items(text) == ["s.txt:1=\(text)"])
    }
  }

  @Test func linesOfJSON() {
    let text = """
      {"id": "x", "statement": "A\\nB"}
      {"funding_statement": "C"}

      {"id": 7, "text": "D", "other": [1]}
      {"id": null, "statement": null, "text": "E"}
      {"id": " ", "statement": "", "text": "F"}
      """
    #expect(items(text) == ["x=A\nB", "s.txt:2=C", "7=D", "s.txt:5=E", "s.txt:6=F"])
  }

  @Test func aBrokenLineOfJSONFailsAlone() {
    let text = """
      {"statement": "A"}
      {"statement": "B"
      {"id": "y", "title": "C"}
      {"statement": "D"}
      """
    let found = items(text)
    #expect(found.count == 4 && found[0] == "s.txt:1=A" && found[3] == "s.txt:4=D")
    #expect(found[1] == "s.txt:2!not JSON: expected ',' or '}', found the end of the text at byte 17")
    #expect(
      found[2] == """
        y!found an object without a statement, expected an object with "statement", "funding_statement", \
        "predicted_statements", "statements", "funding_statements" or "text"
        """)
  }

  /// The same two rows in every form that holds rows.
  @Test(arguments: [
    #"[{"id": 1, "funding_statement": "A"}, {"id": 2, "funding_statement": "B"}]"#,
    "[\n  {\n    \"id\": 1,\n    \"statement\": \"A\"\n  },\n  {\n    \"id\": 2,\n    \"statement\": \"B\"\n  }\n]\n",
    "\u{FEFF} \n[{\"id\": 1, \"text\": \"A\"},\n{\"id\": 2, \"text\": \"B\"}]",
    "{\n\"id\": 1,\n\"text\": \"A\"\n}\n{\n\"id\": 2,\n\"text\": \"B\"\n}",
    #"{"id": 1, "text": "A"}{"id": 2, "text": "B"}"#,
    "{\"id\": 1, \"text\": \"A\"}\r\n\r\n{\"id\": 2, \"text\": \"B\"}\r\n",
    #"[{"arxiv_id": "1", "text": "A", "score": NaN}, {"filename": "2", "text": "B"}]"#,
    #"{"results": {"1": {"statement": "A"}, "2": {"statement": "B"}}}"#,
  ])
  func rowsInEveryForm(_ text: String) {
    for id in ["s.txt", "s.json", "stdin", "S.JSONL"] { #expect(items(text, id: id) == ["1=A", "2=B"]) }
  }

  @Test func listsAreTheStatementsOfOneArticle() {
    for key in ["predicted_statements", "statements", "funding_statements", "statement", "text"] {
      #expect(items(#"{"id": "a", "\#(key)": ["A", "B"]}"#) == [#"a=["A", "B"]"#])
    }
    #expect(
      items(#"{"id": "a", "statements": [{"text": "A"}, {"statement": "B"}], "text": "whole"}"#) == [#"a=["A", "B"]"#])
    #expect(items(#"{"id": "a", "predicted_statements": "[\"A\", \"B\"]"}"#) == [#"a=["A", "B"]"#])
    #expect(items(#"{"id": "a", "predicted_statements": []}"#) == ["a=[]"])
    #expect(items("[\"A\", \"B\"]") == ["s.txt:1=A", "s.txt:2=B"])
    #expect(items("[\"A\", \"B\"]\n[\"C\"]") == [#"s.txt:1=["A", "B"]"#, #"s.txt:2=["C"]"#])
  }

  @Test func whatIsLeftOutOfAListIsSaid() {
    let item = InputItem.statements(in: Array(#"{"id": "a", "statements": ["A", 7, " ", {"x": 1}]}"#.utf8), id: "s")[0]
    #expect(item.warnings.count == 3 && item.warnings[0] == "left out a number in the list of statements")
    #expect(items(#"{"id": "a", "statements": [7]}"#) == ["a!found a list of statements without a text"])
  }

  @Test func ownRecordsAreRead() throws {
    let span = TextSpan(bytes: 4..<9, scalars: 4..<9, line: 2)
    let record = ExtractionRecord(
      id: "a.md", sha256: "00", statements: [FundingStatement(text: "By A.", status: .exact, span: span)],
      evidence: [], chunks: ChunkCounts(read: 1, leftOut: 2), calls: [])
    for text in [JSONLinesFormat().output([record]), JSONFormat().output([record])] {
      let item = InputItem.statements(in: Array(text.utf8), id: "records.json")[0]
      #expect(try item.contents.get() == .record(record))
    }
    let failed = JSONLinesFormat().failure("cannot be opened", of: "b.md") ?? ""
    #expect(items(failed) == ["b.md!holds an error instead of a result: cannot be opened"])
    #expect(
      items(#"{"id": "a", "sha256": "", "statements": [{"text": 1}]}"#)[0].hasPrefix("a!the record cannot be read: "))
  }

  @Test(arguments: [
    (
      "[{\"text\": \"A\"},\n {\"text\": \"B",
      ["s:1=A", "s:2!not JSON: the string that begins at byte 26 is not closed in line 2 at byte 28"]
    ),
    (
      "{\n \"text\": \"A\",\n \"id\"",
      ["s:3!not JSON: expected ':' after a key, found the end of the text in line 3 at byte 21"]
    ),
    ("[", ["s:1!not JSON: expected a value, found the end of the text in line 1 at byte 1"]),
  ])
  func cutFilesSayWhere(_ text: String, _ expected: [String]) {
    #expect(items(text, id: "s") == expected)
  }

  @Test func otherFormsAreNotReadAsText() {
    for (text, id) in [
      ("id,statement\n1,We thank NSF.", "s.txt"), ("\"id\"\t\"funding_statement\"\n", "s"), ("We thank NSF.", "s.csv"),
      ("id,sha256,funder,funder_name,award\r\n", "s"), ("<?xml version=\"1.0\"?><a/>", "s"), ("<!DOCTYPE html>", "s"),
      ("We thank.", "s.html"), ("%PDF-1.4", "s"), ("PK\u{3}\u{4}x", "s"), ("PAR1....PAR1", "s"),
      ("We thank NSF.", "s.json"),
    ] {
      let found = items(text, id: id)
      #expect(found.count == 1 && found[0].contains("!"), "\(found)")
    }
    #expect(items("We thank A.\n{\"text\": \"B\"}")[1].hasPrefix("s.txt:2!found JSON among lines of text"))
    for text in ["Statement, text and more.", "We thank A; B"] { #expect(items(text) == ["s.txt:1=\(text)"]) }
    for bytes: [UInt8] in [[0x1F, 0x8B, 8], [0xFF, 0xFE, 0x57, 0]] {
      #expect(short(InputItem.statements(in: bytes, id: "s"))[0].hasPrefix("s!found "))
    }
  }

  @Test func theNameSaysJSONLinesToo() {
    #expect(items("A", id: "s.JSONL") == ["s.JSONL:1!not JSON: expected a value, found 'A' in line 1 at byte 0"])
  }
}

@Suite struct ArticleItemTests {
  private func items(_ text: String, id: String = "a.md") -> [String] {
    short(InputItem.articles(in: Array(text.utf8), id: id))
  }

  @Test(arguments: [
    "# A\n\nText.", "[1] A.", "{\\\"a}", "<?xml version=\"1.0\"?><article/>",
    "{\"title\": \"A\"}\n\n# A\n\nText.\n\nMore.",
    "Text, article and more.", "",
  ])
  func aTextIsOneArticle(_ text: String) { #expect(items(text) == ["a.md=\(text)"]) }

  @Test func rowsWithATextAreArticles() {
    for key in ["article", "text", "full_text", "markdown", "content"] {
      #expect(items(#"{"id": "x", "\#(key)": "T"}"#) == ["x=T"])
    }
    #expect(items("[{\"text\": \"T\"},\n{\"id\": \"y\", \"text\": \"U\"}]", id: "a.json") == ["a.json:1=T", "y=U"])
    #expect(
      items(#"{"id": "x", "statements": ["A"]}"#) == [
        """
        x!found an object without the text of an article, expected an object with "article", "text", "full_text", \
        "markdown" or "content"
        """
      ])
  }

  @Test func whatIsNoArticleIsSaid() {
    #expect(items("Text.", id: "a.json") == ["a.json:1!not JSON: expected a value, found 'T' in line 1 at byte 0"])
    #expect(items("{\"id\": \"x\", \"text\": \"T")[0].hasPrefix("a.md:1!not JSON: "))
    #expect(items("id,text\nx,T")[0].hasPrefix("a.md!found a table with the columns id, text"))
    #expect(items("T", id: "a.tsv")[0].hasPrefix("a.tsv!found a table (.tsv)"))
    #expect(items("%PDF-1.4")[0].hasPrefix("a.md!found a PDF file"))
  }
}
