import ArgumentParser
import Foundation
import Funding
import JSON
import Runs
import Scoring
import TestSupport
import Testing

@testable import patron

@Suite struct RewardArgumentTests {
  private func reward(_ arguments: String...) throws -> RewardScoreCommand {
    try #require(try Patron.parseAsRoot(["reward"] + arguments) as? RewardScoreCommand)
  }

  @Test func scoringIsTheDefault() throws {
    #expect(try Patron.parseAsRoot(["reward", "score", "f"]) is RewardScoreCommand)
    #expect(try reward("f").rows == "f" && reward("-").rows == "-")
    let benchmark = try #require(try Patron.parseAsRoot(["reward", "benchmark"]) as? RewardBenchmarkCommand)
    #expect(benchmark.rows == nil && benchmark.reward.options == .training)
  }

  @Test func thePresetsAreTheReferences() throws {
    #expect(try reward("f").reward.options == .training)
    #expect(try reward("f", "--preset", "evaluation").reward.options == .evaluation)
  }

  @Test func everyOptionArrives() throws {
    let command = try reward(
      "--gold", "[]", "--predicted", "@x", "--preset", "evaluation", "--funder-weight", "0.1", "--award-id-weight",
      "0.2",
      "--flat-award-id-weight", "0.3", "--scheme-weight", "0.4", "--title-weight=-0.5", "--funder-threshold", "0.6",
      "--threshold", "0.7", "--soft-ids", "--id-mode", "exact", "--similarity", "strict", "--format", "jsonl", "-o", "o"
    )
    let weights = RewardOptions.Weights(
      funder: 0.1, awardID: 0.2, fundingScheme: 0.4, awardTitle: -0.5, flatAwardID: 0.3)
    let comparison = ComparisonOptions(
      funderThreshold: 0.6, threshold: 0.7, awardIDMode: .exact, softAwardIDs: true, mode: .strict)
    #expect(command.reward.options == RewardOptions(weights: weights, comparison: comparison))
    #expect(command.pair.gold == "[]" && command.pair.predicted == "@x")
    #expect(command.output.format == .jsonl && command.output.output == "o")
    #expect(try !reward("f", "--no-soft-ids").reward.options.comparison.softAwardIDs)
  }

  @Test(arguments: [
    ([], "name a file of pairs, or give --gold with either --predicted or --completion"),
    (["--gold", "[]"], "name a file of pairs, or give --gold with either --predicted or --completion"),
    (["--predicted", "[]"], "name a file of pairs, or give --gold with either --predicted or --completion"),
    (
      ["--gold", "[]", "--predicted", "[]", "--completion", "x"],
      "name a file of pairs, or give --gold with either --predicted or --completion"
    ),
    (["f", "--gold", "[]", "--predicted", "[]"], "found a file and a pair in options, expected one of them"),
    (["benchmark", "--gold", "[]"], "Unknown option '--gold'"),
    (["f", "--funder-weight", "inf"], "found --funder-weight inf, expected a finite number"),
    (["f", "--threshold", "2"], "found --threshold 2.0, expected 0 to 1"),
    (["benchmark", "--seconds", "-1"], "Missing value for '--seconds <s>'"),
    (["benchmark", "--seconds=-1"], "found --seconds -1.0, expected 0 to 3600"),
  ]) func nonsenseIsRefused(_ arguments: [String], _ message: String) {
    let error = #expect(throws: (any Error).self) { try Patron.parseAsRoot(["reward"] + arguments) }
    #expect(error.map { Patron.message(for: $0) } == message)
  }
}

@Suite struct RewardCommandTests {
  private let gold = #"[{"funder_name": "National Science Foundation", "award_ids": ["DMS-1855568"]}]"#
  private let more =
    #"[{"funder_name": "National Science Foundation", "award_ids": ["DMS-1855568"]}, "#
    + #"{"funder_name": "Wellcome Trust", "award_ids": "WT086151"}]"#

  private func reward(_ arguments: String..., input: String = "") throws -> Executable.Result {
    try Executable.run(["reward"] + arguments, input: input)
  }

  @Test func aPairWithItsTerms() throws {
    let result = try reward("--gold", gold, "--predicted", more)
    #expect(result.status == 0 && result.errors == "")
    let funders = try [gold, more].map { try FunderReader.funders(from: JSON.parse($0)) }
    #expect(try result.output == Episode(gold: funders[0], predicted: funders[1]).table())
    let json = try JSON.parse(reward("--gold", gold, "--predicted", more, "--format", "json").output)
    #expect(abs((json["reward"]?.double ?? 0) - 5.0 / 9) < 1e-12 && json["terms"]?.array?.count == 5)
  }

  @Test func aCompletionAndFiles() throws {
    let folder = try TemporaryFolder()
    let goldFile = try folder.write("gold.json", gold)
    let completion = try folder.write("completion.txt", "Here it is:\n```json\n{\"funders\": \(gold)}\n```\nDone.")
    let right = try reward("--gold", "@" + goldFile, "--completion", "@" + completion, "-f", "jsonl")
    #expect(right.status == 0 && right.output.hasPrefix(#"{"reward":1.0,"#) && right.output.hasSuffix("}\n"))
    let piped = try reward(
      "--gold", "@" + goldFile, "--completion", "@-", "-f", "jsonl", input: try folder.read("completion.txt"))
    #expect(piped.output == right.output)
    let nothing = try reward("--gold", gold, "--completion", "I cannot say.")
    #expect(
      nothing.output == """
        reward 0: nothing was predicted, and gold is not empty
        no funders could be read from the completion

        """)
  }

  @Test func theOptionsChangeTheReward() throws {
    func value(_ arguments: String...) throws -> Double? {
      let folder = try TemporaryFolder()
      let pair = ["reward", "-o", folder.path("out"), "--gold", #"[{"funder_name": "A B", "award_ids": ["1234567"]}]"#]
      let near = ["--predicted", #"[{"funder_name": "A B", "award_ids": ["1234568"]}]"#, "-f", "json"]
      #expect(try InProcess.run(pair + near + arguments).status == 0)
      return try JSON.parse(folder.read("out"))["reward"]?.double
    }
    #expect(try value() == 0.75 && value("--no-soft-ids") == 0.5 && value("--preset", "evaluation") == 0.5)
    #expect(try value("--funder-weight", "0", "--flat-award-id-weight", "0") == 0.2)
  }

  private let rows = #"""
    {"id": "x", "gold": [{"funder_name": "NSF", "award_ids": "111111"}], "completion": "[{\"funder_name\": \"NSF\", \"award_ids\": [\"111111\"]}]"}
    {"gold": [{"funder_name": "NSF"}], "pred": []}
    {"id": "z", "gold": [], "completion": "[{\"award_ids\": [1]}]"}

    """#

  @Test func aFileRowByRow() throws {
    let table = try reward("-", input: rows)
    #expect(table.status == 1 && table.errors == "")
    #expect(
      table.output == """
        row    reward  funder  award_id  flat_award_id  format
        ─────  ──────  ──────  ────────  ─────────────  ──────
        x      1.0000  1.0000    1.0000         1.0000      ok
        row 2  0.0000                                       ok
        2 rows, mean reward 0.5000
        not scored: z: Found a number as an award id; expected a string.

        """)
    let lines = try reward("-", "-f", "jsonl", input: rows)
    #expect(
      lines.status == 1 && lines.errors == "patron: not scored: z: Found a number as an award id; expected a string.\n")
    let json = try lines.output.split(separator: "\n").map { try JSON.parse(String($0)) }
    #expect(json.map { $0["reward"]?.double } == [1, 0, nil])
    #expect(try JSON.parse(reward("-", "-f", "json", input: rows).output) == .array(json))
  }

  @Test func whatIsNotAFileOfPairs() throws {
    let folder = try TemporaryFolder()
    for (path, message) in [
      (try folder.write("empty", ""), "found no rows"), (try folder.write("text", "nonsense"), "row 1 is not JSON"),
      (folder.url.path, "cannot be read: Is a directory"),
      (folder.path("no"), "cannot be opened: No such file or directory"),
    ] {
      for arguments in [[path], ["benchmark", path]] {
        let result = try InProcess.run(["reward"] + arguments)
        #expect(result.status == 2 && result.message.hasPrefix("\(path): \(message)"), "\(result.message)")
      }
    }
    let latin = try folder.write("latin", [0xFC])
    for (arguments, message) in [
      (["--gold", "[", "--predicted", "[]"], "--gold: not JSON ("),
      (["--gold", "[]", "--predicted", #"[{"award_ids": [1]}]"#], "--predicted: row 1: Found a number as an award id"),
      (["--gold", "[]", "--completion", "@" + latin], "found bytes that are not UTF-8"),
      (["--gold", "@" + folder.path("no"), "--predicted", "[]"], "cannot be opened"),
      (["--gold", "@" + latin, "--predicted", "[]", "-o", latin], "it is also an input"),
    ] {
      let result = try InProcess.run(["reward"] + arguments)
      #expect(result.status == 2 && result.message.contains(message), "\(result.message)")
    }
  }

  /// Two names of a megabyte would take minutes to compare.
  @Test func hostileNamesEndInAnError() throws {
    let folder = try TemporaryFolder()
    let first = String(repeating: "ab", count: 500_000)
    let second = String(repeating: "ba ", count: 333_333)
    let file = try folder.write(
      "rows", #"[{"gold": [{"funder_name": "\#(first)"}], "pred": [{"funder_name": "\#(second)"}]}]"#)
    let result = try reward(file)
    #expect(result.status == 1 && result.output.contains("not scored: row 1: scoring this row needs more than"))
  }

  @Test func theBenchmarkMeasures() throws {
    let own = try reward("benchmark", "--seconds", "0", "-f", "json")
    let sets = try JSON.parse(own.output)["sets"]?.array
    #expect(own.status == 0 && sets?.count == 1 && sets?.first?["count"]?.int == 4)
    let result = try reward("benchmark", "-", "--seconds", "0", "-f", "jsonl", input: rows)
    #expect(result.status == 1 && result.errors.contains("not measured: z: Found a number"))
    #expect(try JSON.parse(result.output)["sets"]?.array?.first?["rewards"]?.int == 2)
    #expect(try reward("benchmark", "--seconds", "0").output.contains("rewards/s"))
  }
}
