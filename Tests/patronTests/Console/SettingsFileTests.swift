import ArgumentParser
import Foundation
import JSON
import Runs
import TestSupport
import Testing

@testable import patron

/// A command with every kind of flag.
private struct Trainer: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "trainer", subcommands: [Sub.self, Plain.self])

  struct Sub: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "sub")
    enum Shape: String, CaseIterable, ExpressibleByArgument { case linear, cosine }
    struct Group: ParsableArguments {
      @Option(name: .long) var learningRate = 1e-4
      @Option(name: .shortAndLong) var seed: UInt64 = 0
    }
    @OptionGroup var group: Group
    @Option(name: .long) var shape = Shape.linear
    @Option(name: .long) var epochs: Int?
    @Option(name: .long) var train: [String] = []
    @Option(name: .long, parsing: .upToNextOption) var lengths: [Int] = [1, 2]
    @Option(name: .shortAndLong) var output: String
    @Flag(name: .long) var checkpointing = false
    @Flag(name: .long, inversion: .prefixedNo) var noise = true
    @Option(name: .long) var config: String?
    @Argument var names: [String] = []
  }

  struct Plain: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "plain")
    @Option(name: .long) var epochs = 1
  }
}

@Suite struct SettingsFileTests {
  private func expand(_ text: String, _ arguments: String...) throws -> [String] {
    let folder = try TemporaryFolder()
    let path = try folder.write("run.yaml", text)
    return try SettingsFile.expand(["sub", "--config", path] + arguments, of: Trainer.self)
  }

  private func parse(_ text: String, _ arguments: String...) throws -> Trainer.Sub {
    let folder = try TemporaryFolder()
    let path = try folder.write("run.yaml", text)
    let expanded = try SettingsFile.expand(["sub", "--config", path] + arguments, of: Trainer.self)
    return try #require(try Trainer.parseAsRoot(expanded) as? Trainer.Sub)
  }

  /// What is said about a file; its path is left out.
  private func refusal(_ text: String) -> String? {
    do {
      _ = try expand(text)
      return nil
    } catch {
      #expect(error is SettingsError && ExitStatus.code(for: error) == .validationFailure)
      let message = String(describing: error)
      return message.range(of: "run.yaml").map { String(message[$0.upperBound...]) } ?? message
    }
  }

  @Test func everyKindOfFlagIsALine() throws {
    let command = try parse(
      """
      # A comment.
      learning-rate: 5e-5   # of the small model
      seed: "18446744073709551615"
      shape: cosine
      epochs: 3
      train: [a b.jsonl, "c:d", -x]
      lengths:
        - 4
        - -5
      output: out
      checkpointing: true
      noise: false
      """)
    #expect(command.group.learningRate == 5e-5 && command.group.seed == .max && command.shape == .cosine)
    #expect(command.epochs == 3 && command.train == ["a b.jsonl", "c:d", "-x"] && command.lengths == [4, -5])
    #expect(command.output == "out" && command.checkpointing && !command.noise)
  }

  @Test func theCommandLineGoesFirst() throws {
    let text = "learning-rate: 5e-5\ntrain: [a, b]\nnoise: false\nseed: 3\noutput: x\ncheckpointing: true\nepochs: 3\n"
    let command = try parse(text, "--learning-rate=1", "--train", "c", "--noise", "-s", "9", "-o", "y", "name")
    #expect(command.group.learningRate == 1 && command.train == ["c"] && command.noise && command.group.seed == 9)
    #expect(command.output == "y" && command.checkpointing && command.epochs == 3 && command.names == ["name"])
    let rest = try parse(text, "--", "--epochs", "-s")
    #expect(rest.epochs == 3 && rest.names == ["--epochs", "-s"], "what follows -- are no flags")
  }

  @Test func linesWithoutAValueAreNotThere() throws {
    let command = try parse("epochs:\nseed: null\nshape: ~\ntrain: []\noutput: \"\"\ncheckpointing: false\n")
    #expect(command.epochs == nil && command.group.seed == 0 && command.shape == .linear && command.train == [])
    #expect(command.output == "" && !command.checkpointing)
    #expect(try expand("").count == 3)
  }

  /// YAML's own ideas of types do no harm: a value is what its flag makes of the text.
  @Test func valuesAreTexts() throws {
    #expect(try parse("output: no").output == "no")
    #expect(try parse("output: 1:30").output == "1:30")
    #expect(try parse("output: 0x1F").output == "0x1F")
    #expect(try parse("output: 2026-11-25").output == "2026-11-25")
    #expect(throws: (any Error).self) { try parse("output: a\nepochs: 1.5") }
    #expect(throws: (any Error).self) { try parse("output: a\nlearning-rate: fast") }
  }

  @Test func jsonIsYAML() throws {
    let command = try parse(#"{"epochs": 3, "train": ["a", "b\"ä\u00e4\n"], "output": "o", "noise": false}"#)
    #expect(command.epochs == 3 && command.train == ["a", "b\"ää\n"] && command.output == "o" && !command.noise)
  }

  @Test(arguments: [
    (
      "a: 1\nleaning-rate: 1",
      ":1: found the unknown setting a (each flag of the command is a setting, without the two dashes)"
    ),
    (
      "seed: 1\nleaning-rate: 1",
      ":2: found the unknown setting leaning-rate; the nearest is learning-rate (each flag of the command is a setting, "
        + "without the two dashes)"
    ),
    (
      "learning_rate: 1",
      ":1: found the unknown setting learning_rate; the nearest is learning-rate (each flag of the command is a setting, "
        + "without the two dashes)"
    ),
    ("config: other.yaml", ":1: --config does not belong into a file of settings"),
    ("help: true", ":1: --help does not belong into a file of settings"),
    ("checkpointing: maybe", ":1: checkpointing: found maybe, expected true or false"),
    ("epochs: [1, 2]", ":1: epochs: found a list, expected one value"),
    ("epochs: {a: 1}", ":1: epochs: found settings in a setting, expected one value"),
    ("train: [[a]]", ":1: train: found a list in a list, expected single values"),
    ("[1, 2]", ": expected lines of the form `flag: value`"),
    ("just text", ": expected lines of the form `flag: value`"),
    ("? [a]\n: 1", ":1: expected the name of a flag before the colon"),
  ]) func mistakesAreNamed(_ text: String, _ message: String) {
    #expect(refusal(text) == message)
  }

  @Test func whatIsNoYAMLIsRefused() throws {
    for text in [
      "a: [1", "a: b: c", "\tx: 1", "epochs: 1\nepochs: 2", "*x", "a: &x [*x]", "\u{0}", "%YAML 9.9\n---\n",
      String(repeating: "[", count: 500_000), String(repeating: "{a: ", count: 200_000),
      String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 999) + "x",
      String(repeating: "x", count: (1 << 20) + 1),
    ] {
      let message = refusal(text)
      #expect(message != nil && !(message ?? "").contains("\n") && (message ?? "").count < 500, "\(text.prefix(20))")
    }
    let folder = try TemporaryFolder()
    let latin = try folder.write("latin.yaml", [0x66, 0xFC])
    for path in [latin, folder.path("none.yaml"), folder.url.path] {
      #expect(throws: SettingsError.self) { try SettingsFile.expand(["sub", "--config", path], of: Trainer.self) }
    }
  }

  @Test func otherCommandLinesStayAsTheyAre() throws {
    for arguments in [
      [], ["sub"], ["sub", "--config"], ["sub", "--config="], ["sub", "--", "--config", "x"],
      ["plain", "--config", "x"],
      ["nothing", "--config", "x"], ["--help"], ["sub", "--config", "--epochs"],
    ] {
      #expect(try SettingsFile.expand(arguments, of: Trainer.self) == arguments)
    }
    #expect(throws: SettingsError.self) {
      try SettingsFile.expand(["sub", "--config", "a", "--config=b"], of: Trainer.self)
    }
  }

  /// What a run writes down can be given back to it.
  @Test func theEffectiveSettingsAreAFileOfSettings() throws {
    let first = try parse(
      "learning-rate: 5e-5\nseed: 7\nepochs: 3\ntrain: [\"a, b\", \"\"]\nlengths: [3]\noutput: \"o: #\"\nnoise: false")
    let values = SettingsFile.values(of: first)
    #expect(
      values.map(\.key) == [
        "learning-rate", "seed", "shape", "epochs", "train", "lengths", "checkpointing", "noise",
      ])
    let second = try parse(JSON.object(values.map { ($0.key, $0.value) }).text(pretty: true), "-o", "elsewhere")
    #expect(
      JSON.object(SettingsFile.values(of: second).map { ($0.key, $0.value) })
        == .object(values.map { ($0.key, $0.value) }))
    #expect(second.train == ["a, b", ""] && second.output == "elsewhere" && second.group.seed == 7 && !second.noise)
    #expect(SettingsFile.values(of: try parse("output: o")).map(\.key).contains("epochs") == false, "no value, no line")
  }

  /// Every setting of a training run, none of them the default, comes back from the run's config.json.
  @Test func theSettingsOfARunReadBack() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "train", "sft", "--train", "a.jsonl@2", "b.jsonl", "--dev", "c.jsonl", "--task-weight", "parse=0.5",
      "--task-weight",
      "extract=2", "--license-filter", "open", "--skip-bad-rows", "--data-seed", "18446744073709551615",
      "--chunk-tokens",
      "640", "--overlap-tokens", "160", "--negatives", "all", "--hard-negatives", "1", "--keep-unverbatim", "--joined",
      "0.2", "--supervised-turns", "last", "--noise", "0.25", "--noise-kinds", "case,markup", "--max-length", "2048",
      "--rank", "8", "--alpha", "16", "--dropout", "0", "--learning-rate", "5e-5", "--schedule", "cosine",
      "--warmup-ratio", "0.1", "--beta1", "0.8", "--beta2", "0.95", "--adam-epsilon", "1e-6", "--weight-decay", "0.01",
      "--gradient-clip", "0", "--micro-batch", "3", "--accumulation", "5", "--epochs", "1.5", "--max-steps", "7",
      "--no-shuffle", "--seed", "9", "--eval-every", "11", "--save-every", "12", "--checkpointing", "--compute-dtype",
      "float32", "--init-adapter", "d", "--keep", "2", "--dev-written", "4", "--best-by", "dev/funder_f0.5", "--dtype",
      "float32", "--threads", "1",
    ]
    let first = try #require(try Patron.parseAsRoot(arguments + ["-o", "x"]) as? TrainSFTCommand)
    let values = JSON.object(SettingsFile.values(of: first))
    let file = try folder.write("config.json", values.text(pretty: true))
    let again = try SettingsFile.expand(["train", "sft", "--config", file, "-o", "x"])
    let second = try #require(try Patron.parseAsRoot(again) as? TrainSFTCommand)
    #expect(JSON.object(SettingsFile.values(of: second)) == values)
    #expect(
      try second.dataOptions.recipe(files: second.rowOptions.train)
        == first.dataOptions.recipe(files: ["a.jsonl@2", "b.jsonl"]))
    let options = arguments.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) }
    #expect(Set(options).subtracting(values.object?.keys ?? []) == [])
  }

  /// Every flag of the program's own commands has a name that the effective settings use too.
  @Test func theNamesAreThoseOfTheFlags() throws {
    let command = try #require(try Patron.parseAsRoot(["extract", "a.md", "--adapter", "x"]) as? ExtractCommand)
    let help = Patron.helpMessage(for: ExtractCommand.self)
    for (key, _) in SettingsFile.values(of: command) { #expect(help.contains("--\(key)"), "\(key)") }
  }
}
