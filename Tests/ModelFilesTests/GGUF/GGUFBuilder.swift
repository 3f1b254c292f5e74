import Foundation
import TestSupport

/// Builds GGUF files, right ones and wrong ones.
struct GGUFBuilder {
  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var entryCount: UInt64?
  var entries: [[UInt8]] = []
  var tensors: [[UInt8]] = []
  var alignment = 32
  var data: [UInt8] = []

  static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
  static func string(_ bytes: [UInt8]) -> [UInt8] { UInt64(bytes.count).littleEndianBytes + bytes }

  mutating func entry(_ key: String, type: UInt32, _ value: [UInt8]) {
    entries.append(Self.string(key) + type.littleEndianBytes + value)
  }
  mutating func entry(_ key: String, _ value: String) { entry(key, type: 8, Self.string(value)) }
  mutating func entry(_ key: String, _ value: UInt32) { entry(key, type: 4, value.littleEndianBytes) }
  mutating func entry(_ key: String, _ value: Float) { entry(key, type: 6, value.bitPattern.littleEndianBytes) }
  mutating func entry(_ key: String, strings: [String]) {
    entry(
      key, type: 9, UInt32(8).littleEndianBytes + UInt64(strings.count).littleEndianBytes + strings.flatMap(Self.string)
    )
  }

  mutating func tensor(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64) {
    tensor(Self.string(name), dimensions, type: type, offset: offset)
  }
  mutating func tensor(
    _ name: [UInt8], _ dimensions: [UInt64], count: UInt32? = nil, type: UInt32 = 0, offset: UInt64
  ) {
    tensors.append(
      name + (count ?? UInt32(dimensions.count)).littleEndianBytes + dimensions.flatMap(\.littleEndianBytes)
        + type.littleEndianBytes + offset.littleEndianBytes)
  }
  /// A Float32 tensor whose data is appended, with padding.
  mutating func tensor(_ name: String, _ dimensions: [UInt64], floats: [Float]) {
    while data.count % alignment != 0 { data.append(0) }
    tensor(name, dimensions, offset: UInt64(data.count))
    data += floats.flatMap { $0.bitPattern.littleEndianBytes }
  }

  var header: [UInt8] {
    var bytes = magic + version.littleEndianBytes
    bytes += (tensorCount ?? UInt64(tensors.count)).littleEndianBytes
    bytes += (entryCount ?? UInt64(entries.count)).littleEndianBytes
    return bytes + entries.flatMap { $0 } + tensors.flatMap { $0 }
  }

  var bytes: [UInt8] {
    var bytes = header
    if !data.isEmpty {
      while bytes.count % alignment != 0 { bytes.append(0) }
    }
    return bytes + data
  }

  /// A complete model of architecture `llama`: width 4, two heads of two dimensions, one key-value head, vocabulary 3.
  static func tinyLlama(untied: Bool = false, ropeFactors: [Float]? = nil) -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.entry("general.architecture", "llama")
    builder.entry("llama.block_count", 1 as UInt32)
    builder.entry("llama.context_length", 128 as UInt32)
    builder.entry("llama.embedding_length", 4 as UInt32)
    builder.entry("llama.feed_forward_length", 6 as UInt32)
    builder.entry("llama.attention.head_count", 2 as UInt32)
    builder.entry("llama.attention.head_count_kv", 1 as UInt32)
    builder.entry("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
    builder.entry("llama.rope.freq_base", Float(500_000))
    builder.entry("tokenizer.ggml.model", "gpt2")
    builder.entry("tokenizer.ggml.pre", "llama-bpe")
    builder.entry("tokenizer.ggml.tokens", strings: ["a", "é", "<|end|>"])
    builder.entry(
      "tokenizer.ggml.token_type", type: 9,
      UInt32(5).littleEndianBytes + UInt64(3).littleEndianBytes
        + [Int32(1), 1, 3].flatMap(\.littleEndianBytes))
    builder.entry("tokenizer.ggml.merges", strings: ["a é"])
    builder.entry("tokenizer.ggml.bos_token_id", 0 as UInt32)
    builder.entry("tokenizer.ggml.eos_token_id", 2 as UInt32)
    builder.entry("tokenizer.ggml.eot_token_id", 1 as UInt32)
    builder.entry("tokenizer.ggml.add_bos_token", type: 7, [1])
    builder.entry("tokenizer.chat_template", "{{ messages }}")
    func ramp(_ count: Int) -> [Float] { (0..<count).map(Float.init) }
    builder.tensor("token_embd.weight", [4, 3], floats: ramp(12))
    builder.tensor("blk.0.attn_norm.weight", [4], floats: ramp(4))
    builder.tensor("blk.0.attn_q.weight", [4, 4], floats: ramp(16))
    builder.tensor("blk.0.attn_k.weight", [4, 2], floats: ramp(8))
    builder.tensor("blk.0.attn_v.weight", [4, 2], floats: ramp(8))
    builder.tensor("blk.0.attn_output.weight", [4, 4], floats: ramp(16))
    builder.tensor("blk.0.ffn_norm.weight", [4], floats: ramp(4))
    builder.tensor("blk.0.ffn_gate.weight", [4, 6], floats: ramp(24))
    builder.tensor("blk.0.ffn_up.weight", [4, 6], floats: ramp(24))
    builder.tensor("blk.0.ffn_down.weight", [6, 4], floats: ramp(24))
    builder.tensor("output_norm.weight", [4], floats: ramp(4))
    if untied { builder.tensor("output.weight", [4, 3], floats: ramp(12)) }
    if let ropeFactors { builder.tensor("rope_freqs.weight", [UInt64(ropeFactors.count)], floats: ropeFactors) }
    return builder
  }
}
