import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import ModelFiles

/// Models of one block whose files contradict each other: what counts, and what says so.
@Suite struct CheckpointSettlingTests {
  private struct Stored {
    let shape: [Int]
    var type = TensorDType.float32
    var values: [Float]

    init(_ shape: [Int], type: TensorDType = .float32, _ value: (Int) -> Float = { Float($0 % 7) }) {
      self.shape = shape
      self.type = type
      values = (0..<shape.reduce(1, *)).map(value)
    }

    var bytes: [UInt8] {
      switch type {
      case .bfloat16: values.flatMap { UInt16($0.bitPattern >> 16).littleEndianBytes }
      default: values.flatMap { $0.bitPattern.littleEndianBytes }
      }
    }
  }

  private static let table = Stored([16, 8])

  /// Opens a folder of the tests' configuration with `changes`, and its weights with `tensors`.
  private func open(
    _ changes: [(String, JSON?)] = [], _ tensors: [String: Stored] = [:]
  ) throws -> (configuration: LlamaConfiguration, checkpoint: Checkpoint) {
    let folder = try TemporaryFolder()
    let plain = try LlamaConfiguration(
      huggingFaceConfiguration: folder.file("config.json", ModelFolderTests.config()))
    try folder.file("config.json", ModelFolderTests.config(changes))
    var stored = Dictionary(uniqueKeysWithValues: plain.tensorShapes.map { ($0.name, Stored($0.shape)) })
    stored.merge(tensors) { _, new in new }
    let order = stored.sorted { $0.key < $1.key }
    let writer = try SafetensorsWriter(
      folder.url.appendingPathComponent("model.safetensors"),
      tensors: order.map { TensorDescription(name: $0.key, dtype: $0.value.type, shape: $0.value.shape) })
    for (_, tensor) in order { try tensor.bytes.withUnsafeBytes { try writer.write($0) } }
    try writer.finish()
    return try ModelLocation(folder.url).open()
  }

  private static let head = "lm_head.weight"

  @Test func aHeadOfItsOwnCountsAgainstTheFlag() throws {
    var lastDiffers = Self.table
    lastDiffers.values[127] += 0.5
    var notANumber = Self.table
    notANumber.values[0] = .nan
    let heads = [
      Stored([16, 8]) { Float($0) }, lastDiffers, notANumber, Stored([16, 8], type: .bfloat16) { Float($0 % 5) },
    ]
    for head in heads {
      let (configuration, checkpoint) = try open([], [Self.head: head])
      #expect(!configuration.tiesEmbeddings && checkpoint.tensors[Self.head] != nil)
      #expect(checkpoint.warnings.count == 1)
      #expect(
        checkpoint.warnings.first?.contains(
          #""tie_word_embeddings" is true, but "lm_head.weight" differs from "model.embed_tokens.weight""#) == true)
    }
  }

  @Test func anEqualHeadIsTheTable() throws {
    // Also in another type, and with a zero of the other sign.
    var otherZero = Self.table
    otherZero.values[0] = -0.0
    for head in [Self.table, otherZero, Stored([16, 8], type: .bfloat16)] {
      let (configuration, checkpoint) = try open([], [Self.head: head])
      #expect(configuration.tiesEmbeddings && checkpoint.tensors[Self.head] == nil && checkpoint.warnings.isEmpty)
    }
  }

  @Test func aFlagThatSaysNothingOrFalseAsksForAHead() throws {
    for flag in [JSON.bool(false), nil, .null] {
      let changes: [(String, JSON?)] = [("tie_word_embeddings", flag)]
      #expect(try !open(changes, [Self.head: Self.table]).configuration.tiesEmbeddings)
      let error = failure(FileError.self) { _ = try open(changes) }
      #expect(error?.message.hasSuffix("\"tie_word_embeddings\" has to be true") == true)
    }
  }

  private static let layer = "model.layers.0."

  /// Each names the tensor and, where the shape does not say it, the word of the configuration.
  @Test func otherContradictionsAreErrors() throws {
    func message(_ changes: [(String, JSON?)], _ tensors: [String: Stored] = [:]) -> String {
      failure(FileError.self) { _ = try open(changes, tensors) }?.message ?? "accepted"
    }
    for name in [Self.layer + "self_attn.q_proj.bias", Self.layer + "mlp.up_proj.bias", "lm_head.bias"] {
      let found = message([], [name: Stored([8])])
      #expect(found.contains("\"\(name)\"") && found.contains("\"attention_bias\""), "\(found)")
    }
    let deeper = message([], ["model.layers.1.mlp.up_proj.weight": Stored([12, 8])])
    #expect(deeper.contains("1 blocks (\"num_hidden_layers\")"))
    #expect(message([("num_hidden_layers", 2)]).contains("9 tensors are missing"))
    #expect(message([("vocab_size", 15)]).contains("\"model.embed_tokens.weight\" has shape [16, 8]"))
    #expect(message([("intermediate_size", 11)]).contains("gate_proj.weight\" has shape [12, 8]"))
    #expect(message([("num_key_value_heads", 2)]).contains("k_proj.weight\" has shape [4, 8]"))
    #expect(message([("head_dim", 8)]).contains("q_proj.weight\" has shape [8, 8]"))
    #expect(message([], [Self.head: Stored([17, 8])]).contains("\"lm_head.weight\" has shape [17, 8]"))
    #expect(message([], ["model.layers.0.mlp.up_proj.weight_scale": Stored([1])]).contains("weight_scale"))
  }

  @Test func storedFrequenciesNeverCount() throws {
    let name = Self.layer + "self_attn.rotary_emb.inv_freq"
    func inverse(_ theta: Double, type: TensorDType = .float32) -> Stored {
      Stored([2], type: type) { Float(pow(theta, -Double($0) / 2)) }
    }
    for frequencies in [inverse(500_000), inverse(500_000, type: .bfloat16)] {
      let checkpoint = try open([], [name: frequencies]).checkpoint
      #expect(checkpoint.warnings.isEmpty && checkpoint.tensors[name] == nil)
    }
    let linear: [(String, JSON)] = [("type", "linear"), ("factor", 4.0)]
    let scaled = Stored([2]) { Float(pow(500_000, -Double($0) / 2) / 4) }
    #expect(try open([("rope_scaling", .object(linear))], [name: scaled]).checkpoint.warnings.isEmpty)
    for frequencies in [inverse(10_000), scaled, Stored([3])] {
      let warnings = try open([], [name: frequencies]).checkpoint.warnings
      #expect(warnings.count == 1 && warnings.first?.contains("check \"rope_theta\"") == true)
    }
  }
}
