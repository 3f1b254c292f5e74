import ArgumentParser
import Files
import Foundation
import Funding
import Generation
import Llama
import ModelFiles
import PatronKit
import Runs
import TestSupport
import Testing
import Torch

@testable import patron

@Suite struct ArgumentTests {
  private func extract(_ arguments: String...) throws -> ExtractCommand {
    try #require(try Patron.parseAsRoot(["extract"] + arguments) as? ExtractCommand)
  }

  /// What is said about a command line that is refused; nil if it is accepted.
  private func refusal(_ arguments: [String]) -> String? {
    do {
      _ = try Patron.parseAsRoot(arguments)
      return nil
    } catch {
      #expect(ExitStatus.code(for: error) == .validationFailure)
      return Patron.message(for: error)
    }
  }

  @Test func theDefaultsAreTheRecipe() throws {
    let command = try extract("a.md")
    #expect(command.extractionOptions == ExtractionOptions())
    #expect(command.task.format == .text && command.task.output == nil)
    #expect(command.modelOptions.model == ModelCatalog.defaultName)
    #expect(command.modelOptions.merge == .peft && command.modelOptions.dtype == nil)
    #expect(command.reading.maximumByteCount == 64 << 20)
    #expect(command.reading.articlesInFlight(on: .cpu) == 16 && command.reading.articlesInFlight(on: .cuda(0)) == 64)
  }

  @Test func everyOptionArrives() throws {
    let command = try extract(
      "a.md", "-", "--stage", "parse", "--format", "jsonl", "--output", "o", "--model", "m.gguf", "--adapter", "sft",
      "--adapter", "dapo", "--merge", "fp32", "--device", "cuda:1", "--dtype", "float32", "--weights", "int8",
      "--kv-memory", "3072", "--threads", "3", "--chunk-tokens", "100", "--overlap-tokens", "10", "--statement-tokens",
      "20", "--funder-tokens", "30", "--in-flight", "4", "--special-tokens-in-text", "parse", "--no-evidence",
      "--max-file-size", "1", "--constrain", "json", "--verbatim", "none", "--statement-edges", "words", "--no-fold-lines", "--least-statement-probability", "0.25",
      "--least-value-probability", "0.125", "--statement-words", "any", "--calibration", "c.json", "--temperature",
      "0.9", "--top-p", "0.8", "--top-k", "40", "--seed", "18446744073709551615", "--quiet")
    #expect(command.inputs == ["a.md", "-"])
    #expect(command.task.stages == [.funders] && command.task.format == .jsonl && command.task.output == "o")
    let model = command.modelOptions
    #expect(model.model == "m.gguf" && model.adapter == ["sft", "dapo"] && model.merge == .fp32)
    #expect(model.device == .cuda(1) && model.dtype == .float32 && model.weights == .int8 && model.threads == 3)
    #expect(model.keyValueBytes == 3 << 30)
    var options = ExtractionOptions()
    options.stages = [.funders]
    options.chunkTokens = 100
    options.overlapTokens = 10
    options.maximumStatementTokens = 20
    options.maximumFunderTokens = 30
    options.specialTokens = .parse
    options.includesEvidence = false
    options.constraint.mode = .json
    options.constraint.copiedValues = .none
    options.constraint.statementEdges = .words
    options.constraint.foldsLines = false
    options.constraint.leastStatementProbability = 0.25
    options.constraint.leastValueProbability = 0.125
    options.statementWords = .any
    options.sampling = Sampling(temperature: 0.9, topP: 0.8, topK: 40, seed: .max)
    #expect(command.extractionOptions == options)
    #expect(command.reading.articlesInFlight(on: .cuda(1)) == 4)
    #expect(command.reading.maximumByteCount == 1 << 20)
    #expect(command.consoleOptions.console.level == .quiet)
  }

  @Test func adaptersDoNotSwallowInputs() throws {
    let command = try extract("--adapter", "sft", "a.md", "--adapter", "dapo", "b.md")
    #expect(command.modelOptions.adapter == ["sft", "dapo"] && command.inputs == ["a.md", "b.md"])
  }

  @Test func onlyParseTakesJSONFromFolders() throws {
    #expect(try extract("d").extensions == ["md", "markdown", "txt", "text"])
    #expect(try extract("d", "-s", "parse").extensions == ["md", "markdown", "txt", "text", "json", "jsonl", "ndjson"])
  }

  @Test(arguments: [
    ([], "Missing expected argument '<inputs> ...'"),
    (["-", "-"], "- can be read only once"),
    (["a", "-q", "-v"], "--quiet and --verbose exclude each other"),
    (["a", "--temperature=-1"], "found --temperature -1.0, expected 0 or more"),
    (["a", "--temperature", "inf"], "found --temperature inf, expected 0 or more"),
    (["a", "--top-p", "0"], "found --top-p 0.0, expected more than 0 and at most 1"),
    (["a", "--top-p", "nan"], "found --top-p nan, expected more than 0 and at most 1"),
    (["a", "--top-k=-1"], "found --top-k -1, expected 0 or more"),
    (["a", "--kv-memory", "0"], "found --kv-memory 0, expected a number of MiB from 1 to 1073741824"),
    (["a", "--in-flight", "0"], "found --in-flight 0, expected a number from 1 to 1073741824"),
    (
      ["a", "--max-file-size", "9223372036854775807"],
      "found --max-file-size 9223372036854775807, expected a number from 1 to 1073741824"
    ),
    (
      ["a", "--chunk-tokens", "10", "--overlap-tokens", "10"],
      "found --overlap-tokens 10 with --chunk-tokens 10; the overlap must be smaller"
    ),
    (
      ["a", "--least-statement-probability", "1.5"],
      "found --least-statement-probability 1.5, expected a number from 0 to 1"
    ),
    (["a", "--least-value-probability=-1"], "found --least-value-probability -1.0, expected a number from 0 to 1"),
    (["a", "--adapter", "sft", "--no-adapter"], "--adapter and --no-adapter exclude each other"),
    (["a", "--threads", "0"], "found 0 threads, expected 1 or more"),
    (
      ["a", "--weights", "float32", "--dtype", "bfloat16"],
      "found --weights float32 with --dtype bfloat16, expected one of the two"
    ),
    (["a", "--dtype", "int8"], "found dtype int8, expected float32, bfloat16 or float16"),
  ]) func nonsenseIsRefused(_ arguments: [String], _ message: String) {
    #expect(refusal(["extract"] + arguments) == message)
  }

  /// Statements have no edges of names and ids.
  @Test func statementEdgesAreThoseOfStatements() {
    for edges in CopyEdges.allCases {
      let isRefused = refusal(["extract", "a", "--statement-edges", edges.rawValue]) != nil
      #expect(isRefused == [.names, .awardIDs].contains(edges), "\(edges)")
    }
  }

  @Test func mergeNeedsAdaptersAndATarget() throws {
    #expect(refusal(["merge", "-m", "base", "-o", "out"]) == "Missing expected argument '--adapter <folder> ...'")
    #expect(refusal(["merge", "-m", "base", "--adapter", "a"]) == "Missing expected argument '--output <folder>'")
    let command = try #require(
      try Patron.parseAsRoot(["merge", "-m", "base", "--adapter", "a", "--adapter", "b", "-o", "out"]) as? MergeCommand)
    #expect(command.adapter == ["a", "b"] && command.merge == .peft && command.shardSize == ByteSize(5_000_000_000))
    #expect(!command.force && command.dtype == nil)
  }

  @Test(arguments: [
    ("5GB", 5_000_000_000), ("800mb", 800_000_000), ("2GiB", 2 << 30), ("17", 17), ("17B", 17), ("1k", nil), ("0", nil),
    ("-1GB", nil), ("", nil), ("GB", nil), ("9223372036854775807GB", nil),
  ]) func byteSizes(_ text: String, _ byteCount: Int?) {
    #expect(ByteSize(argument: text)?.byteCount == byteCount)
  }

  @Test func byteSizesReadBackWhatTheyWrite() {
    for size in [1, 1000, 1024, 5_000_000_000, 3 << 30, 1_234_567] {
      #expect(ByteSize(argument: ByteSize(size).description)?.byteCount == size)
    }
    #expect(ByteSize(5_000_000_000).description == "5GB")
  }
}

@Suite struct ExitStatusTests {
  @Test func theNumbersOfTheHelp() {
    #expect(ExitStatus.code(for: ExitStatus.someFailed).rawValue == 1)
    #expect(ExitStatus.code(for: FileError(.notFound, "x")).rawValue == 2)
    #expect(ExitStatus.code(for: OutputError("x")).rawValue == 2)
    #expect(ExitStatus.code(for: ValidationError("x")).rawValue == 64)
    #expect(ExitStatus.code(for: CancellationError()).rawValue == 130)
    #expect(ExitStatus.code(for: OutputError("write", "x", EPIPE)).rawValue == 141)
    #expect(ExitStatus.code(for: OutputError("write", "x", ENOSPC)).rawValue == 2)
    #expect(ExitStatus.code(for: CleanExit.helpRequest()).rawValue == 0)
  }

  @Test func errorsAreToldInTheirOwnWords() {
    #expect(ErrorMessage.text(of: FileError(.notFound, "gone")) == "gone")
    #expect(ErrorMessage.text(of: FundingError(.emptyText, "empty")) == "empty")
    #expect(ErrorMessage.text(of: LlamaError(.prompt, "long")) == "long")
    #expect(ErrorMessage.text(of: InputError("unreadable")) == "unreadable")
    #expect(ErrorMessage.text(of: CocoaError(.fileNoSuchFile)) == CocoaError(.fileNoSuchFile).localizedDescription)
  }
}
