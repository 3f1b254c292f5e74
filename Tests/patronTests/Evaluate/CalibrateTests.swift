import Generation
import Files
import Foundation
import Funding
import JSON
import ModelFiles
import PatronKit
import Runs
import TestSupport
import Testing

@testable import patron

/// `patron calibrate`, as users run it.
@Suite struct CalibrateTests {
  /// A record with one funder, which the model was so sure of.
  private func record(_ id: String, _ name: String, mean: Double) -> String {
    var record = ExtractionRecord(id: id, sha256: "", funders: [Funder(name: name)])
    record.confidences = [FunderConfidence(name: Confidence(mean: mean, minimum: mean), awards: [])]
    return record.json.text() + "\n"
  }

  @Test func recordsAndGoldMakeACalibration() throws {
    let folder = try TemporaryFolder()
    var records = ""
    var gold = ""
    for number in 0..<40 {
      let isRight = number % 4 != 0
      records += record("articles/\(number).md", isRight ? "Wellcome Trust" : "Moss Fund", mean: isRight ? 0.9 : 0.4)
      gold += #"{"id": "\#(number)", "funders": [{"funder_name": "Wellcome Trust", "awards": []}]}"# + "\n"
    }
    records += record("elsewhere.md", "X", mean: 0.5) + #"{"id": "broken.md", "error": "The file is empty."}"# + "\n"
    try folder.write("records.jsonl", records)
    try folder.write("gold.jsonl", gold)
    let arguments = [
      "calibrate", "--predictions", folder.path("records.jsonl"), "--gold", folder.path("gold.jsonl"), "--output",
      folder.path("calibration.json"),
    ]
    let result = try Executable.run(arguments)
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("kind         values  right  ECE raw  ECE calibrated\n"))
    #expect(result.output.contains("funder_name      40  0.750"))
    #expect(result.errors.contains("1 records have no gold row"))
    #expect(result.output.contains("\n0.45 (best) "), "the least threshold that leaves out the wrong names")
    #expect(result.output.contains("\ncross-validated "))
    let calibration = try Calibration(json: JSON.parse(folder.read("calibration.json")))
    let scaling = try #require(calibration.scalings[.funderName])
    #expect(scaling.count == 40 && scaling.correct == 30)
    #expect(scaling.probability(ofMean: 0.9) > 0.9 && scaling.probability(ofMean: 0.4) < 0.1)

    let json = try JSON.parse(Executable.run(arguments + ["--json"]).output)
    #expect(json["calibration"] == calibration.json)
    #expect(json["least_value_probability"]?["best"] == .number(0.45))

    // As a part of the adapter it is used without a flag.
    var card = AdapterCard(
      version: "1", baseModel: .init(name: "m", kind: .sha256, identity: String(repeating: "a", count: 64)),
      chunkTokens: 10, overlapTokens: 1, chatTemplate: "smollm2",
      promptHashes: [.funders: AdapterCards.promptHash(of: .funders)])
    let adapter = folder.url.appendingPathComponent("adapter")
    #expect(try Executable.run(arguments + ["--adapter", adapter.path]).errors.contains("found no patron.json"))
    try FileManager.default.createDirectory(at: adapter, withIntermediateDirectories: true)
    try card.write(to: adapter)
    #expect(try AdapterCards([adapter.path], isForced: false).calibration() == nil)
    #expect(try Executable.run(arguments + ["--adapter", adapter.path]).status == 0)
    #expect(try AdapterCards([adapter.path], isForced: false).calibration() == calibration)
    card.calibration = 3
    try card.write(to: adapter)
    #expect(throws: FileError.self) { try AdapterCards([adapter.path], isForced: false).calibration() }
  }

  /// What was left out already cannot be judged.
  @Test func recordsMadeWithAThreshold() throws {
    let folder = try TemporaryFolder()
    var record = ExtractionRecord(id: "a", sha256: "", funders: [Funder(name: "Moss Fund")])
    record.confidences = [FunderConfidence(name: Confidence(mean: 0.9, minimum: 0.9), awards: [])]
    record.provenance = [ExtractionRecord.Entry("least_value_probability", "0.1")]
    let records = try folder.write("records.jsonl", record.json.text())
    let rows = try folder.write("gold.jsonl", #"{"id": "a", "funders": [{"funder_name": "Moss Fund"}]}"#)
    let result = try Executable.run(["calibrate", "--predictions", records, "--gold", rows])
    #expect(result.status == 0)
    #expect(result.errors.contains("1 records were made with a --least-value-probability above 0"))
  }

  /// Records find gold rows as in `patron evaluate`: the end of an arXiv number is not an extension.
  @Test(arguments: [
    ("2001.00001", "2001", false), ("d/2001.00001.md", "2001.00001", true), ("10.1000/xyz.md", "10.1000/xyz", true),
    ("a.md", "a.txt", false),
  ]) func recordsFindTheirGoldRows(_ id: String, _ gold: String, _ isJoined: Bool) throws {
    let folder = try TemporaryFolder()
    let records = try folder.write("records.jsonl", record(id, "Moss Fund", mean: 0.9))
    let rows = try folder.write("gold.jsonl", #"{"id": "\#(gold)", "funders": [{"funder_name": "Moss Fund"}]}"#)
    let output = folder.path("calibration.json")
    let result = try Executable.run(
      ["calibrate", "--predictions", records, "--gold", rows, "--output", output, "--json"])
    #expect(result.status == (isJoined ? 0 : 2), "\(result.errors)")
  }

  @Test func whatCannotBeUsedIsNamed() throws {
    let folder = try TemporaryFolder()
    let rows = try folder.write("rows.jsonl", #"{"id": "a"}"#)
    let empty = try folder.write("empty.jsonl", "")
    let other = try folder.write("other.jsonl", #"{"id": "a", "statements": 1}"#)
    let text = try folder.write("text", "no JSON")
    for (predictions, gold, message) in [
      (rows, rows, "no value of it can be judged"), (other, rows, "record 1: Found a number as statements"),
      (text, rows, "text: row 1 is not JSON ("), (empty, rows, "empty.jsonl: found no rows"),
      (other, folder.path("nowhere"), "nowhere: "),
    ] {
      let result = try Executable.run(["calibrate", "--predictions", predictions, "--gold", gold])
      #expect(result.status == 2 && result.errors.contains(message), "\(result.errors)")
    }
  }

  @Test func aBrokenCalibrationIsRefusedBeforeTheModelIsOpened() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("c.json", #"{"statement": 1}"#)
    let article = try folder.write("a.md", "Text.")
    let result = try Executable.run(["extract", "--model", article, "--calibration", file, article])
    #expect(result.status == 2)
    #expect(result.errors.contains("c.json: Found 1 as the calibration of statement"))
  }
}
