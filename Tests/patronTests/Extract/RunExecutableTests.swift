import Generation
import Files
import Foundation
import Funding
import JSON
import ModelFiles
import PatronKit
import TestSupport
import Testing

@testable import patron

/// What training leaves, used with the program as a whole.
@Suite struct RunExecutableTests {
  @Test func aRunBecomesAPage() throws {
    let folder = try TemporaryFolder()
    try folder.write("run/metrics.jsonl", #"{"step":1,"train/loss":0.5}"# + "\n")
    let result = try Executable.run(["train", "report", folder.path("run")])
    #expect(result.status == 0 && result.output == "" && result.errors == "")
    #expect(try folder.read("run/report.html").hasPrefix("<!DOCTYPE html>"))
    let named = try Executable.run(["train", "report", folder.path("run"), "-o", folder.path("page.html"), "--verbose"])
    #expect(named.status == 0 && named.errors == "patron: \(folder.path("page.html")): open it in a browser\n")
    #expect(try folder.read("page.html") == folder.read("run/report.html"))

    let none = try Executable.run(["train", "report", folder.path("d")])
    #expect(none.status == 2 && none.errors.hasPrefix("patron: \(folder.path("d")): found no run"))
  }

  @Test func aMistakeInTheSettingsIsNamed() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("s.yaml", "epoch: 1\n")
    // Only trainers have --config.
    let result = try Executable.run(["extract", "a.md", "--config", file])
    #expect(result.status == 64 && result.errors.contains("Unknown option '--config'"))
  }

  /// An adapter that changes nothing, on one layer of the default model, with a card.
  private func adapter(
    in folder: TemporaryFolder, _ name: String, base: String = ModelCatalog.entries[0].sha256
  ) throws -> String {
    let url = folder.url(name)
    try folder.write(
      "\(name)/adapter_config.json",
      #"{"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["layers.0.self_attn.q_proj"]}"#)
    let prefix = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
    let writer = try SafetensorsWriter(
      url.appendingPathComponent("adapter_model.safetensors"),
      tensors: [
        TensorDescription(name: prefix + "A.weight", dtype: .float32, shape: [1, 576]),
        TensorDescription(name: prefix + "B.weight", dtype: .float32, shape: [576, 1]),
      ])
    for _ in 0..<2 { try [Float](repeating: 0, count: 576).withUnsafeBytes { try writer.write($0) } }
    try writer.finish()
    try AdapterCard(
      version: "0.1.0", baseModel: .init(name: "the base", kind: .sha256, identity: base), chunkTokens: 300,
      overlapTokens: 30, chatTemplate: "smollm2",
      promptHashes: [.statements: Prompts.statementsHash, .funders: Prompts.fundersHash]
    ).write(to: url)
    return url.path
  }

  private let short = ["--statement-tokens", "24", "--funder-tokens", "24", "--format", "json"]

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func anAdapterIsUsedAsItWasTrained() throws {
    let folder = try TemporaryFolder()
    let article = try folder.write("a.md", "Funded by the Moss Fund.")
    let path = try adapter(in: folder, "models/smollm2-135m/sft")
    func provenance(_ result: Executable.Result) throws -> JSON? {
      #expect(result.status == 0, "\(result.errors)")
      return try JSON.parse(result.output).array?.first?["provenance"]
    }
    let given = try provenance(Executable.run(["extract", article, "--adapter", path] + short))
    #expect(given?["chunk_tokens"]?.string == "300" && given?["overlap_tokens"]?.string == "30")
    #expect(given?["adapter"]?.string == "sft" && given?["chat_template"]?.string == "smollm2")

    // In a folder of models it is the default.
    let model = ModelCatalog.folders(executable: Executable.url).map {
      $0.appendingPathComponent(ModelCatalog.entries[0].fileName)
    }.first { FileManager.default.fileExists(atPath: $0.path) }
    try FileManager.default.createSymbolicLink(
      at: folder.url("models/\(ModelCatalog.entries[0].fileName)"), withDestinationURL: #require(model))
    let program: URL = try #require(Executable.url)
    func run(_ arguments: [String]) throws -> Executable.Result {
      try Executable.run(
        URL(fileURLWithPath: "/usr/bin/env"),
        ["PATRON_MODELS=\(folder.path("models"))", program.path, "extract", article] + arguments + short)
    }
    let found = try run(["--verbose"])
    #expect(found.errors.contains(", with smollm2-135m/sft, loaded in "))
    #expect(try provenance(found)?["chunk_tokens"]?.string == "300")
    let bare = try provenance(run(["--no-adapter"]))
    #expect(bare?["chunk_tokens"]?.string == "7500" && bare?["adapter"] == nil)
    #expect(try provenance(run(["--chunk-tokens", "100"]))?["chunk_tokens"]?.string == "100")
  }

  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence))
  func anAdapterOfAnotherBaseIsRefused() throws {
    let folder = try TemporaryFolder()
    let article = try folder.write("a.md", "Funded by the Moss Fund.")
    let other = String(repeating: "ab", count: 32)
    let path = try adapter(in: folder, "sft", base: other)
    let arguments = ["extract", article, "--adapter", path] + short
    let refused = try Executable.run(arguments)
    #expect(refused.status == 2 && refused.output == "")
    #expect(
      refused.errors
        == "patron: \(path): trained on the base (model_sha256 \(other)), the model is smollm2-135m (model_sha256 "
        + "\(ModelCatalog.entries[0].sha256)); name the right one with --model, or use it all the same with --force-adapter\n"
    )
    #expect(try Executable.run(arguments + ["--force-adapter"]).status == 0)

    let verified = try Executable.run(["models", "verify", path])
    #expect(verified.output.contains("an adapter of 1 layers for the base, chunks of 300 tokens, overlap 30, SHA-256 "))
  }
}
