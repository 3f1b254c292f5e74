import Files
import Foundation
import JSON
import ModelFiles
import PatronKit
import TestSupport
import Testing

@testable import patron

/// The program as a whole.
@Suite struct ExecutableTests {
  @Test func theVersionNamesLibtorchToo() throws {
    let result = try Executable.run(["--version"])
    #expect(result.status == 0 && result.errors == "")
    #expect(result.output.wholeMatch(of: /patron \d+\.\d+\.\d+(\+[-._\w]+)?, libtorch \d+\.\d+\.\d+[^\n]*\n/) != nil)
  }

  @Test func helpAndCompletions() throws {
    let help = try Executable.run([])
    #expect(help.status == 0 && help.output.hasPrefix("OVERVIEW: Reads research articles"))
    let script = try Executable.run(["--generate-completion-script", "bash"])
    #expect(
      script.status == 0 && script.output.contains("extract") && script.output.contains("--special-tokens-in-text"))
  }

  @Test func aCommandLineThatIsNotUnderstood() throws {
    let result = try Executable.run(["extract", "--format", "xml", "a.md"])
    #expect(result.status == 64 && result.output == "")
    #expect(result.errors.hasPrefix("Error: The value 'xml' is invalid for '--format <format>'."))
  }

  @Test func aModelThatIsNotThere() throws {
    let result = try Executable.run(["extract", "--model", "llama-9", "a.md"])
    #expect(result.status == 2 && result.output == "")
    #expect(
      result.errors
        == "patron: model llama-9: neither a file or folder nor a known name (smollm2-135m); see `patron models list`\n"
    )
  }

  @Test func aModelThatIsNone() throws {
    let folder = try TemporaryFolder()
    let article = try folder.write("a.md", "Funded by nobody.")
    let result = try Executable.run(["extract", "--model", article, article])
    #expect(result.status == 2 && result.output == "")
    #expect(result.errors.hasPrefix("patron: \(article): neither a .gguf nor a .safetensors file"))
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  /// No model is loaded for this one: `--model` only has to exist.
  @Test func inputsThatCannotBeReadAreNamed() throws {
    let folder = try TemporaryFolder()
    let model = try folder.write("model.gguf", "")
    let result = try Executable.run(
      ["extract", "--model", model, "--format", "jsonl", "nowhere-1.md", "nowhere-2.md"])
    #expect(result.status == 1)
    #expect(
      result.errors == """
        patron: nowhere-1.md: cannot be opened: No such file or directory
        patron: nowhere-2.md: cannot be opened: No such file or directory

        """)
    #expect(
      result.output == """
        {"id":"nowhere-1.md","error":"cannot be opened: No such file or directory"}
        {"id":"nowhere-2.md","error":"cannot be opened: No such file or directory"}

        """)
  }

  @Test func theOutputMustNotBeAnInput() throws {
    let folder = try TemporaryFolder()
    let article = try folder.write("a.md", "Funded by nobody.")
    let result = try Executable.run(["extract", "--model", article, article, "--output", article])
    #expect(result.status == 2)
    #expect(result.errors == "patron: \(article): it is also an input; choose another file for the output\n")
    #expect(try folder.read("a.md") == "Funded by nobody.")
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func articlesGoInAndRecordsComeOut() throws {
    let folder = try TemporaryFolder()
    let text = "# Lichens\n\nThis work was supported by the Moss Fund (grant M-1)."
    try folder.write("d/a.md", text)
    try folder.write("d/empty.md", "")
    try folder.write("d/latin.txt", [0x66, 0xFC, 0x72])
    try folder.write("d/program.text", [0x7F, 0x45, 0x4C, 0x46, 0, 0])
    let result = try Executable.run(
      ["extract", folder.path("d"), "-", "--format", "json", "--statement-tokens", "8", "--funder-tokens", "8"],
      input: text)
    #expect(result.status == 1)
    let records = try #require(try JSON.parse(result.output).array)
    let ids = ["a.md", "empty.md", "latin.txt", "program.text"].map { folder.path("d/" + $0) } + ["stdin"]
    #expect(records.map { $0["id"]?.string } == ids)
    #expect(
      records.map { $0["error"]?.string } == [
        nil, "The file is empty.", "Byte 0xFC at 1 is not UTF-8; convert the file.",
        "3 of 6 characters are control characters; expected text in UTF-8.", nil,
      ])
    #expect(result.errors.split(separator: "\n").count == 3, "only the failures are told in a pipe")

    let (first, last) = (records[0], records[4])
    #expect(first["sha256"] == last["sha256"] && first["sha256"]?.string?.count == 64)
    // Whatever the model would write, eight tokens hold a whole object.
    let output = try #require(first["calls"]?.array?.first?["output"]?.string)
    #expect(try JSON.parse(output).object?.keys == ["statements"])
    #expect(first["calls"]?.array?.first?["new_tokens"]?.int ?? 9 <= 8)
    #expect(first["calls"]?.array?.first?["output"] == last["calls"]?.array?.first?["output"])
    #expect(first["provenance"]?["version"]?.string == Version.full)
    #expect(first["provenance"]?["model"]?.string == ModelCatalog.defaultName)
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func statementsGoInAndRecordsComeOut() throws {
    let folder = try TemporaryFolder()
    let input = try folder.write("s.jsonl", #"{"id": "x", "statement": "Funded by the Moss Fund."}"# + "\n{}\n")
    let result = try Executable.run(
      [
        "extract", "--stage", "parse", "--funder-tokens", "2", "--no-evidence", "--verbose", "--dtype", "float32",
        "--format", "jsonl", "--output", folder.path("out.jsonl"), input,
      ])
    #expect(result.status == 1 && result.output == "")
    #expect(result.errors.contains("smollm2-135m in float32 on cpu, "))
    let records = try folder.read("out.jsonl").split(separator: "\n").map { try JSON.parse(String($0)) }
    #expect(records.map { $0["id"]?.string } == ["x", input + ":2"])
    #expect(records[0]["statements"]?.array?.first?["text"]?.string == "Funded by the Moss Fund.")
    #expect(records[0]["calls"] == nil)
    #expect(records[1]["error"]?.string?.hasPrefix("found an object without a statement") == true)
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func anInterruptedRunKeepsWhatIsDone() throws {
    let folder = try TemporaryFolder()
    let inputs = [
      try folder.write("empty.md", ""), try folder.write("a.md", "This work was supported by the Moss Fund."),
    ]
    try folder.write("out.jsonl", "")
    let result = try Executable.run(
      // Without its adapter the model does not know when to end.
      ["extract", "--no-adapter", "--format", "jsonl", "--output", folder.path("out.jsonl")] + inputs,
      interruptedBy: folder.url("out.jsonl"))
    #expect(result.status == 130)
    #expect(result.errors.hasSuffix("patron: interrupted; 1 of 2 inputs are done\n"))
    #expect(try folder.read("out.jsonl") == #"{"id":"\#(inputs[0])","error":"The file is empty."}"# + "\n")
  }

  @Test func aReaderThatGoesAwayEndsTheRunInSilence() throws {
    let folder = try TemporaryFolder()
    let program: URL = try #require(Executable.url)
    // More than a pipe holds.
    let command = """
      "$0" extract --model "$1" --format jsonl x{1..3000} 2>"$2" | head -n 1; echo ${PIPESTATUS[0]}
      """
    let result = try Executable.run(
      URL(fileURLWithPath: "/bin/bash"), ["-c", command, program.path, folder.write("model.gguf", ""), "/dev/null"])
    #expect(result.output == #"{"id":"x1","error":"cannot be opened: No such file or directory"}"# + "\n141\n")
    #expect(result.errors == "")
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func theDefaultModelIsListedAndSound() throws {
    let list = try Executable.run(["models", "list"])
    #expect(list.status == 0 && list.output.contains(/smollm2-135m +98.4 MB +GGUF v3 +Q4_1 +8192 +\//))
    let verified = try Executable.run(["models", "verify", "smollm2-135m", "llama-9"])
    #expect(verified.status == 1)
    let lines = verified.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasSuffix("chat template smollm2, SHA-256 as published"))
    #expect(lines.last?.hasPrefix("llama-9: FAILED: ") == true)
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func theTokenizerIsMeasuredWithoutTheModel() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("a.md", String(repeating: "Funded by the Möss Fund. ", count: 1_000))
    let result = try Executable.run(["bench", "tokenizer", text, "--runs", "1", "--json"])
    let figures = try JSON.parse(result.output)
    #expect(figures["vocabulary"]?.int == 49_152 && figures["bytes"]?.int == 26_000)
    #expect(figures["tokens"]?.int ?? 0 > 5_000 && figures["megabytes_per_second"]?.double ?? 0 > 0)
    let wrong = try Executable.run(["bench", "tokenizer", text, "--tokenizer", text])
    #expect(wrong.status == 2 && wrong.errors.contains("a.md: "))
    let constraints = try Executable.run(["bench", "constraints", "--tokenizer", text])
    #expect(constraints.status == 2 && constraints.errors.contains("a.md: "))
    let empty = try Executable.run(["bench", "tokenizer", folder.write("empty", "")])
    #expect(empty.status == 2 && empty.errors.contains("found an empty file"))
  }

  @Test func theMachineIsMeasuredWithoutAModel() throws {
    let arguments = ["bench", "machine", "--runs", "1", "--threads", "1"]
    let figures = try JSON.parse(Executable.run(arguments + ["--json", "--dtype", "float32"]).output)
    #expect(figures["threads"]?.int == 1 && figures["dtype"]?.string == "float32")
    for name in ["read_gb_per_second", "product_gflop_per_second"] {
      let figure = try #require(figures[name]?.double)
      #expect(figure > 0.1 && figure < 1e5)
    }
    #expect(try Executable.run(arguments).output.contains(" GB/s (the sum of 512 MiB, fastest of 1)"))
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func adaptersAreMergedIntoAFolder() throws {
    let folder = try TemporaryFolder()
    let base = Golden.vectors.appendingPathComponent("tiny_llama/untied").path
    let adapters = ["sft", "dapo"].map { Golden.vectors.appendingPathComponent("peft/\($0)").path }
    let arguments =
      ["merge", "--model", base, "--output", folder.path("merged")] + adapters.flatMap { ["--adapter", $0] }
    let result = try Executable.run(arguments)
    #expect(result.status == 0 && result.output == "")
    // The golden folder holds no text files.
    #expect(result.errors == "patron: \(base): tokenizer.json is missing; it belongs beside config.json\n")
    let file = try Data(contentsOf: folder.url("merged/model.safetensors"))
    let metadata = try #require(
      try JSON.parse([UInt8](file[8..<8 + file[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }]))["__metadata__"])
    #expect(metadata["patron_adapter_1"]?.string == "sft" && metadata["patron_adapter_2"]?.string == "dapo")
    #expect(metadata["patron_base"]?.string == "untied" && metadata["patron_merge"]?.string == "peft")
    #expect(metadata["patron_adapter_1_sha256"]?.string?.count == 64 && metadata["patron_version"] != nil)

    let again = try Executable.run(arguments)
    #expect(again.status == 2 && again.errors.hasSuffix("choose another output, or replace it with --force\n"))
    #expect(try Executable.run(arguments + ["--force", "--shard-size", "200KB"]).status == 0)
    #expect(folder.names == ["merged"])
    #expect(FileManager.default.fileExists(atPath: folder.path("merged/model.safetensors.index.json")))

    let refused = try Executable.run(
      ["merge", "--model", base, "--adapter", Golden.vectors.appendingPathComponent("peft/dora").path]
        + ["--output", folder.path("other")])
    #expect(refused.status == 2 && refused.errors.contains("DoRA") && folder.names == ["merged"])
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func aGGUFFileIsMergedIntoAFolder() throws {
    let folder = try TemporaryFolder()
    let (merged, adapter) = (
      folder.path("merged"), Checkout.root.appendingPathComponent("Models/smollm2-135m/sft").path
    )
    let result = try Executable.run(
      ["merge", "--model", "smollm2-135m", "--adapter", adapter, "--dtype", "float32", "--output", merged])
    #expect(result.status == 0 && result.output == "" && result.errors == "")
    #expect(
      contents(of: folder.url("merged")) == [
        "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
      ])

    // In float32 the folder holds the very numbers that the file and the adapter give.
    func logits(_ arguments: [String], _ name: String) throws -> (bytes: Data, output: String) {
      let result = try Executable.run(
        ["logits", "--dtype", "float32", "--new-tokens", "4", "--output", folder.path(name)] + arguments,
        input: "[1, 9690, 198, 2683, 359, 253]\n[1, 4093]\n")
      #expect(result.status == 0 && result.errors == "")
      return (try Data(contentsOf: folder.url(name)), result.output)
    }
    let found = try logits(["--model", merged], "merged.safetensors")
    let expected = try logits(["--model", "smollm2-135m", "--adapter", adapter], "gguf.safetensors")
    #expect(found.bytes.count > 8 * 49_152 * 4 && found.bytes == expected.bytes)
    #expect(found.output == expected.output && found.output.split(separator: "\n").count == 2)
    let verified = try Executable.run(["models", "verify", merged])
    #expect(verified.status == 0 && verified.output.contains("chat template smollm2"))
  }

  /// Without `--dtype` quantised weights become bfloat16; the norms, which the file stores in float32, stay.
  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func aMergedGGUFFileIsInBFloat16() throws {
    let folder = try TemporaryFolder()
    let adapter = Checkout.root.appendingPathComponent("Models/smollm2-135m/sft").path
    let result = try Executable.run(
      ["merge", "--model", "smollm2-135m", "--adapter", adapter, "--output", folder.path("merged")])
    #expect(result.status == 0 && result.output == "" && result.errors == "")
    let tensors = try SafetensorsFile(folder.url("merged/model.safetensors")).tensors
    #expect(tensors.count == 272)
    for (name, tensor) in tensors {
      #expect(tensor.encoding.name == (name.hasSuffix("norm.weight") ? "F32" : "BF16"), "\(name)")
    }
    #expect(try JSON.parse(folder.read("merged/config.json"))["torch_dtype"] == "bfloat16")
  }
}
