import Testing

@testable import Funding

@Suite struct StatementReaderTests {
  @Test(arguments: [
    #"{"statements": ["A", "B"]}"#, #"["A", "B"]"#, #"  {"statements":["A","B",],}"#,
    "```json\n{\"statements\": [\"A\", \"B\"]}\n```", "Here [1] they are:\n```\n[\"A\", \"B\"]\n```\nDone [2].",
    #"Sure! {"statements": ["A", "B"]} Anything else?"#, #"{"result": {"statements": ["A", "B"]}}"#,
    #"{"note": "x", "funding": ["A", "B"]}"#, #"[{"statement": "A"}, {"text": "B"}]"#,
    #""{\"statements\": [\"A\", \"B\"]}""#,
  ])
  func forms(output: String) {
    #expect(StatementReader.read(output).map(\.text) == Reading(elements: ["A", "B"], isComplete: true, problems: []))
  }

  @Test(arguments: [
    (#"{"statements": ["A", "B"#, ["A"]), (#"{"statements": ["A", "B""#, ["A", "B"]),
    (#"{"statements": ["A", "B","#, ["A", "B"]),
    (#"{"statements": ["A""#, ["A"]), (#"["A", "\u00"#, ["A"]), (#"["A", "b\"#, ["A"]), (#"{"statements": ["#, []),
    (#"[{"statement": "A", "score": 0."#, ["A"]), ("```json\n[\"A\", \"B", ["A"]),
    (#"{"statements": ["A", oops"#, ["A"]), (#"["A", oops]"#, ["A"]),
  ])
  func truncated(output: String, statements: [String]) {
    let reading = StatementReader.read(output)
    #expect(reading.elements.map(\.text) == statements)
    #expect(!reading.isComplete)
    #expect(reading.problems.count == 1)
  }

  @Test(arguments: ["", " \n", "No funding.", "{", "[1, 2]", "{}", "\"", "```", "null", "{\"a\": {\"b\": 1}}"])
  func nothing(output: String) {
    let reading = StatementReader.read(output)
    #expect(reading.elements.isEmpty)
    #expect(!reading.isComplete)
    #expect(reading.problems.count == 1)
  }

  @Test func emptyListsAreComplete() {
    for output in [#"{"statements": []}"#, "[]", #"{"statements": null}"#] {
      #expect(StatementReader.read(output).map(\.text) == Reading(elements: [], isComplete: true, problems: []))
    }
  }

  @Test func verbatimTextThatIsNoCleanJSON() {
    #expect(
      StatementReader.read("[\"line\nbreak\tand $\\alpha$ \\\\ \\u12\"]").elements.map(\.text) == [
        "line\nbreak\tand $\\alpha$ \\ \\u12"
      ])
    #expect(StatementReader.read(#"["the "First" grant", "B"]"#).elements.map(\.text) == [#"the "First" grant"#, "B"])
    #expect(StatementReader.read(#"["A" "B"]"#).elements.map(\.text) == ["A", "B"])
  }

  @Test func othersAreSkippedAndRepeatsKept() {
    let reading = StatementReader.read(#"{"statements": ["A", 1, null, "", "A"]}"#)
    #expect(reading.elements.map(\.text) == ["A", "A"])
    #expect(reading.isComplete)
    #expect(reading.problems.count == 3)
  }

  @Test func hostile() {
    let count = 20_000
    for output in [
      String(repeating: "[", count: count), String(repeating: "{\"a\":", count: count),
      String(repeating: "\"", count: count),
      String(repeating: "[\"", count: count), String(repeating: "\\", count: count),
      "[\"" + String(repeating: "\" ", count: count),
      String(repeating: "```", count: count), String(repeating: "[] x", count: count),
      String(repeating: "[1],", count: count),
    ] {
      _ = StatementReader.read(output)
      _ = FunderReader.read(output)
      _ = try? FunderReader.funders(in: output)
    }
  }

  /// Every prefix of an output is read without losing what was complete.
  @Test func prefixes() {
    let output = Array(#"{"statements": ["Né \"x\" \\ 1", "B\u00e9", "C"]}"#.utf8)
    var most = 0
    for length in 0...output.count {
      let reading = StatementReader.read(String(decoding: output[..<length], as: UTF8.self))
      #expect(reading.elements.count >= most)
      #expect(reading.isComplete == (length == output.count))
      most = reading.elements.count
      #expect(reading.elements.map(\.text) == Array(["Né \"x\" \\ 1", "Bé", "C"].prefix(most)))
    }
    #expect(most == 3)
  }
}
