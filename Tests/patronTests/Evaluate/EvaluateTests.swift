import Generation
import ArgumentParser
import Foundation
import JSON
import Runs
import Scoring
import TestSupport
import Testing

@testable import patron

/// Small files of funders and statements.
private enum Fixture {
  static let gold = """
    {"id": "a", "statement": "By the Moss Fund.", "doi": "10.1/a", "funders": [{"funder_name": "Moss Fund", "awards": [{"award_ids": ["M-100001"], "funding_scheme": ["Fellowship"]}]}]}
    {"id": "b", "statement": "By Lichen.", "doi": "10.1/b", "funders": [{"funder_name": "Lichen Trust", "award_ids": ["L 2", "L 3"]}]}
    {"id": "c", "statement": "Thanks.", "doi": "10.1/c", "funders": []}

    """
  /// One id of "b" is missed, one of "a" is made up, "c" is right.
  static let predictions = """
    {"id": "a", "funders": [{"funder_name": "Moss Fund", "awards": [{"award_ids": ["M100001", "X-9"], "funding_scheme": ["Fellowship"]}]}]}
    {"id": "b", "predicted_funders": "[{\\"funder_name\\": \\"Lichen Trust\\", \\"award_ids\\": \\"L2\\"}]"}
    {"id": "c", "funders": null}

    """
  static let goldStatements = """
    {"id": "x", "article": "# X\\n\\nThis work was supported by the Moss Fund (M-1). It rained.\\n", "statements": ["This work was supported by the Moss Fund (M-1)."]}
    {"id": "y", "article": "# Y\\n\\nNo funding was received.\\n", "statements": [], "no_funding_declared": true}

    """
  static let records = """
    [{"id": "articles/x.md", "sha256": "0", "statements": [{"text": "This work was supported by the Moss Fund (M-1).", "status": "exact", "chunk": 0}, {"text": "This work was supported by the Moss Fund (M-2).", "status": "unverified", "chunk": 0}], "funders": []},
     {"id": "articles/y.md", "sha256": "0", "statements": [], "funders": []}]

    """
}

@Suite struct EvaluateArgumentTests {
  private func evaluate(_ arguments: String...) throws -> EvaluateCommand {
    try #require(try Patron.parseAsRoot(["evaluate"] + arguments) as? EvaluateCommand)
  }

  @Test func theDefaultsAreTheReferences() throws {
    let command = try evaluate("-p", "p", "-g", "g")
    #expect(command.measure.comparison == ComparisonOptions() && command.measure.bootstrap == Bootstrap())
    #expect(command.measure.task.value == nil && command.files.join == .auto && command.files.join.key == nil)
    #expect(command.files.missing == nil && command.files.compare == nil && command.report.format == .table)
  }

  @Test func everyOptionArrives() throws {
    let command = try evaluate(
      "--predictions", "p", "--gold", "-", "--compare", "q", "--join", "doi", "--missing", "empty", "--max-file-size",
      "2",
      "--task", "statements", "--funder-threshold", "0.7", "--threshold", "0.9", "--id-mode", "exact", "--resamples",
      "10",
      "--confidence", "0.9", "--seed", "3", "--format", "csv", "--output", "o", "--documents", "d", "--errors", "e")
    #expect(
      command.files.paths == ["p", "-", "q"] && command.files.join.key == .doi && command.files.missing == .empty)
    #expect(command.files.maxFileSize == 2 && command.measure.task.value == .statements)
    #expect(
      command.measure.comparison
        == ComparisonOptions(funderThreshold: 0.7, threshold: 0.9, awardIDMode: .exact, softAwardIDs: false))
    #expect(command.measure.bootstrap == Bootstrap(resamples: 10, confidence: 0.9, seed: 3))
    #expect(command.report.format == .csv && command.report.output == "o")
    #expect(command.report.documents == "d" && command.report.errors == "e")
  }

  @Test(arguments: [
    (["-g", "g"], "Missing expected argument '--predictions <file>'"),
    (["-p", "p"], "Missing expected argument '--gold <file>'"),
    (["-p", "-", "-g", "-"], "- can be read only once"),
    (["-p", "p", "-g", "-", "--compare", "-"], "- can be read only once"),
    (["-p", "p", "-g", "g", "--threshold", "1.5"], "found --threshold 1.5, expected 0 to 1"),
    (["-p", "p", "-g", "g", "--funder-threshold", "nan"], "found --funder-threshold nan, expected 0 to 1"),
    (["-p", "p", "-g", "g", "--resamples", "0"], "found --resamples 0, expected 1 to 1000000"),
    (
      ["-p", "p", "-g", "g", "--confidence", "1"], "found --confidence 1.0, expected more than 0 and less than 1"
    ),
    (
      ["-p", "p", "-g", "g", "--max-file-size", "0"],
      "found --max-file-size 0, expected a number from 1 to 1073741824"
    ),
    (
      ["-p", "p", "-g", "g", "-o", "x", "--documents", "x"], "--output and --documents name the same file"
    ),
  ]) func nonsenseIsRefused(_ arguments: [String], _ message: String) {
    let error = #expect(throws: (any Error).self) { try Patron.parseAsRoot(["evaluate"] + arguments) }
    #expect(error.map { Patron.message(for: $0) } == message)
    #expect(error.map { ExitStatus.code(for: $0) } == .validationFailure)
  }
}

/// The program, from files to files.
@Suite struct EvaluateTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("gold", Fixture.gold)
    try folder.write("predictions", Fixture.predictions)
    try folder.write("gold-statements", Fixture.goldStatements)
    try folder.write("records", Fixture.records)
  }

  private func evaluate(
    _ predictions: String = "predictions", _ gold: String = "gold", _ arguments: String..., input: String = ""
  ) throws -> Executable.Result {
    try Executable.run(
      [
        "evaluate", "-p", predictions == "-" ? "-" : folder.path(predictions), "-g", folder.path(gold), "--resamples",
        "50",
      ] + arguments, input: input)
  }

  /// The JSON that is written, and the exit status, of a run inside the test.
  private func evaluated(
    _ predictions: String = "predictions", _ gold: String = "gold", _ arguments: String...
  ) throws -> (status: Int32, json: JSON) {
    let result = try InProcess.run(
      [
        "evaluate", "-q", "-p", folder.path(predictions), "-g", folder.path(gold), "-f", "json", "-o",
        folder.path("out"),
      ] + arguments)
    return (result.status, try JSON.parse(folder.read("out")))
  }

  /// What a run ends with.
  private func refusal(_ predictions: String, _ gold: String = "gold", _ arguments: String...) throws -> String {
    let result = try InProcess.run(
      ["evaluate", "-p", folder.path(predictions), "-g", folder.path(gold), "-o", folder.path("out")] + arguments)
    #expect(result.status == 2 && !folder.names.contains("out"))
    return result.message
  }

  @Test func fundersInATable() throws {
    let result = try evaluate()
    #expect(result.status == 0 && result.errors == "")
    #expect(
      result.output.split(separator: "\n").prefix(3) == [
        "mode        level          P       R      F1      95% of F1    F0.5    F1.5  matched  pred  gold",
        "──────────  ────────  ──────  ──────  ──────  ─────────────  ──────  ──────  ───────  ────  ────",
        "balanced    funder    1.0000  1.0000  1.0000  0.2250–1.0000  1.0000  1.0000        2     2     2",
      ])
    #expect(result.output.contains(/balanced    award_id  0\.6667  0\.6667  0\.6667  .*  2     3     3\n/))
    #expect(
      result.output.hasSuffix("3 documents (joined by id), 0 truncated; exact records 0.3333; mean reward 0.8981\n"))
    for mode in ["permissive  title", "strict      award"] { #expect(result.output.contains("\n" + mode)) }
    #expect(try evaluate("-", input: Fixture.predictions).output == result.output)
  }

  @Test func fundersInJSONAndCSV() throws {
    let result = try evaluate("predictions", "gold", "--format", "json", "--output", folder.path("out.json"))
    #expect(result.status == 0 && result.output == "" && result.errors == "")
    let json = try JSON.parse(folder.read("out.json"))
    #expect(json["balanced"]?["award_id"]?["matched"]?.int == 2 && json["strict"]?["funder"]?["f1"]?.double == 1)
    #expect(json["n_examples"]?.int == 3 && json["joined_by"]?.string == "id" && json["warnings"]?.array == [])
    let csv = try evaluate("predictions", "gold", "--format", "csv").output.split(separator: "\r\n")
    #expect(csv.count == 16 && csv[2].hasPrefix("balanced,award_id,0.6666666666666666,0.6666666666666666,"))
    // The same seed, the same intervals.
    #expect(try evaluate("predictions", "gold", "--format", "csv").output.split(separator: "\r\n") == csv)
    #expect(
      try evaluate("predictions", "gold", "--format", "csv", "--seed", "1").output.split(separator: "\r\n") != csv)
  }

  @Test func errorsAndDocuments() throws {
    let result = try evaluate(
      "predictions", "gold", "--errors", folder.path("new/errors"), "--documents", folder.path("d.jsonl"))
    #expect(result.status == 0)
    #expect(
      try folder.read("new/errors/errors.csv")
        == "document,type,funder,text\r\na,extra_award_id,Moss Fund,X-9\r\nb,missing_award_id,Lichen Trust,L 3\r\n")
    #expect(try folder.read("new/errors/by_type.csv").contains("missing_award_id,1\r\nextra_award_id,1\r\n"))
    #expect(try folder.read("new/errors/documents.csv").split(separator: "\r\n").count == 3)
    #expect(try folder.read("new/errors/side_by_side.md").contains("| id ✗ | L 3 |  |"))
    let rows = try folder.read("d.jsonl").split(separator: "\n").map { try JSON.parse(String($0)) }
    #expect(rows.map { $0["document"]?.string } == ["a", "b", "c"] && rows[2]["exact"]?.bool == true)
    // Once more, into the same places.
    let again = try evaluate(
      "predictions", "gold", "--errors", folder.path("new/errors"), "--documents", folder.path("d.csv"))
    #expect(again.status == 0)
    #expect(try folder.read("d.csv").split(separator: "\r\n").count == 4)
  }

  @Test func twoFilesAreCompared() throws {
    let result = try evaluate("predictions", "gold", "--compare", folder.path("gold"))
    #expect(result.status == 0)
    #expect(result.output.contains("first: \(folder.path("predictions"))\nsecond: \(folder.path("gold"))\n"))
    #expect(result.output.contains("3 documents in both, 2 changed\n"))
    #expect(result.output.contains(/award_id    0\.6667     1\.0000      0\.3333/))
    let json = try evaluated("predictions", "gold", "--compare", folder.path("gold")).json
    #expect(json["comparison"]?["changes"]?.array?.map { $0["document"]?.string } == ["a", "b"])
    #expect(json["balanced"] != nil)
    let csv = try evaluate("predictions", "gold", "--compare", folder.path("gold"), "-f", "csv").output
    #expect(csv.hasPrefix("level,f1_first,f1_second,difference,lower,upper,p\r\nfunder,1.0,1.0,0.0,0.0,0.0,1.0\r\n"))
  }

  /// Records are named after files, and what they copied is looked for in the article of gold.
  @Test func recordsOfAnExtractionAgainstStatements() throws {
    let result = try evaluate("records", "gold-statements")
    #expect(result.status == 0 && result.errors == "")
    #expect(result.output.contains(/one to one  0\.5000  1\.0000  0\.6667 .* 1\/2 pred, 1\/1 gold\n/))
    #expect(result.output.contains(/published   1\.0000  1\.0000  1\.0000 .* 2\/2 pred, 1\/1 gold\n/))
    #expect(result.output.contains("verbatim 0.5000; 2 documents (joined by id)\n"))
    let errors = try evaluated(
      "records", "gold-statements", "--errors", folder.path("e"), "--documents", folder.path("d.csv"))
    #expect(errors.json["verbatim_rate"]?.double == 0.5)
    #expect(
      try folder.read("e/by_type.csv") == "type,count\r\nmissing_statement,0\r\nextra_statement,1\r\nnot_verbatim,1\r\n"
    )
    #expect(try folder.read("d.csv").contains("\r\nx,1,2,1,0.6666666666666666,1,1,1,2,\r\n"))
    let same = try evaluated("records", "gold-statements", "--compare", folder.path("records"))
    #expect(same.json["comparison"]?["changes"]?.array == [])
  }

  /// Articles without any statement have no funders; those with statements nobody annotated are left out.
  @Test func theFundersOfTheSameRecords() throws {
    let result = try evaluated("records", "gold-statements", "--task", "funders")
    #expect(result.status == 0)
    #expect(result.json["n_examples"]?.int == 1 && result.json["exact_record_rate"]?.double == 1)
    #expect(
      result.json["warnings"] == ["1 gold row without \"funders\", left out with what was predicted: x"])
  }

  @Test func whatCannotBeScoredIsNamedAndCountsNowhere() throws {
    let rows = #"""
      {"id": "a", "error": "cannot be opened"}
      {"id": "b", "funders": [{"award_ids": [7]}]}
      {"id": "c", "funders": []}
      {"id": "z", "funders": []}

      """#
    let table = try evaluate("-", input: rows)
    #expect(table.status == 1 && table.errors == "")
    #expect(table.output.contains("not scored: a: row 1 holds an error instead of a result: cannot be opened\n"))
    #expect(table.output.contains("not scored: b: row 2: Found a number as an award id; expected a string.\n"))
    #expect(table.output.contains("warning: 1 prediction without a gold row (joined by id), counted as made up: z\n"))
    let csv = try evaluate("-", "gold", "-f", "csv", input: rows)
    #expect(csv.status == 1 && csv.output.hasPrefix("mode,level,"))
    #expect(csv.errors.split(separator: "\n").count == 3)
    #expect(try evaluate("-", "gold", "-f", "csv", "-q", input: rows).errors.split(separator: "\n").count == 2)
  }

  @Test func missingRowsCountIfAskedFor() throws {
    try folder.write("one", #"[{"id": "a", "funders": []}]"#)
    let some = try evaluated("one").json
    let all = try evaluated("one", "gold", "--missing", "empty").json
    #expect(some["n_examples"]?.int == 1 && some["balanced"]?["funder"]?["gold_count"]?.int == 1)
    #expect(all["n_examples"]?.int == 3 && all["balanced"]?["funder"]?["gold_count"]?.int == 2)
    try folder.write("record", #"{"id": "d/y.md", "statements": []}"#)
    #expect(try evaluated("record", "gold-statements").json["metrics"]?["gold_statements"]?.int == 1)
    #expect(
      try evaluated("record", "gold-statements", "--missing", "skip").json["metrics"]?["gold_statements"]?.int == 0)
  }

  @Test(arguments: [
    ("", "found no rows, expected one JSON object a line, or an array of objects"),
    ("nonsense", "row 1 is not JSON (expected null, found 'n' in line 1 at byte 0)"),
    ("{}\n{", "row 2 is not JSON ("), ("[1]", "row 1 is a number, expected an object"),
    (String(repeating: "[", count: 100_000), "row 1 is not JSON (nested deeper than 128 in line 1 at byte 128)"),
  ])
  func aFileThatHoldsNothingEndsTheRun(_ text: String, _ message: String) throws {
    let path = try folder.write("hostile", text)
    #expect(try refusal("hostile").hasPrefix("\(path): " + message))
    #expect(try refusal("predictions", "hostile").hasPrefix("\(path): " + message))
  }

  @Test func filesThatCannotBeReadOrWritten() throws {
    try folder.write("latin", [0x7B, 0x22, 0xFC, 0x22, 0x7D])
    try folder.write("a-file", "")
    for (arguments, message) in [
      (["-p", folder.path("nowhere"), "-g", folder.path("gold")], "cannot be opened: No such file or directory"),
      (["-p", folder.url.path, "-g", folder.path("gold")], "cannot be read: Is a directory"),
      (["-p", folder.path("latin"), "-g", folder.path("gold")], "UTF-8"),
      (
        ["-p", "/dev/zero", "-g", folder.path("gold"), "--max-file-size", "1"],
        "found more than 1048576 bytes, expected at most 1048576; --max-file-size raises the limit"
      ),
      (
        ["-p", folder.path("predictions"), "-g", folder.path("gold"), "-o", folder.path("gold")], "it is also an input"
      ),
      (["-p", folder.path("predictions"), "-g", folder.path("gold"), "-o", folder.path("no/x")], "cannot write"),
      (
        ["-p", folder.path("predictions"), "-g", folder.path("gold"), "--errors", folder.path("a-file")],
        "cannot make the folder"
      ),
    ] {
      let result = try InProcess.run(["evaluate"] + arguments)
      #expect(result.status == 2 && result.message.contains(message), "\(result.message)")
    }
    #expect(try folder.read("gold") == Fixture.gold)
    // What is said, and where.
    let result = try evaluate("nowhere")
    #expect(result.status == 2 && result.output == "")
    #expect(result.errors == "patron: \(folder.path("nowhere")): cannot be opened: No such file or directory\n")
  }

  @Test func filesThatDoNotBelongTogether() throws {
    try folder.write("other", #"{"id": "q", "funders": []}"#)
    #expect(
      try refusal("other")
        == "\(folder.path("other")) and \(folder.path("gold")): found no ids, statements or DOIs in common: the first "
        + "prediction has \"q\", the first gold row \"a\"; check that the files belong together")
    #expect(
      try refusal("predictions", "gold", "--join", "doi").hasSuffix(
        "the first prediction has none, the first gold row \"10.1/a\"; choose another --join"))
    try folder.write("mixed", #"{"id": "a", "statements": ["By the Moss Fund."]}"#)
    #expect(
      try refusal("mixed").contains(
        "found statements, and in \(folder.path("gold")) funders; expected the same in both"))
    #expect(try refusal("records", "gold-statements", "--join", "statement").contains("cannot be joined by their text"))
    try folder.write("unannotated", #"{"id": "x", "funders": []}"#)
    #expect(
      try refusal("unannotated", "gold-statements", "--task", "funders").hasSuffix(
        "the rows that \(folder.path("unannotated")) has predictions for have no \"funders\""))
  }

  @Test func hostileNames() throws {
    let long = String(repeating: "x", count: 1_000_000)
    let rows = #"[{"id": "\u001b[31m\#(long)", "funders": []}, {"id": "a", "funders": [{"funder_name": "\#(long)"}]}]"#
    let result = try evaluate("-", "gold", "--errors", folder.path("e"), input: rows)
    #expect(result.status == 0)
    #expect(!result.output.contains("\u{1B}") && result.output.utf8.count < 5_000)
    #expect(try !folder.read("e/side_by_side.md").contains("\u{1B}"))
    #expect(try folder.read("e/errors.csv").utf8.count > 1_000_000)
  }
}
