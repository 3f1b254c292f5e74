import Generation
import ArgumentParser
import Files
import Foundation
import Funding
import JSON
import ModelFiles
import PatronKit
import Runs
import TestSupport
import Testing
import Training
import TrainingData

@testable import patron

@Suite struct TrainSFTArgumentTests {
  func parse(_ arguments: String...) throws -> TrainSFTCommand {
    try #require(
      try Patron.parseAsRoot(["train", "sft", "--output", "run", "--train", "rows.jsonl"] + arguments)
        as? TrainSFTCommand)
  }

  @Test func theDefaultsAreTheRecipe() throws {
    let command = try parse()
    #expect(command.recipeOptions.settings() == SFTSettings())
    let settings = command.recipeOptions.settings()
    #expect(settings.lora == LoRASettings(rank: 64, alpha: 128, dropout: 0.05))
    #expect(settings.learningRate == 1e-4 && settings.schedule == .linear && settings.warmupSteps == 0)
    #expect(settings.microBatch == 2 && settings.accumulation == 16 && settings.epochs == 2)
    #expect(settings.optimizer.beta1 == 0.9 && settings.optimizer.beta2 == 0.999)
    #expect(settings.optimizer.epsilon == 1e-8 && settings.optimizer.weightDecay == 0)
    #expect(command.dataOptions.maxLength == 8192)
  }

  @Test func devAnswersAreWrittenAsAnExtractionWritesThem() throws {
    let rows = try parse().rowOptions
    #expect(rows.constrain == .verbatim && rows.devTokens == nil && rows.devWritten == 0)
    let other = try parse("--dev", "d.jsonl", "--dev-written", "9", "--constrain", "json", "--dev-tokens", "99")
      .rowOptions
    #expect(other.constrain == .json && other.devTokens == 99 && other.devWritten == 9)
  }

  @Test func everyNumberIsAFlag() throws {
    let settings = try parse(
      "--rank", "8", "--alpha", "4", "--dropout", "0", "--learning-rate", "2e-3", "--schedule", "cosine",
      "--warmup-ratio", "0.1", "--beta1", "0.8", "--beta2", "0.9", "--adam-epsilon", "1e-6", "--weight-decay", "0.1",
      "--gradient-clip", "0", "--micro-batch", "1", "--accumulation", "3", "--epochs", "0.5", "--max-steps", "7",
      "--no-shuffle", "--seed", "5", "--eval-every", "0", "--save-every", "9"
    ).recipeOptions.settings()
    var wanted = SFTSettings()
    wanted.lora = LoRASettings(rank: 8, alpha: 4, dropout: 0)
    wanted.learningRate = 2e-3
    wanted.schedule = .cosine
    wanted.warmupRatio = 0.1
    wanted.optimizer.beta1 = 0.8
    wanted.optimizer.beta2 = 0.9
    wanted.optimizer.epsilon = 1e-6
    wanted.optimizer.weightDecay = 0.1
    wanted.gradientClip = 0
    wanted.microBatch = 1
    wanted.accumulation = 3
    wanted.epochs = 0.5
    wanted.maximumSteps = 7
    wanted.shuffles = false
    wanted.seed = 5
    wanted.evaluationInterval = 0
    wanted.checkpointInterval = 9
    #expect(settings == wanted)
  }

  @Test(arguments: [
    ["--rank", "0"], ["--dropout", "1"], ["--learning-rate", "-1"], ["--epochs", "0"], ["--micro-batch", "0"],
    ["--warmup-ratio", "2"], ["--warmup-steps", "3", "--warmup-ratio", "0.1"], ["--gradient-clip", "-1"],
    ["--schedule", "square"], ["--keep", "0"], ["--dev-limit", "0"], ["--compute-dtype", "int8"],
    ["--best-by", "dev/funder_f0.5"], ["--best-by", "train/loss"], ["--noise", "2"], ["--dev-written", "3"],
  ])
  func impossibleValuesAreRefused(_ arguments: [String]) {
    #expect(throws: (any Error).self) {
      try Patron.parseAsRoot(["train", "sft", "-o", "run", "--train", "rows.jsonl"] + arguments)
    }
  }

  @Test func noExampleIsLongerThanTheContext() throws {
    let command = try parse("--max-length", "3000")
    func length(_ context: Int) throws -> Int {
      try command.rowOptions.recipe(command.dataOptions, contextLength: context).maximumLength
    }
    #expect(try length(8192) == 3000 && length(2048) == 2048)
  }

  private func row(_ id: String, _ task: Stage?) -> TrainingExample {
    TrainingExample(id: id, task: task, tokens: [1, 2], isSupervised: [false, true])
  }

  @Test func theFigureOfTheBestCheckpointHasToBeMeasured() throws {
    let parse = TrainingRows(rows: [], devRows: [row("a", .funders), row("b", .statements)])
    try parse.check(figure: "dev/loss", devWritten: 0)
    try parse.check(figure: "dev/funder_f0.5", devWritten: 2)
    try parse.check(figure: "dev/statement_f1", devWritten: 1)
    let error = #expect(throws: InputError.self) { try parse.check(figure: "dev/funder_f0.5", devWritten: 1) }
    #expect(
      error.map { ErrorMessage.text(of: $0) }
        == "found --best-by dev/funder_f0.5, expected a figure of the dev rows that are answered (dev/loss, "
        + "dev/whole_answers, dev/statement_f1); add rows of its task to --dev")
    #expect(throws: InputError.self) { try parse.check(figure: "dev/exact_answers", devWritten: 9) }
    #expect(throws: InputError.self) {
      try TrainingRows(rows: [], devRows: []).check(figure: "dev/whole_answers", devWritten: 9)
    }
    try TrainingRows(rows: [], devRows: []).check(figure: "dev/loss", devWritten: 0)
    #expect(throws: InputError.self) {
      try TrainingRows(rows: [], devRows: []).check(figure: "dev/loss", devWritten: 1)
    }
  }

  @Test func devRowsAreTheSameForEveryRecipe() throws {
    let command = try parse(
      "--dev", "d.jsonl@3", "--task-weight", "parse=2", "--data-seed", "7", "--joined", "0.5", "--noise", "1",
      "--chunk-tokens", "900", "--overlap-tokens", "90")
    var expected = DataRecipe(files: [DataFile("d.jsonl")])
    (expected.chunkTokens, expected.overlapTokens, expected.maximumLength) = (900, 90, 2_048)
    (expected.joinedShare, expected.noise.share) = (0, 0)
    #expect(try command.rowOptions.devRecipe(command.dataOptions, contextLength: 2_048) == expected)
  }

  @Test func devRowsThatAreTrainedOnAreNamed() {
    let rows = TrainingRows(rows: [row("a", nil)], devRows: [row("b", nil), row("d", nil)])
    #expect(rows.warning?.hasPrefix("found 2 of 2 dev rows, such as b, also among the rows to train on") == true)
    #expect(TrainingRows(rows: [], devRows: [row("b", nil)]).warning == nil)
  }

  @Test func aRunTellsOfEveryTenthOfItsSteps() {
    #expect((1...20).filter { TrainingMessages.isMilestone($0, of: 20) } == [2, 4, 6, 8, 10, 12, 14, 16, 18, 20])
    #expect((1...3).filter { TrainingMessages.isMilestone($0, of: 3) } == [1, 2, 3])
    #expect((1...1_000).count { TrainingMessages.isMilestone($0, of: 1_000) } == 10)
  }

  @Test func theMeterTellsWhatATrainerGives() {
    let meter = TrainingMeter(totalSteps: 80, doneSteps: 0)
    meter.update(
      TrainingStep(
        step: 12,
        metrics: [
          (MetricName.loss, 1.234), (MetricName.learningRate, 8.5e-5), (MetricName.gradientNorm, 0.81),
          (MetricName.tokensPerSecond, 180), (MetricName.epoch, 0.3),
        ]))
    #expect(meter.summary == "step 12/80 (epoch 0.30): loss 1.2340, lr 8.5e-05, grad 0.810, 180 tok/s")
    meter.update(TrainingStep(step: 13, metrics: [("train/reward", 0.5), (MetricName.loss, 2)], isSkipped: true))
    #expect(meter.summary == "step 13/80: loss 2.0000, SKIPPED: not finite")
  }

  /// Libraries know no flags: the command puts them behind what they say.
  @Test func errorsNameTheFlags() {
    func message(_ error: any Error) -> String {
      do { try TrainingFlags.named { throw error } } catch { return ErrorMessage.text(of: error) }
      return ""
    }
    #expect(message(RunError(.isRun, "found a run")) == "found a run (--resume goes on with it)")
    #expect(message(RunError(.exists, "found a thesis")) == "found a thesis")
    #expect(message(TrainingError(.adapterScale, "found rank 4")) == "found rank 4 (--rank, --alpha)")
    #expect(message(TrainingError(.diverged, "stopped")).contains("--init-adapter RUN/checkpoints/step-N"))
    #expect(message(InputError("as it is")) == "as it is")
  }

  @Test func whatIsNeeded() {
    #expect(throws: (any Error).self) { try Patron.parseAsRoot(["train", "sft", "-o", "run"]) }
    #expect(throws: (any Error).self) { try Patron.parseAsRoot(["train", "sft", "--train", "rows.jsonl"]) }
    #expect(throws: Never.self) { try Patron.parseAsRoot(["train", "sft", "--train", "rows.jsonl", "--dry-run"]) }
  }
}

/// Runs of the built program with a tiny model.
@Suite struct TrainSFTTests {
  let folder = try! TemporaryFolder()
  let model: String
  let rows: String

  init() throws {
    model = try TinyModel.write(into: folder)
    rows = try folder.write("rows.jsonl", TinyModel.rows(24))
  }

  /// 24 rows, 4 a step, 2 epochs: 12 steps.
  func train(_ output: String, _ more: String..., interruptedBy: URL? = nil) throws -> Executable.Result {
    try Executable.run(
      [
        "train", "sft", "--model", model, "--tokenized", rows, "--dtype", "float32", "--rank", "4", "--alpha", "8",
        "--learning-rate", "1e-2", "--accumulation", "2", "--threads", "1", "--output", folder.path(output),
      ] + more, interruptedBy: interruptedBy)
  }

  @Test func aRunLeavesItsFolder() throws {
    let dev = try folder.write("dev.jsonl", TinyModel.rows(5, from: 100))
    let result = try train("run", "--dev-tokenized", dev, "--eval-every", "4", "--save-every", "4", "--keep", "2")
    #expect(result.status == 0 && result.output == "", "\(result.errors)")
    #expect(result.errors.contains("patron: 24 rows (24 chat) of "))
    #expect(result.errors.contains("patron: step 12/12 (epoch 2.00): loss "))
    let status = try #require(try RunStatus.read(folder.url("run")))
    #expect(status.state == .finished && status.step == 12 && status.plannedSteps == 12)

    let records = try MetricRecord.records(of: folder.url("run"))
    let losses = records.compactMap { $0.values[MetricName.loss] }
    #expect(losses.count == 12)
    #expect(losses[11] < losses[0])
    let devLosses = records.compactMap { $0.values[MetricName.devLoss] }
    #expect(devLosses.count == 3)

    let saved = CheckpointStore.saved(in: folder.url("run"))
    #expect(saved.map(\.step).suffix(2) == [8, 12])
    let best = try #require(saved.min { $0.metrics[MetricName.devLoss]! < $1.metrics[MetricName.devLoss]! })
    let adapter = folder.url("run/adapter")
    _ = try AdapterFolder(adapter)
    #expect(
      try Data(contentsOf: adapter.appendingPathComponent("adapter_model.safetensors"))
        == Data(contentsOf: best.url.appendingPathComponent("adapter_model.safetensors")))
    // Rows of token ids say nothing of prompts and chunks: no card.
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/adapter/patron.json")))
    let data = try JSON.parse([UInt8](Data(contentsOf: folder.url("run/data.json"))))
    #expect(data["tokenized"]?.array?.first?["rows"]?.int == 24)
    let devHash = try FileHash.sha256(of: URL(fileURLWithPath: dev))
    #expect(data["dev_tokenized"]?.array?.first?["sha256"]?.string == devHash)
    let settings = try JSON.parse([UInt8](Data(contentsOf: folder.url("run/config.json"))))
    #expect(settings["rank"]?.int == 4 && settings["epochs"]?.double == 2 && settings["dropout"]?.double == 0.05)

    // The same settings from the file that the run wrote.
    let again = try Executable.run(
      ["train", "sft", "--config", folder.path("run/config.json"), "--output", folder.path("again"), "--quiet"])
    #expect(again.status == 0, "\(again.errors)")
    #expect(
      try Data(contentsOf: folder.url("again/adapter/adapter_model.safetensors"))
        == Data(contentsOf: adapter.appendingPathComponent("adapter_model.safetensors")))

    let refused = try train("run")
    #expect(refused.status == 2 && refused.errors.contains("--resume"))
    let before = try folder.read("run/config.json")
    let other = try train("run", "--resume", "--seed", "3")
    #expect(other.status == 2 && other.errors.contains("seed"), "\(other.errors)")
    #expect(try folder.read("run/config.json") == before, "what is refused changes nothing")

    // The finished run writes its adapter anew, rounded.
    let half = try train(
      "run", "--dev-tokenized", dev, "--eval-every", "4", "--save-every", "4", "--keep", "2", "--resume",
      "--adapter-dtype", "bfloat16", "--quiet")
    #expect(half.status == 0, "\(half.errors)")
    let rounded = try AdapterFolder(adapter)
    let exact = try AdapterFolder(folder.url("again/adapter"))
    #expect(rounded.modules.map(\.name) == exact.modules.map(\.name))
    for (module, other) in zip(rounded.modules, exact.modules) {
      let values = try zip(module.a.floats() + module.b.floats(), other.a.floats() + other.b.floats())
      #expect(values.allSatisfy { abs($0 - $1) <= abs($1) / 256 } && values.contains { $0 != $1 })
    }
  }

  @Test func ctrlCSaves() throws {
    // A run that was killed before its first step: the test waits for the first line of its figures.
    try folder.write("run/run.lock", "")
    try folder.write("run/metrics.jsonl", "")
    let result = try train(
      "run", "--resume", "--epochs", "400", "--save-every", "0", interruptedBy: folder.url("run/metrics.jsonl"))
    #expect(result.status == 130 && result.errors.contains("go on with --resume"), "\(result.errors)")
    let status = try #require(try RunStatus.read(folder.url("run")))
    #expect(status.state == .stopped && (1..<2400).contains(status.step))
    #expect(CheckpointStore.saved(in: folder.url("run")).map(\.step) == [status.step])
    #expect(try MetricRecord.records(of: folder.url("run")).map(\.step).max() == status.step)
  }

  @Test func aDryRunShowsThePlan() throws {
    let result = try Executable.run(
      ["train", "sft", "--model", model, "--tokenized", rows, "--dry-run", "--rank", "4", "--accumulation", "2"])
    #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    for line in [
      /rows +24, dev 0/, /steps +12 of 4 rows \(2 × 2\)/, /speed +\d+ tok\/s measured/, /time +about 0:\d\d/,
    ] {
      #expect(try line.firstMatch(in: result.output) != nil, "\(result.output)")
    }
    #expect(folder.names == ["model", "rows.jsonl"])
  }

  @Test func goingOnFromAnAdapter() throws {
    #expect(try train("first").status == 0)
    let adapter = folder.path("first/adapter")
    #expect(try train("second", "--init-adapter", adapter, "--learning-rate", "0").status == 0)
    #expect(
      try Data(contentsOf: folder.url("second/adapter/adapter_model.safetensors"))
        == Data(contentsOf: folder.url("first/adapter/adapter_model.safetensors")))
    let other = try train("third", "--init-adapter", adapter, "--rank", "8")
    #expect(other.status == 2 && other.errors.contains("--rank"), "\(other.errors)")
  }

  @Test func anAdapterOfAnotherBaseIsRefused() throws {
    #expect(try train("first").status == 0)
    try AdapterCard(
      version: "1", baseModel: .init(name: "big", kind: .sha256, identity: String(repeating: "ab", count: 32)),
      chunkTokens: 100, overlapTokens: 10, chatTemplate: "smollm2",
      promptHashes: [.funders: String(repeating: "cd", count: 32)]
    ).write(to: folder.url("first/adapter"))
    for (name, option) in [("second", "--adapter"), ("third", "--init-adapter")] {
      let refused = try train(name, option, folder.path("first/adapter"))
      #expect(refused.status == 2 && refused.errors.contains("trained on big"), "\(option): \(refused.errors)")
      let forced = try train(name, option, folder.path("first/adapter"), "--force-adapter")
      #expect(forced.status == 0, "\(option): \(forced.errors)")
    }
  }

  @Test func rowsThatCannotBe() throws {
    for (name, text, part) in [
      ("json", "{", "offset"), ("shape", #"{"input_ids":[1,2],"labels":[1]}"#, "as many"),
      ("fraction", #"{"input_ids":[1,2.5],"labels":[1,2]}"#, "whole numbers"),
      ("label", #"{"input_ids":[1,2],"labels":[-100,3]}"#, "the token itself"),
      ("silent", #"{"input_ids":[1,2],"labels":[-100,-100]}"#, "no supervised token"),
      ("vocabulary", #"{"input_ids":[1,300],"labels":[-100,300]}"#, "below the vocabulary"),
      ("empty", "", "no rows"),
    ] {
      let path = try folder.write("wrong.jsonl", text)
      let result = try Executable.run(
        ["train", "sft", "--model", model, "--tokenized", path, "--output", folder.path("run-\(name)")])
      #expect(result.status == 2 && result.errors.contains(part), "\(name): \(result.errors)")
    }
    let result = try Executable.run(
      ["train", "sft", "--model", model, "--tokenized", folder.path("none"), "--output", folder.path("run-none")])
    #expect(result.status == 2 && result.errors.contains("none"))
  }
}

/// A model small enough to be trained in a test.
enum TinyModel {
  static func write(into folder: TemporaryFolder) throws -> String {
    let (hidden, inner, vocabulary) = (16, 24, 300)
    try folder.write(
      "model/config.json",
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": \(hidden),
       "intermediate_size": \(inner), "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
       "head_dim": 8, "vocab_size": \(vocabulary), "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
       "rope_theta": 10000.0, "tie_word_embeddings": true, "torch_dtype": "float32"}
      """)
    var tensors = [("model.embed_tokens.weight", [vocabulary, hidden]), ("model.norm.weight", [hidden])]
    for layer in 0..<2 {
      let prefix = "model.layers.\(layer)."
      tensors += [
        (prefix + "input_layernorm.weight", [hidden]), (prefix + "post_attention_layernorm.weight", [hidden]),
        (prefix + "self_attn.q_proj.weight", [16, hidden]), (prefix + "self_attn.k_proj.weight", [8, hidden]),
        (prefix + "self_attn.v_proj.weight", [8, hidden]), (prefix + "self_attn.o_proj.weight", [hidden, 16]),
        (prefix + "mlp.gate_proj.weight", [inner, hidden]), (prefix + "mlp.up_proj.weight", [inner, hidden]),
        (prefix + "mlp.down_proj.weight", [hidden, inner]),
      ]
    }
    let writer = try SafetensorsWriter(
      folder.url("model/model.safetensors"),
      tensors: tensors.map { TensorDescription(name: $0.0, dtype: .float32, shape: $0.1) })
    var state: UInt64 = 7
    for (_, shape) in tensors {
      let values = (0..<shape.reduce(1, *)).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return shape.count == 1 ? 1 : Float(Int64(state >> 40)) / Float(1 << 24) * 0.2 - 0.1
      }
      try values.withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
    return folder.path("model")
  }

  /// Rows of 8 to 30 tokens, the second half to be learnt; each counts up from its first token, so that there is
  /// something to learn.
  static func rows(_ count: Int, from start: Int = 0) -> String {
    (start..<start + count).map { index in
      let ids = (0..<8 + index * 7 % 23).map { (index * 31 + $0) % 250 }
      let labels = ids.enumerated().map { $0 < ids.count / 2 ? -100 : $1 }
      return #"{"input_ids":\#(ids),"labels":\#(labels)}"# + "\n"
    }.joined()
  }
}
