import Generation
import ArgumentParser
import Foundation
import JSON
import Llama
import ModelFiles
import TestSupport
import Testing
import Tokenizer
import Training
import TrainingData

@testable import patron

@Suite struct DataCommandTests {
  private func recipe(_ arguments: String...) throws -> DataRecipe {
    let parsed = try Patron.parseAsRoot(["data", "stats"] + arguments)
    let command = try #require(parsed as? DataStatsCommand)
    return try command.dataOptions.recipe(files: command.files)
  }

  @Test func theDefaultsAreTheRecipes() throws {
    #expect(try recipe("a.jsonl") == DataRecipe(files: [DataFile("a.jsonl")]))
  }

  @Test func everyOptionArrives() throws {
    var expected = DataRecipe(files: [DataFile("a@b.jsonl", weight: 2.5), DataFile("c@d")])
    expected.taskWeights = [.statements: 2, .funders: 0.5]
    expected.licenses = .open
    expected.skipsBadRows = true
    expected.seed = 7
    expected.chunkTokens = 1_024
    expected.overlapTokens = 128
    expected.negativesPerPositive = nil
    expected.hardNegativeShare = 0.5
    expected.requiresVerbatimValues = false
    expected.joinedShare = 0.3
    expected.supervisedTurns = .last
    expected.noise = DataNoise(share: 0.25, kinds: [.letterCase, .zeroWidth])
    expected.maximumLength = 2_048
    let found = try recipe(
      "a@b.jsonl@2.5", "c@d", "--task-weight", "extract=2", "--task-weight", "parse=0.5", "--license-filter", "open",
      "--skip-bad-rows", "--data-seed", "7", "--chunk-tokens", "1024", "--overlap-tokens", "128", "--negatives", "all",
      "--hard-negatives", "0.5", "--keep-unverbatim", "--joined", "0.3", "--supervised-turns", "last", "--noise",
      "0.25", "--noise-kinds",
      "case,zero-width", "--max-length", "2048")
    #expect(found == expected)
  }

  @Test(arguments: ["0", "1", "2.5", "all", "1e+300"])
  func aRatioIsWrittenAsItIsRead(_ text: String) throws {
    #expect(NegativeRatio(argument: text)?.description == text)
  }

  @Test func aFileOfTheWholeNameWins() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("rows@2", "x")
    #expect(DataOptions.file(path) == DataFile(path))
    #expect(DataOptions.file(path + "@3") == DataFile(path, weight: 3))
  }

  @Test(arguments: [
    ["--noise", "2"], ["--noise-kinds", "rain"], ["--task-weight", "extract"], ["--task-weight", "poems=2"],
    ["--negatives", "-1"], ["--negatives", "many"], ["--overlap-tokens", "9000"], ["--max-length", "1"],
    ["--license-filter", "free"],
  ]) func wrongSettingsAreRefused(_ arguments: [String]) {
    let error = #expect(throws: (any Error).self) { try Patron.parseAsRoot(["data", "stats", "a.jsonl"] + arguments) }
    #expect(error.map { ExitStatus.code(for: $0) } == .validationFailure)
  }

  // MARK: The built program

  private static let rows = """
    {"id": "p", "license": "CC BY-NC 4.0", "statement": "Supported by the X Fund (12-3).", "funders": [{"funder_name": "X Fund", "award_ids": ["12-3"]}]}
    {"id": "e", "article": "# Title\\n\\nText.\\n\\nFunded by Y.", "statements": ["Funded by Y."]}
    """

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence)) func inspectMarksWhatIsLearnt() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("rows.jsonl", Self.rows)
    let result = try Executable.run(["data", "inspect", file, "--noise", "0"])
    #expect(result.status == 0 && result.errors == "")
    #expect(result.output.hasPrefix("── p · parse · "))
    #expect(
      result.output.contains(
        #"""
        Supported by the X Fund (12-3).<|im_end|>
        <|im_start|>assistant
        ⟦[{"funder_name":"X Fund","awards":[{"award_ids":["12-3"],"funding_scheme":[],"award_title":[]}]}]<|im_end|>⟧

        ── e#0 · extract · 
        """#))
    #expect(result.output.hasSuffix(#"⟦{"statements":["Funded by Y."]}<|im_end|>⟧"# + "\n\n"))

    let one = try Executable.run(["data", "inspect", file, "--row", "e", "--tokens", "--noise", "0"])
    #expect(one.output.hasPrefix("── e#0 · extract"))
    #expect(one.output.contains("      1   <|im_start|>\n") && one.output.hasSuffix("      2 + <|im_end|>\n\n"))

    let none = try Executable.run(["data", "inspect", file, "--row", "z"])
    #expect(none.status == 2 && none.errors.contains("ids look like p, e#0"))
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence)) func statsCountsInWordsAndInJSON() throws
  {
    let folder = try TemporaryFolder()
    let file = try folder.write("rows.jsonl", Self.rows + "\nnonsense\n")
    let failed = try Executable.run(["data", "stats", file])
    #expect(failed.status == 2 && failed.output == "" && failed.errors.contains("rows.jsonl:3: not JSON"))

    let arguments = ["data", "stats", file, "--skip-bad-rows", "--license-filter", "open", "--noise", "0"]
    let text = try Executable.run(arguments)
    #expect(text.status == 0 && text.errors.hasPrefix("patron: left out \(file):3: not JSON"))
    #expect(
      text.output.contains("  2 rows, 1 left out for their licence, 1 without a stated licence, 1 more unreadable\n"))
    #expect(text.output.contains("\nextract     1         1         1      0"))
    let json = try JSON.parse(try Executable.run(arguments + ["--json", "--quiet"]).output)
    #expect(json["tasks"]?["extract"]?["answered"] == 1)
    #expect(json["files"]?.array?.first?["sha256"]?.string?.count == 64)
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence)) func tokenizeWritesLabels() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("rows.jsonl", Self.rows)
    let output = folder.path("tokens.jsonl")
    #expect(try Executable.run(["data", "tokenize", file, "-o", output, "--noise", "0"]).status == 0)
    let rows = try folder.read("tokens.jsonl").split(separator: "\n").map { try JSON.parse(String($0)) }
    #expect(Set(rows.compactMap { $0["id"]?.string }) == ["p", "e#0"])
    for row in rows {
      let ids = row["input_ids"]?.array?.compactMap { $0.int } ?? []
      let labels = row["labels"]?.array?.compactMap { $0.int } ?? []
      #expect(ids.count == labels.count && labels.last == 2)
      #expect(zip(ids, labels).allSatisfy { $1 == -100 || $0 == $1 })
    }
  }

  @Test func splitWritesAFolderForEachPart() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<200).map { #"{"id": "r\#($0)", "statement": "Funded by the \#($0)th council.", "x": \#($0)}"# }
    let file = try folder.write("rows.jsonl", rows.joined(separator: "\n"))
    let output = folder.path("parts")
    let arguments = ["data", "split", file, "-o", output, "--part", "tune=0.1", "--part", "dapo=0.2", "--rest", "sft"]
    let result = try Executable.run(arguments)
    #expect(result.status == 0 && result.errors == "")
    #expect(result.output.hasPrefix("rows        tune  dapo  sft\n"))
    #expect(result.output.hasSuffix("largest document: 1 row\n"))
    let parts = try ["tune", "dapo", "sft"].map {
      try folder.read("parts/\($0)/rows.jsonl").split(separator: "\n").map(String.init)
    }
    #expect(parts.joined().sorted() == rows.sorted() && parts.allSatisfy { $0.count > 5 && $0.count < 190 })

    // The same folder again, two files of one name, and no shares are refused.
    #expect(try Executable.run(arguments).errors.contains("the folder exists and is not empty"))
    let twin = try folder.write("other/rows.jsonl", rows[0])
    let twice = try Executable.run(["data", "split", file, twin, "-o", folder.path("new")])
    #expect(twice.status == 2 && twice.errors.contains("two files called rows.jsonl"))
    #expect(try Executable.run(["data", "split", file, "-o", output, "--part", "tune"]).status == 64)
    let wrong = try Executable.run(["data", "split", file, "-o", folder.path("new"), "--part", "tune=2"])
    #expect(wrong.status == 2 && wrong.errors.contains("a share of 2.0 for tune"))
    #expect(folder.names.allSatisfy { !$0.hasPrefix("new") && !$0.hasPrefix(".") })
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence)) func statsShowsWhatFilesShare() throws {
    let folder = try TemporaryFolder()
    let first = try folder.write("a.jsonl", Self.rows)
    let second = try folder.write("b.jsonl", #"{"statement": "supported by the X fund, 12-3", "funders": []}"#)
    let third = try folder.write("c.jsonl", #"{"statement": "By nobody.", "funders": []}"#)
    let result = try Executable.run(["data", "stats", first, second, third])
    #expect(
      result.output.hasSuffix("\nrows of one file that are in another one\n  1 of \(first) in \(second): 1 equal\n"))
    let json = try JSON.parse(try Executable.run(["data", "stats", first, second, "--json"]).output)
    #expect(json["overlaps"]?.array?.map { $0["equal"]?.int } == [1])
    #expect(
      try Executable.run(["data", "stats", first, third]).output.hasSuffix("\nno row of one file is in another one\n"))
    #expect(try !Executable.run(["data", "stats", first]).output.contains("in another one"))
  }

  @Test func synthesizeWritesRowsThatAreReadBack() throws {
    let folder = try TemporaryFolder()
    let list = try folder.write("funders.tsv", "the Zorblax Council\tZC\t\tZ-####\n")
    let short = try Executable.run(["data", "synthesize", "--count", "5", "--funders", list])
    let long = try Executable.run(["data", "synthesize", "--count", "40", "--funders", list])
    #expect(short.status == 0 && long.output.hasPrefix(short.output) && long.output.contains("Zorblax Council"))
    let file = try folder.write("s.jsonl", long.output)
    #expect(try DataFileContents(path: file).rows.count == 40)

    let articles = try folder.write("a.jsonl", Self.rows)
    let output = folder.path("e.jsonl")
    let result = try Executable.run([
      "data", "synthesize", "--task", "extract", "--count", "20", "--articles", articles, "--statements", file, "-o",
      output,
    ])
    #expect(result.status == 0 && result.output == "")
    #expect(try DataFileContents(path: output).rows.allSatisfy { $0.row.content.task == .statements })
    #expect(try Executable.run(["data", "synthesize", "--articles", articles]).status == 64)
  }
}
