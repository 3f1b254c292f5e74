import Llama
import ModelFiles
import Torch

/// A transformer block whose linear layers are adapted, forward and backward.
struct TrainableBlock: Sendable {
  let attentionNorm: LlamaModel.Norm
  let queryKeyValue: AdaptedLinear
  let attention: PackedAttention
  let output: AdaptedLinear
  let feedForwardNorm: LlamaModel.Norm
  let gateUp: AdaptedLinear
  let down: AdaptedLinear

  init(
    _ block: LlamaModel.Block, configuration: LlamaConfiguration, factors: [LoRAAdapter.Factors],
    settings: LoRASettings, dtype: DType
  ) throws {
    func linear(_ linear: Linear, _ group: LinearGroup) throws -> AdaptedLinear {
      try AdaptedLinear(linear, factors: factors[group.rawValue], settings: settings)
    }
    func norm(_ norm: LlamaModel.Norm) throws -> LlamaModel.Norm {
      LlamaModel.Norm(weight: try norm.weight.to(dtype), epsilon: norm.epsilon)
    }
    attentionNorm = try norm(block.attentionNorm)
    queryKeyValue = try linear(block.attention.queryKeyValue, .queryKeyValue)
    attention = PackedAttention(
      heads: configuration.headCount, groups: configuration.keyValueHeadCount, scale: block.attention.scale)
    output = try linear(block.attention.output, .output)
    feedForwardNorm = try norm(block.feedForwardNorm)
    gateUp = try linear(block.feedForward.gateUp, .gateUp)
    down = try linear(block.feedForward.down, .down)
  }

  /// What the backward pass needs and does not make again: the norms' outputs and silu(gate) · up are cheap, the rest
  /// is not.
  struct Saved {
    let x: Tensor  // [T, H]
    let packed: Tensor  // [T, (Hq + 2 Hkv)·D], rotated
    let packedLowRank: Tensor
    let mixed: Tensor  // [T, Hq·D]
    let normalizers: Tensor  // [Hkv, Hq/Hkv, T]
    let mixedLowRank: Tensor
    let h: Tensor  // [T, H], after attention
    let gateUp: Tensor  // [T, 2F]
    let gateUpLowRank: Tensor
    /// Made again where a checkpointed block is run anew, which then ends before it.
    var downLowRank: Tensor?
  }

  /// Seeds of the four groups' dropout masks; nil: nothing is dropped.
  struct Seeds: Sendable {
    let values: [UInt64]?
    subscript(_ group: LinearGroup) -> UInt64? { values?[group.rawValue] }
  }

  /// Everything up to the feed-forward block's last product.
  func prepare(_ x: Tensor, batch: TokenBatch, seeds: Seeds) throws -> Saved {
    let normalized = try attentionNorm(x)
    let packedLowRank = try queryKeyValue.lowRank(normalized, seed: seeds[.queryKeyValue])
    let packed = try queryKeyValue(normalized, lowRank: packedLowRank)
    try packed.rotateInPlace(heads: attention.heads + attention.groups, cosine: batch.cosine, sine: batch.sine)
    let (mixed, normalizers) = try attention(packed, batch.segments)
    let mixedLowRank = try output.lowRank(mixed, seed: seeds[.output])
    let h = try output(mixed, lowRank: mixedLowRank, adding: x)
    let hNormalized = try feedForwardNorm(h)
    let gateUpLowRank = try gateUp.lowRank(hNormalized, seed: seeds[.gateUp])
    return Saved(
      x: x, packed: packed, packedLowRank: packedLowRank, mixed: mixed, normalizers: normalizers,
      mixedLowRank: mixedLowRank, h: h, gateUp: try gateUp(hNormalized, lowRank: gateUpLowRank),
      gateUpLowRank: gateUpLowRank)
  }

  /// The block's output, [T, H].
  func finish(_ saved: inout Saved, seeds: Seeds) throws -> Tensor {
    let (gate, up) = try halves(saved.gateUp)
    let active = try gate.siluMultiply(up)  // [T, F]
    let lowRank = try down.lowRank(active, seed: seeds[.down])
    saved.downLowRank = lowRank
    return try down(active, lowRank: lowRank, adding: saved.h)
  }

  /// The block's output [T, H] without dropout, and with nothing kept.
  /// - Parameter isAdapted: false: that of the frozen weights alone.
  func infer(_ x: Tensor, batch: TokenBatch, isAdapted: Bool) throws -> Tensor {
    func apply(_ layer: AdaptedLinear, _ x: Tensor, adding residual: Tensor? = nil) throws -> Tensor {
      try layer(x, lowRank: isAdapted ? layer.lowRank(x, seed: nil) : nil, adding: residual)
    }
    let packed = try apply(queryKeyValue, attentionNorm(x))
    try packed.rotateInPlace(heads: attention.heads + attention.groups, cosine: batch.cosine, sine: batch.sine)
    let h = try apply(output, attention(packed, batch.segments).output, adding: x)
    let (gate, up) = try halves(apply(gateUp, feedForwardNorm(h)))
    return try apply(down, gate.siluMultiply(up), adding: h)
  }

  /// Turns `gradient` [T, H] with respect to the output into that with respect to the input, in place, and adds to the
  /// adapters' gradients. `saved.gateUp` is overwritten. Without `wantsInputGradient`, which the first block does not
  /// need, `gradient` is left as it is after the attention.
  func backward(
    _ gradient: Tensor, saved: Saved, batch: TokenBatch, seeds: Seeds, wantsInputGradient: Bool
  ) throws {
    let (gate, up) = try halves(saved.gateUp)
    do {
      let active = try gate.siluMultiply(up)
      let lowRank = try saved.downLowRank ?? down.lowRank(active, seed: seeds[.down])
      let activeGradient = try down.backward(gradient, x: active, lowRank: lowRank, seed: seeds[.down])!
      try Tensor.replaceBySiLUMultiplyGradients(gate: gate, up: up, gradient: activeGradient)
    }
    do {
      let normalizedGradient = try gateUp.backward(
        saved.gateUp, x: feedForwardNorm(saved.h), lowRank: saved.gateUpLowRank, seed: seeds[.gateUp])!
      try gradient.addRMSNormGradient(
        x: saved.h, weight: feedForwardNorm.weight, gradient: normalizedGradient, epsilon: feedForwardNorm.epsilon)
    }
    let mixedGradient = try output.backward(
      gradient, x: saved.mixed, lowRank: saved.mixedLowRank, seed: seeds[.output])!
    let packedGradient = try attention.gradient(
      packed: saved.packed, output: saved.mixed, normalizers: saved.normalizers, gradient: mixedGradient,
      batch.segments)
    try packedGradient.rotateInPlace(
      heads: attention.heads + attention.groups, cosine: batch.cosine, sine: batch.sine, inverse: true)
    let normalizedGradient = try queryKeyValue.backward(
      packedGradient, x: attentionNorm(saved.x), lowRank: saved.packedLowRank, seed: seeds[.queryKeyValue],
      wantsInputGradient: wantsInputGradient)
    if let normalizedGradient {
      try gradient.addRMSNormGradient(
        x: saved.x, weight: attentionNorm.weight, gradient: normalizedGradient, epsilon: attentionNorm.epsilon)
    }
  }

  private func halves(_ gateUp: Tensor) throws -> (gate: Tensor, up: Tensor) {
    let width = gateUp.size(1) / 2
    return (try gateUp.columns(0..<width), try gateUp.columns(width..<2 * width))
  }
}
