import Tokenizer
import Files
import Foundation
import TestSupport
import Testing

@testable import ModelFiles

@Suite struct GGUFFileTests {
  private func open(_ builder: GGUFBuilder) throws -> (TemporaryFolder, GGUFFile) {
    let folder = try TemporaryFolder()
    return (folder, try GGUFFile(folder.file("model.gguf", builder.bytes)))
  }

  @Test func readsValuesOfEveryType() throws {
    var builder = GGUFBuilder()
    builder.version = 2
    builder.entry("u8", type: 0, [200])
    builder.entry("i8", type: 1, [0xFF])
    builder.entry("u16", type: 2, UInt16(60000).littleEndianBytes)
    builder.entry("i16", type: 3, Int16(-2).littleEndianBytes)
    builder.entry("u32", 4_000_000_000 as UInt32)
    builder.entry("i32", type: 5, Int32(-3).littleEndianBytes)
    builder.entry("f32", Float(0.1))
    builder.entry("bool", type: 7, [1])
    builder.entry("string", "Füße\r\n")
    builder.entry("u64", type: 10, UInt64.max.littleEndianBytes)
    builder.entry("i64", type: 11, Int64.min.littleEndianBytes)
    builder.entry("f64", type: 12, 0.1.bitPattern.littleEndianBytes)
    builder.entry("strings", strings: ["", "é", "e\u{301}"])
    builder.entry(
      "nested", type: 9,
      UInt32(9).littleEndianBytes + UInt64(1).littleEndianBytes + UInt32(0).littleEndianBytes
        + UInt64(2).littleEndianBytes + [1, 2])
    let (_, file) = try open(builder)
    #expect(file.version == 2 && file.alignment == 32 && file.tensors.isEmpty)
    #expect(file.metadata["u8"]?.int == 200 && file.metadata["i8"]?.int == -1)
    #expect(file.metadata["u16"]?.int == 60000 && file.metadata["i16"]?.int == -2)
    #expect(file.metadata["u32"]?.int == 4_000_000_000 && file.metadata["i32"]?.int == -3)
    #expect(file.metadata["u64"]?.int == nil && file.metadata["u64"]?.double == 0x1p64)
    #expect(file.metadata["i64"]?.int == .min)
    #expect(file.metadata["f32"]?.double == Double(Float(0.1)) && file.metadata["f64"]?.double == 0.1)
    #expect(file.metadata["bool"]?.bool == true)
    #expect(file.metadata["string"]?.string == "Füße\r\n")
    let strings = try #require(try file.metadata["strings"]?.array?.strings())
    #expect(strings.map { Array($0.utf8) } == [[], [0xC3, 0xA9], [0x65, 0xCC, 0x81]])
    #expect(file.metadata["nested"]?.array?.count == 1)
    #expect(failure(FileError.self) { _ = try file.metadata["strings"]?.array?.integers() }?.code == .malformed)
  }

  @Test func otherAlignmentsArePlacesOfTensors() throws {
    var builder = GGUFBuilder()
    builder.alignment = 64
    builder.entry("general.alignment", 64 as UInt32)
    builder.tensor("a", [3], floats: [1, 2, 3])
    builder.tensor("b", [2, 2], floats: [4, 5, 6, 7])
    let (_, file) = try open(builder)
    #expect(file.dataOffset % 64 == 0)
    #expect(try file.tensors.map { try $0.floats() } == [[1, 2, 3], [4, 5, 6, 7]])
    #expect(file.tensors.map(\.shape) == [[3], [2, 2]])
  }

  @Test func describesTheModel() throws {
    let (_, file) = try open(.tinyLlama())
    let configuration = try file.llamaConfiguration()
    #expect(
      configuration
        == LlamaConfiguration(
          vocabularySize: 3, hiddenSize: 4, intermediateSize: 6, layerCount: 1, headCount: 2, keyValueHeadCount: 1,
          headDimension: 2, rmsNormEpsilon: Double(Float(1e-5)), ropeTheta: 500_000, contextLength: 128,
          tiesEmbeddings: true, bosTokenID: 0, eosTokenIDs: [2, 1]))
    let checkpoint = file.checkpoint(for: configuration)
    try checkpoint.check(against: configuration)
    let down = try checkpoint.tensor("model.layers.0.mlp.down_proj.weight", shape: [4, 6])
    #expect(down.isDirectlyUsable && down.rowPermutation == nil)
  }

  @Test func undoesThePermutationOfQueriesAndKeys() throws {
    var builder = GGUFBuilder()
    builder.tensor("blk.7.attn_q.weight", [1, 8], floats: [0, 1, 2, 3, 4, 5, 6, 7])
    builder.tensor("blk.7.attn_v.weight", [1, 8], floats: [0, 1, 2, 3, 4, 5, 6, 7])
    let (_, file) = try open(builder)
    var configuration = LlamaConfiguration.tiny
    configuration.headDimension = 4
    let tensors = file.checkpoint(for: configuration).tensors
    let query = try #require(tensors["model.layers.7.self_attn.q_proj.weight"])
    #expect(!query.isDirectlyUsable)
    #expect(try query.floats() == [0, 2, 1, 3, 4, 6, 5, 7])
    #expect(try tensors["model.layers.7.self_attn.v_proj.weight"]?.floats() == [0, 1, 2, 3, 4, 5, 6, 7])
    var part = [Float](repeating: 0, count: 3)
    try part.withUnsafeMutableBufferPointer { try query.dequantize(rows: 5..<8, into: $0) }
    #expect(part == [6, 5, 7])
    part.withUnsafeMutableBufferPointer { buffer in
      #expect(failure(FileError.self) { try query.dequantize(rows: 5..<9, into: buffer) } != nil)
      #expect(failure(FileError.self) { try query.dequantize(rows: 0..<2, into: buffer) } != nil)
    }
  }

  @Test func ropeFactorsAndUntiedHeads() throws {
    let (_, file) = try open(.tinyLlama(untied: true, ropeFactors: [8]))
    let configuration = try file.llamaConfiguration()
    #expect(configuration.ropeScaling == .frequencyFactors([8]) && !configuration.tiesEmbeddings)
    let checkpoint = file.checkpoint(for: configuration)
    try checkpoint.check(against: configuration)
    #expect(checkpoint.tensors["lm_head.weight"] != nil && checkpoint.tensors["rope_freqs.weight"] == nil)
  }

  /// What llama.cpp makes of metadata, and of metadata against the factors that are stored.
  @Test func scalingAgainstFactorsIsNeverDropped() throws {
    func scaling(_ entries: [(String, String)], _ numbers: [(String, Float)], factors: [Float]? = nil) throws
      -> RopeScaling?
    {
      var builder = GGUFBuilder.tinyLlama(ropeFactors: factors)
      for (key, value) in entries { builder.entry("llama.rope." + key, value) }
      for (key, value) in numbers { builder.entry("llama.rope." + key, value) }
      return try open(builder).1.llamaConfiguration().ropeScaling
    }
    #expect(try scaling([], [("scaling.factor", 4)]) == .frequencyFactors([4]))
    #expect(try scaling([], [("scale_linear", 2)]) == .frequencyFactors([2]))
    #expect(try scaling([("scaling.type", "none")], [("scaling.factor", 4)]) == nil)
    #expect(try scaling([], [("scaling.factor", 0)]) == nil)
    #expect(try scaling([("scaling.type", "none")], [("scaling.factor", 4)], factors: [8]) == .frequencyFactors([8]))
    for (entries, numbers) in [
      ([("scaling.type", "linear")], [("scaling.factor", 4)]), ([], [("scaling.factor", 4)]),
      ([("scaling.type", "yarn")], []), ([], [("scaling.attn_factor", 2)]),
    ] as [([(String, String)], [(String, Float)])] {
      let error = failure(FileError.self) { _ = try scaling(entries, numbers, factors: [8]) }
      #expect(error?.code == .unsupported, "\(entries) \(numbers)")
    }
  }

  @Test func linearScalingIsOneFactorForAll() throws {
    var builder = GGUFBuilder.tinyLlama()
    builder.entry("llama.rope.scaling.type", "linear")
    builder.entry("llama.rope.scaling.factor", Float(4))
    let (_, file) = try open(builder)
    #expect(try file.llamaConfiguration().ropeScaling == .frequencyFactors([4]))
  }

  @Test func whatChangesTheFunctionIsRefusedByName() throws {
    func refusal(_ change: (inout GGUFBuilder) -> Void) throws -> String? {
      var builder = GGUFBuilder.tinyLlama()
      change(&builder)
      let (_, file) = try open(builder)
      return failure(FileError.self) { _ = try file.llamaConfiguration() }?.message
    }
    #expect(
      try refusal {
        $0.entries[0] = []; $0.entries.removeFirst(); $0.entry("general.architecture", "qwen2")
      }?
      .contains("\"qwen2\"") == true)
    #expect(try refusal { $0.entry("llama.expert_count", 8 as UInt32) }?.contains("8 experts") == true)
    #expect(try refusal { $0.entry("llama.rope.scaling.type", "yarn") }?.contains("\"yarn\"") == true)
    #expect(try refusal { $0.entry("llama.vocab_size", 4 as UInt32) }?.contains("\"llama.vocab_size\"") == true)
    #expect(try refusal { $0.tensor("rope_freqs.weight", [1], floats: [0]) }?.contains("rope_freqs.weight") == true)
    #expect(try refusal { $0.entries.remove(at: 1) }?.contains("\"llama.block_count\" is missing") == true)
    #expect(
      try refusal { $0.entry("tokenizer.ggml.eom_token_id", 3 as UInt32) }?.contains("eom_token_id") == true)
  }

  @Test func missingAndUnknownTensorsAreNamed() throws {
    var builder = GGUFBuilder.tinyLlama()
    builder.tensor("blk.0.attn_q.bias", [4], floats: [0, 0, 0, 0])
    let (_, file) = try open(builder)
    let configuration = try file.llamaConfiguration()
    let unknown = failure(FileError.self) { try file.checkpoint(for: configuration).check(against: configuration) }
    #expect(unknown?.message.contains("\"blk.0.attn_q.bias\"") == true)
    var larger = configuration
    larger.layerCount = 2
    let missing = failure(FileError.self) { try file.checkpoint(for: configuration).check(against: larger) }
    #expect(missing?.message.contains("\"model.layers.1.input_layernorm.weight\"") == true)
    #expect(missing?.message.contains("4 more") == true)
  }

  @Test func givesTheVocabulary() throws {
    let (_, file) = try open(.tinyLlama())
    let vocabulary = try file.vocabulary()
    #expect(vocabulary.model == "gpt2" && vocabulary.preTokenizer == "llama-bpe")
    #expect(vocabulary.tokens == ["a", "é", "<|end|>"] && vocabulary.merges == ["a é"])
    #expect(vocabulary.kinds == [.normal, .normal, .control])
    #expect(vocabulary.bosTokenID == 0 && vocabulary.eosTokenID == 2 && vocabulary.eotTokenID == 1)
    #expect(vocabulary.addsBOS == true && vocabulary.chatTemplate == "{{ messages }}")
  }

  @Test(arguments: [
    ("output.weight", "lm_head.weight"), ("blk.12.ffn_down.weight", "model.layers.12.mlp.down_proj.weight"),
    ("blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight"),
  ])
  func namesAreMapped(_ pair: (String, String)) {
    #expect(ModelFamily.llama.huggingFaceName(ofGGUF: pair.0)?.name == pair.1)
  }

  @Test(arguments: [
    "blk.0.attn_q.bias", "blk.-1.attn_q.weight", "blk.01.attn_q.weight", "blk.0.attn_qkv.weight", "x", "",
  ])
  func otherNamesAreNot(_ name: String) {
    #expect(ModelFamily.llama.huggingFaceName(ofGGUF: name) == nil)
  }
}

extension LlamaConfiguration {
  static let tiny = LlamaConfiguration(
    vocabularySize: 3, hiddenSize: 4, intermediateSize: 6, layerCount: 1, headCount: 2, keyValueHeadCount: 1,
    headDimension: 2, rmsNormEpsilon: 1e-5, ropeTheta: 10000, contextLength: 128, tiesEmbeddings: true)
}
