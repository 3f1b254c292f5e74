import Foundation
import JSON
import ModelFiles
import TensorTestSupport
import TestSupport
import Testing
import Torch

@testable import Llama

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct LlamaModelTests {
  static let models = ["untied", "tied", "plain_rope"]

  @Test(arguments: models, ProcessorPaths.runnable)
  func logits(_ name: String, _ paths: ProcessorPaths) throws {
    try withProcessorPaths(paths) { try expectLogits(name) }
  }

  private func expectLogits(_ name: String) throws {
    let model = try Golden.tinyLlama(name)
    let expected = try Golden.tensors("tiny_llama/\(name)/expected.safetensors")
    for example in try Golden.json("tiny_llama/\(name)/expected.json").at("cases").array ?? [] {
      let label = try #require(example["name"]?.string)
      let positions = try Tensor(example.at("logit_positions").integers.map(Int64.init))
      let all = try allLogits(model, example.at("input_ids").integers)
      let found = try all.selecting(positions)
      #expect(try distance(found, #require(expected["\(label).logits"])) < 1e-3, "\(name) \(label)")
      #expect(try distance(found, #require(expected["\(label).logits_f64"])) < 1e-3, "\(name) \(label) in float64")

      // Log-probabilities of the tokens that follow.
      let ids = try example.at("input_ids").integers
      let logProbabilities = try all.logSoftmax()
      for (position, reference) in try example.at("token_logprobs").floats.enumerated() {
        let value = try Float(logProbabilities[position].selected(ids[position + 1]).item())
        #expect(abs(value - reference) < 1e-3)
      }
    }
  }

  @Test(arguments: models)
  func rotaryTables(_ name: String) throws {
    let model = try Golden.tinyLlama(name)
    let expected = try Golden.tensors("tiny_llama/\(name)/expected.safetensors")
    #expect(try distance(model.rotary.inverseFrequencies, #require(expected["inv_freq"])) < 1e-7)
    let tables = try model.rotary.tables(forPositions: 300)
    let half = model.configuration.headDimension / 2
    for (table, key) in [(tables.cosine, "rope_cos_300"), (tables.sine, "rope_sin_300")] {
      let reference = try #require(expected[key])
      let first = try reference.sliced(0..<half, dimension: 1)
      #expect(try distance(table[0..<300], first) < 1e-5, "\(key)")
    }
  }

  @Test(arguments: models)
  func greedyContinuations(_ name: String) throws {
    let model = try Golden.tinyLlama(name)
    for example in try Golden.json("tiny_llama/\(name)/expected.json").at("greedy").array ?? [] {
      let stop = example["eos_token_id"]?.int.map { [$0] } ?? example["eos_token_id"]?.integers ?? []
      let found = try greedy(
        model, example.at("prompt").integers, example.at("max_new_tokens").int ?? 0, stop: Set(stop))
      #expect(try found.tokens == example.at("output").integers)
      for (a, b) in zip(found.logProbabilities, try example.at("logprobs").floats) { #expect(abs(a - b) < 1e-3) }
    }
  }

  /// Rows that the reference pads on the left are run here without padding, together.
  @Test(arguments: models)
  func sequencesOfDifferentLengths(_ name: String) throws {
    let model = try Golden.tinyLlama(name)
    let batch = try Golden.json("tiny_llama/\(name)/expected.json").at("left_pad")
    let rows = zip(try batch.at("input_ids").array ?? [], try batch.at("attention_mask").array ?? []).map {
      zip($0.integers, $1.integers).filter { $0.1 == 1 }.map(\.0)
    }
    #expect(Set(rows.map(\.count)).count > 1)
    let together = try withoutGradients {
      try model.logits(model.forward(rows.map { ($0, try model.makeCache(capacity: 8)) }))
    }
    let lastRows = rows.indices.map { index in Int64(rows[...index].reduce(0) { $0 + $1.count } - 1) }
    let expected = try Golden.tensors("tiny_llama/\(name)/expected.safetensors")
    #expect(
      try distance(together.selecting(Tensor(lastRows)), #require(expected["left_pad.last_logits"])) < 1e-3)
    for (row, reference) in zip(rows, try batch.at("greedy_24").array ?? []) {
      // The reference fills up with padding (260) after an end token.
      let stop = Set(model.configuration.eosTokenIDs)
      let found = try greedy(model, row, reference.integers.count, stop: stop).tokens
      #expect(found + Array(repeating: 260, count: reference.integers.count - found.count) == reference.integers)
    }
  }

  /// Each of the two computations rounds some 28 values one after the other, each by 2⁻⁸ of its size at most: √56 times
  /// that is to be expected, and twice as much allowed.
  @Test(arguments: ProcessorPaths.runnable)
  func bfloat16StaysClose(_ paths: ProcessorPaths) throws {
    let expected = try Golden.tensors("tiny_llama/untied/expected.safetensors")
    let cases = try Golden.json("tiny_llama/untied/expected.json").at("cases").array ?? []
    let model = try Golden.tinyLlama("untied_bf16_sharded", LoadOptions(dtype: .bfloat16))
    for name in ["short", "mid", "chat"] {
      let example = try #require(cases.first { $0["name"]?.string == name })
      let reference = try #require(expected["\(name).logits_bf16"])
      let positions = try Array(example.at("logit_positions").integers.suffix(reference.size(0)))
      let all = try withProcessorPaths(paths) { try allLogits(model, example.at("input_ids").integers) }
      let found = try all.selecting(Tensor(positions.map(Int64.init)))
      #expect(found.dtype == .bfloat16)
      let largest = try Float(reference.magnitude().maximum().item())
      #expect(try distance(found, reference) < 15 * 0x1p-8 * largest, "\(name)")
    }
  }

  /// Blocks, one token at a time and growing caches change nothing.
  @Test func cachesContinue() throws {
    let model = try Golden.tinyLlama("untied")
    let prompt = (0..<150).map { ($0 * 37) % 512 }
    let whole = try allLogits(model, prompt)
    try withoutGradients {
      let cache = try model.makeCache(capacity: 4)
      var rows: [Tensor] = []
      for block in [prompt[..<1], prompt[1..<70], prompt[70..<71], prompt[71...]] {
        rows.append(try model.logits(model.forward([(Array(block), cache)])))
      }
      #expect(cache.length == 150)
      #expect(try distance(Tensor.concatenate(rows), whole) < 1e-4)
    }
  }

  /// What a GPU runs: keys and values of all sequences in one pool. In one pool or in several, alone and in company,
  /// sequences get the logits that they get in blocks.
  @Test(arguments: ProcessorPaths.runnable)
  func pooledCaches(_ paths: ProcessorPaths) throws {
    let model = try Golden.tinyLlama("untied")
    let prompts = [3, 70, 1, 20].enumerated().map { index, count in (0..<count).map { ($0 * 37 + index) % 512 } }
    func logits(_ caches: [KVCache]) throws -> Tensor {
      var rows = [try model.logits(model.forward(zip(prompts, caches).map { ($0, $1) }))]
      // The first alone, then some of them in another order, then all.
      for members in [[0], [3, 1], [0, 1, 2, 3], [0, 1, 2, 3]] {
        rows.append(try model.logits(model.forward(members.map { ([$0 + 5, $0 + 6], caches[$0]) })))
      }
      return try Tensor.concatenate(rows)
    }
    try withProcessorPaths(paths) {
      try withoutGradients {
        let capacities = prompts.map { $0.count + 8 }
        func caches(_ capacities: some Collection<Int>, pooled: Bool = true) throws -> [KVCache] {
          try model.makeCaches(capacities: Array(capacities), pooled: pooled)
        }
        let expected = try logits(caches(capacities, pooled: false))
        let arrangements = try [
          "one pool": caches(capacities), "two pools": caches(capacities[..<2]) + caches(capacities[2...]),
          "a pool beside blocks": caches(capacities[..<2]) + caches(capacities[2...], pooled: false),
          "blocks of their own": capacities.map { try model.makeCache(capacity: $0) },
        ]
        for (name, caches) in arrangements {
          #expect(try distance(logits(caches), expected) < 1e-4, "\(name)")
        }
      }
    }
  }

  /// Rows of a pool are promised before; a cache in one cannot take those of its neighbour.
  @Test func aFullPoolIsAnError() throws {
    let model = try Golden.tinyLlama("tied")
    let cache = try model.makeCaches(capacities: [2, 4], pooled: true)[0]
    let error = #expect(throws: LlamaError.self) { try model.forward([([1, 2, 3], cache)]) }
    #expect(error?.code == .memory)
  }

  @Test func tokensOutsideTheVocabularyAreErrors() throws {
    let model = try Golden.tinyLlama("tied")
    for tokens in [[], [-1], [512], [3, Int.max]] {
      #expect(throws: LlamaError.self) { try model.forward([(tokens, model.makeCache(capacity: 1))]) }
    }
  }
}
