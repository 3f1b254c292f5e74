import Foundation
import JSON
import Llama
import ModelFiles
import TensorTestSupport
import TestSupport
import Testing
import Torch

@testable import Training

/// Passes of the policy through a model, against SkyRL's and against other ways of computing the same.
@Suite(.needsGoldenVectors)
struct PolicyStepTests {
  let reference: JSON
  let tensors: [String: Tensor]
  let base: LlamaModel
  let rows: [PolicyRow]
  let old: [[Float]]
  let objective: PolicyObjective

  init() throws {
    reference = try Golden.json("dapo/end_to_end.json")
    tensors = try Golden.tensors("dapo/end_to_end.safetensors")
    base = try Golden.tinyLlama(
      "untied", LoadOptions(adapters: [Golden.adapter("sft")], merge: .peft, dtype: .float32))
    let prompt = reference.integer("prompt_len")
    let masks = PolicyVectorTests.matrix(try reference.at("response_mask"))
    let sequences = try reference.at("sequences").array!.map(\.integers)
    let attention = try reference.at("attention_mask").array!.map(\.integers)
    let advantages = try #require(tensors["advantages"])
    rows = try sequences.indices.map { index in
      PolicyRow(
        id: "\(index)", prompt: (0..<prompt).filter { attention[index][$0] == 1 }.map { sequences[index][$0] },
        response: masks[index].indices.filter { masks[index][$0] == 1 }.map { sequences[index][prompt + $0] },
        advantages: [try advantages[index].floats()[0]])
    }
    old = try Self.values("old", tensors, masks)
    var objective = PolicyObjective()
    objective.temperature = reference.number("temperature")
    objective.klWeight = reference.number("kl_loss_coef")
    objective.entropyWeight = reference.number("entropy_loss_coef")
    objective.clipLow = reference.number("eps_clip_low")
    objective.clipHigh = reference.number("eps_clip_high")
    self.objective = objective
  }

  static func values(_ name: String, _ tensors: [String: Tensor], _ masks: [[Float]]) throws -> [[Float]] {
    let tensor = try #require(tensors[name])
    return try masks.indices.map { index in
      try zip(tensor[index].floats(), masks[index]).filter { $0.1 == 1 }.map(\.0)
    }
  }

  func values(_ name: String) throws -> [[Float]] {
    try Self.values(name, tensors, PolicyVectorTests.matrix(reference.at("response_mask")))
  }

  func model(scalingB scale: Double = 0.3, base: LlamaModel? = nil, dtype: DType = .float32) throws -> TrainableLlama {
    let base = base ?? self.base
    let settings = LoRASettings(
      rank: try reference.at("lora").integer("r"), alpha: try reference.at("lora").number("alpha"), dropout: 0)
    let adapter = try LoRAAdapter(
      settings: settings, model: base, computeDType: TrainableLlama.adapterComputeDType(for: dtype, on: .cpu), seed: 1)
    let start = try Golden.tensors("sft/lora_init.safetensors")
    for module in adapter.modules {
      try module.a.copy(from: #require(start["\(module.name).lora_A.weight"]))
      try module.b.copy(from: #require(start["\(module.name).lora_B.weight"]) * scale)
    }
    try adapter.valuesChanged()
    return try TrainableLlama(base: base, adapter: adapter, computeDType: dtype)
  }

  func largest(_ found: [[Float]], _ wanted: [[Float]]) -> Float {
    #expect(found.map(\.count) == wanted.map(\.count))
    return zip(found.joined(), wanted.joined()).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  // MARK: Against SkyRL

  @Test func rewardsBecomeAdvantages() throws {
    let rewards = try reference.at("rewards").floats.map { Double($0) }
    let groups = try reference.at("uids").array!.map { $0.string ?? "" }
    for group in Set(groups) {
      let members = groups.indices.filter { groups[$0] == group }
      let found = GroupAdvantages.advantages(of: members.map { rewards[$0] })
      for (member, advantage) in zip(members, found) {
        #expect(abs(try #require(advantage) - rows[member].advantages[0]) < 1e-5)
      }
    }
  }

  @Test(arguments: ProcessorPaths.runnable)
  func gradients(_ paths: ProcessorPaths) throws {
    try withProcessorPaths(paths) {
      let model = try model()
      let batch = try PolicyBatch(rows, model: base)
      let reference = try model.logProbabilities(batch, isAdapted: false, objective: objective)
      #expect(largest(reference, try values("ref")) < 1e-4)
      let found = try model.logProbabilities(batch, objective: objective)
      #expect(largest(found, try values("logprobs")) < 1e-4)
      let pass = try model.accumulatePolicyGradients(
        batch, reference: reference, old: old, objective: objective, counts: PolicyRow.counts(of: rows))
      #expect(pass.logProbabilities == found)
      for module in model.adapter.modules {
        for (factor, found) in [("A", module.gradientA), ("B", module.gradientB)] {
          let wanted = try #require(tensors["grad.\(module.name).lora_\(factor).weight"])
          let largest = try Float(wanted.magnitude().maximum().item())
          #expect(try distance(found, wanted) < 1e-3 * largest, "\(module.name) \(factor)")
        }
      }
    }
  }

  @Test func updates() throws {
    let settings = try reference.at("optimizer")
    for (name, steps) in try #require(try reference.at("runs").object).members {
      let model = try model()
      var adamW = AdamW.Settings()
      adamW.weightDecay = settings.number("weight_decay")
      adamW.epsilon = settings.number("eps")
      let optimizer = try AdamW(count: model.adapter.count, device: .cpu, settings: adamW)
      let batch = try PolicyBatch(rows, model: base)
      let counts = PolicyRow.counts(of: rows)
      let reference = try model.logProbabilities(batch, isAdapted: false, objective: objective)
      for (step, wanted) in (steps.array ?? []).enumerated() {
        try model.adapter.clearGradients()
        let pass = try model.accumulatePolicyGradients(
          batch, reference: reference, old: old, objective: objective, counts: counts)
        let norm = try clipNorm(of: model.adapter.gradients, to: settings.number("max_grad_norm"))
        let metrics = Dictionary(pass.sums.metrics(counts).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        for (key, found) in [
          ("policy_loss", metrics[PolicyMetric.policyLoss]), ("clip_ratio", metrics[PolicyMetric.clipRatio]),
          ("kl", metrics[PolicyMetric.kl]), ("entropy", metrics[PolicyMetric.entropy]),
          ("total", metrics[PolicyMetric.loss]), ("grad_norm", norm),
        ] {
          let wanted = wanted.number(key)
          #expect(abs(try #require(found) - wanted) < 1e-3 * max(0.1, abs(wanted)), "\(name) step \(step) \(key)")
        }
        try optimizer.step(
          model.adapter.values, gradients: model.adapter.gradients, learningRate: wanted.number("lr"))
      }
      for module in model.adapter.modules {
        for (factor, found) in [("A", module.a), ("B", module.b)] {
          let wanted = try #require(tensors["\(name).\(module.name).lora_\(factor).weight"])
          // AdamW makes steps of one size of gradients that are 10⁻⁵ of the largest or less, whose float32 digits are
          // the order of summation's: those move by less than the steps.
          let gradient = try #require(tensors["grad.\(module.name).lora_\(factor).weight"]).floats().map(abs)
          let largest = gradient.max() ?? 0
          let rates = (steps.array ?? []).reduce(0) { $0 + $1.number("lr") }
          for (index, (one, other)) in zip(try found.floats(), try wanted.floats()).enumerated() {
            let allowed = gradient[index] > 1e-5 * largest ? 2e-5 : Float(rates)
            #expect(abs(one - other) < allowed, "\(name) \(module.name) \(factor) [\(index)]")
          }
        }
      }
    }
  }
}
