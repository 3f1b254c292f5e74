import Foundation
import JSON
import ModelFiles
import TensorTestSupport
import TestSupport
import Testing
import Torch

@testable import Llama

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct AdapterTests {
  /// Orders without DoRA, which is refused.
  static let orders = ["base", "sft", "sft_dapo", "dapo_only", "dapo_sft", "rslora", "qv_only", "rank_alpha_pattern"]

  @Test(arguments: orders, [MergePolicy.peft, .fp32, .none])
  func logitsAndGreedyTokens(_ order: String, _ policy: MergePolicy) throws {
    let expected = try Golden.json("peft/expected.json")
    let names = try expected.at("orders").at(order).array ?? []
    let adapters = try names.compactMap(\.string).map(Golden.adapter)
    #expect(adapters.count == names.count)
    let logits = try Golden.tensors("peft/expected.safetensors")
    let model = try Golden.tinyLlama("untied", LoadOptions(adapters: adapters, merge: policy, dtype: .float32))
    for prompt in ["short", "mid", "chat"] {
      let reference = try #require(logits["\(order).\(prompt).logits"])
      let ids = try expected.at("prompts").at(prompt).integers
      let found = try allLogits(model, ids)[(ids.count - reference.size(0))..<ids.count]
      #expect(try distance(found, reference) < 1e-3, "\(order) \(policy) \(prompt)")
    }
    let tokens = try expected.at("greedy").at(order).integers
    let ids = try expected.at("prompts").at("chat").integers
    #expect(try greedy(model, ids, tokens.count).tokens == tokens, "\(order) \(policy)")
  }

  func reader(_ model: String, _ adapters: [String], _ policy: MergePolicy, _ dtype: DType) throws -> WeightReader {
    let (configuration, checkpoint) =
      try ModelLocation(Golden.vectors.appendingPathComponent("tiny_llama/\(model)")).open()
    return try WeightReader(
      checkpoint: checkpoint, configuration: configuration, adapters: adapters.map(Golden.adapter), policy: policy,
      dtype: dtype)
  }

  /// Bit for bit, but for one weight in some five hundred: there float32, whose sums processors make in different
  /// orders, cannot tell which of two neighbours in bfloat16 is the nearer. Those are one or the other.
  @Test(arguments: [("sft", ["sft"]), ("sft_dapo", ["sft", "dapo"]), ("dapo_sft", ["dapo", "sft"])])
  func mergesEqualPEFTBitForBit(_ file: String, _ adapters: [String]) throws {
    let merged = try reader("untied_bf16_sharded", adapters, .peft, .bfloat16)
    let base = try reader("untied_bf16_sharded", [], .peft, .bfloat16)
    let folders = try adapters.map(Golden.adapter)
    let expected = try Golden.tensors("peft/merged_bf16_\(file).safetensors")
    #expect(expected.count == 21)
    var (count, ambiguous) = (0, 0)
    for (name, reference) in expected {
      let found = try merged.weight(name)
      #expect(found.dtype == .bfloat16)
      // The least and the largest weight that float32 can come to, adapter by adapter.
      var (low, high) = (try base.weight(name), try base.weight(name))
      for folder in folders {
        let module = try #require(folder.modules.first { $0.name + ".weight" == name })
        let (a, b) = (try Tensor(module.a).to(.float64), try Tensor(module.b).to(.float64))
        let update = try b.matmul(a) * module.scale
        // Sums of `rank` terms, the factor, the weight.
        let terms = try b.magnitude().matmul(a.magnitude()) * (module.scale * Double(module.rank + 1))
        let error = try (terms + low.to(.float64).magnitude()) * 0x1p-24
        low = try (low.to(.float64) + update - error).to(.bfloat16)
        high = try (high.to(.float64) + update + error).to(.bfloat16)
      }
      let (values, lows, highs) = (try found.floats(), try low.floats(), try high.floats())
      #expect(zip(values, zip(lows, highs)).allSatisfy { $1.0 <= $0 && $0 <= $1.1 }, "\(name)")
      #expect(
        zip(values, try reference.floats()).enumerated().allSatisfy { index, pair in
          pair.0 == pair.1 || lows[index] < highs[index]
        }, "\(name)")
      count += values.count
      ambiguous += zip(lows, highs).count { $0 < $1 }
    }
    #expect(ambiguous < count / 100)
  }

  @Test func mergesInFloat32() throws {
    let expected = try Golden.tensors("peft/merged_fp32_sft_dapo.safetensors")
    for policy in [MergePolicy.peft, .fp32] {
      let reader = try reader("untied", ["sft", "dapo"], policy, .float32)
      for (name, reference) in expected { #expect(try distance(reader.weight(name), reference) < 1e-6, "\(name)") }
    }
  }

  /// The two rounding rules are not the same: a third of the bfloat16 weights differ in the last bit.
  @Test func oneRoundingDiffersFromOnePerAdapter() throws {
    let name = "model.layers.1.mlp.up_proj.weight"
    let peft = try reader("untied_bf16_sharded", ["sft", "dapo"], .peft, .bfloat16).weight(name)
    let once = try reader("untied_bf16_sharded", ["sft", "dapo"], .fp32, .bfloat16).weight(name)
    #expect(try peft.bytes() != once.bytes())
    #expect(try distance(peft, once) < 0.02)
  }

  @Test func whatIsNotImplementedIsRefusedByName() throws {
    let error = #expect(throws: (any Error).self) { try Golden.adapter("dora") }
    #expect("\(String(describing: error))".lowercased().contains("dora"))
  }

  @Test func adaptersOfAnotherModelAreRefused() throws {
    let adapter = try Golden.adapter("sft")
    #expect(throws: (any Error).self) {
      try Golden.tinyLlama("tied", LoadOptions(adapters: [adapter], dtype: .float32))
    }
  }
}
