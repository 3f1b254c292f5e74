import Llama
import ModelFiles
import Torch

/// A frozen Llama with a trainable LoRA adapter: forward and backward, with what the backward pass needs kept or made
/// again.
///
/// Nothing is recorded for automatic differentiation: the backward pass is a plain loop over the blocks that chains
/// their vector-Jacobian products. Not for use from several threads at once.
public final class TrainableLlama {
  public let base: LlamaModel
  public let adapter: LoRAAdapter
  /// Keep only each block's input and run the block again in the backward pass: a quarter more time, a fraction of the
  /// memory.
  public var checkpointing: Bool
  /// Rows of logits that stand in memory together, each of the vocabulary's width in float32.
  public var logitRows = 256
  let dtype: DType
  private let blocks: [TrainableBlock]
  private let finalNorm: LlamaModel.Norm

  /// - Parameter computeDType: of activations; nil: that of the base model.
  public init(
    base: LlamaModel, adapter: LoRAAdapter, computeDType: DType? = nil, checkpointing: Bool = false
  ) throws {
    let dtype = computeDType ?? base.dtype
    guard dtype == .float32 || dtype == .bfloat16 else {
      throw TrainingError(.setting, "found compute dtype \(dtype.rawValue), expected float32 or bfloat16")
    }
    guard base.hasPlainWeights else {
      throw TrainingError(
        .model,
        "found a base model with weights as \(base.weightFormats), expected \(base.dtype.rawValue): small weights "
          + "are for reading, not for training")
    }
    self.base = base
    self.adapter = adapter
    self.checkpointing = checkpointing
    self.dtype = dtype
    blocks = try zip(base.blocks, adapter.factors).map { block, factors in
      try TrainableBlock(
        block, configuration: base.configuration, factors: factors, settings: adapter.settings, dtype: dtype)
    }
    finalNorm = LlamaModel.Norm(weight: try base.finalNorm.weight.to(dtype), epsilon: base.finalNorm.epsilon)
    guard base.head.updates.isEmpty else {
      throw TrainingError(.model, "found a base model with an adapter beside its weights, expected it merged")
    }
  }

  /// The dtype that LoRA's products run in beside activations of `dtype`: bfloat16 on a GPU, and where a CPU's products
  /// of it are native.
  public static func adapterComputeDType(for dtype: DType, on device: Device) -> DType {
    // Without paths there is no model either: loading one throws what is wrong with them.
    let isNative = device != .cpu || (try? ProcessorPaths.current())?.bfloat16Products == .native
    return dtype == .bfloat16 && isNative ? .bfloat16 : .float32
  }

  /// Adds scale · d(sum of the losses) to the adapter's gradients.
  ///
  /// - Parameters:
  ///   - scale: 1 / number of supervised tokens of the whole optimizer step makes the step's loss their mean.
  ///   - dropoutSeed: decides all dropout masks; nil: no dropout.
  /// - Returns: the loss of each supervised token.
  public func accumulateGradients(_ batch: TokenBatch, scale: Double, dropoutSeed: UInt64?) throws -> [Float] {
    let (x, tape) = try forward(batch, dropoutSeed: dropoutSeed)
    let (losses, gradient) = try crossEntropy(x, batch, scale: scale)
    if let gradient { try backward(gradient, tape) }
    return losses
  }

  /// The loss of each supervised token, without dropout and gradients.
  public func losses(_ batch: TokenBatch) throws -> [Float] {
    return try crossEntropy(infer(batch, isAdapted: true), batch, scale: nil).losses
  }

  /// The base model with the adapter's values beside its weights, as they are whenever it computes: for generating in
  /// the course of training.
  public func generatingModel() throws -> LlamaModel {
    let updates = adapter.modules.map {
      ($0.name, LowRankUpdate(a: $0.a, b: $0.b, scale: adapter.settings.scale))
    }
    return try base.adding(Dictionary(updates, uniquingKeysWith: { _, last in last }))
  }

  // MARK: Forward and backward

  /// What a forward pass leaves for the backward pass.
  struct Tape {
    let batch: TokenBatch
    let dropoutSeed: UInt64?
    /// Each block's input when checkpointing.
    var inputs: [Tensor] = []
    /// What each block keeps otherwise.
    var saved: [TrainableBlock.Saved] = []
  }

  /// - Returns: the last block's output [T, H], not normalised yet.
  func forward(_ batch: TokenBatch, dropoutSeed: UInt64?) throws -> (output: Tensor, tape: Tape) {
    var tape = Tape(batch: batch, dropoutSeed: dropoutSeed)
    var x = try embed(batch)
    for (layer, block) in blocks.enumerated() {
      let seeds = seeds(dropoutSeed, layer)
      var saved = try block.prepare(x, batch: batch, seeds: seeds)
      if checkpointing { tape.inputs.append(x) }
      x = try block.finish(&saved, seeds: seeds)
      if !checkpointing { tape.saved.append(saved) }
    }
    return (x, tape)
  }

  /// The last block's output [T, H] without dropout, and with nothing kept for a backward pass.
  /// - Parameter isAdapted: false: that of the base model.
  func infer(_ batch: TokenBatch, isAdapted: Bool) throws -> Tensor {
    var x = try embed(batch)
    for block in blocks { x = try block.infer(x, batch: batch, isAdapted: isAdapted) }
    return x
  }

  /// Chains the blocks' gradients, from `gradient` [T, H] with respect to ``forward(_:dropoutSeed:)``'s output, which
  /// is overwritten.
  func backward(_ gradient: Tensor, _ tape: consuming Tape) throws {
    for layer in blocks.indices.reversed() {
      let seeds = seeds(tape.dropoutSeed, layer)
      let saved =
        checkpointing
        ? try blocks[layer].prepare(tape.inputs.removeLast(), batch: tape.batch, seeds: seeds)
        : tape.saved.removeLast()
      try blocks[layer].backward(
        gradient, saved: saved, batch: tape.batch, seeds: seeds, wantsInputGradient: layer > 0)
    }
  }

  private func embed(_ batch: TokenBatch) throws -> Tensor {
    try base.embeddings.embedding(batch.tokens, dtype: dtype).to(device: base.device)  // [T, H]
  }

  private func seeds(_ seed: UInt64?, _ layer: Int) -> TrainableBlock.Seeds {
    TrainableBlock.Seeds(
      values: seed.map { seed in
        LinearGroup.allCases.map { mixed(seed, UInt64(layer * LinearGroup.allCases.count + $0.rawValue)) }
      })
  }

  // MARK: Output head

  /// Losses at the supervised positions, and the gradient [T, H] of scale · their sum with respect to `x`, the last
  /// block's output.
  func crossEntropy(_ x: Tensor, _ batch: TokenBatch, scale: Double?) throws -> (losses: [Float], gradient: Tensor?) {
    var losses: [Float] = []
    let gradient = try throughHead(x, batch, wantsGradient: scale != nil) { logits, rows in
      losses += try logits.replaceByCrossEntropyGradient(targets: batch.targets[rows], scale: scale ?? 0).floats()
    }
    return (losses, gradient)
  }

  /// Hands out the logits at the supervised positions, `logitRows` at a time, float32 [rows, V], with the numbers of
  /// the positions.
  /// - Parameter body: where a gradient is wanted, it turns the logits into a loss's gradient in place.
  /// - Returns: that gradient with respect to `x` [T, H], the last block's output; nil where none is wanted.
  func throughHead(
    _ x: Tensor, _ batch: TokenBatch, wantsGradient: Bool, _ body: (_ logits: Tensor, _ rows: Range<Int>) throws -> Void
  ) throws -> Tensor? {
    let chosen = try x.selecting(batch.predictors)  // [n, H]
    let normalized = try finalNorm(chosen)
    let weight = base.head.weights[0].values  // [V, H]
    let count = chosen.size(0)
    let normalizedGradient = try wantsGradient ? Tensor.empty(chosen.shape, dtype: dtype, device: x.device) : nil
    for first in stride(from: 0, to: count, by: logitRows) {
      let rows = first..<min(first + logitRows, count)
      let logits = try Tensor.empty([rows.count, weight.size(0)], device: x.device)
      try logits.setProduct(normalized[rows], weight.transposed())
      try body(logits, rows)
      if let normalizedGradient { try normalizedGradient[rows].setProduct(logits, weight) }
    }
    guard let normalizedGradient else { return nil }
    let chosenGradient = try Tensor.zeros(chosen.shape, dtype: dtype, device: x.device)
    try chosenGradient.addRMSNormGradient(
      x: chosen, weight: finalNorm.weight, gradient: normalizedGradient, epsilon: finalNorm.epsilon)
    let gradient = try Tensor.zeros(x.shape, dtype: dtype, device: x.device)
    try gradient.addRows(chosenGradient, at: batch.predictors)
    return gradient
  }
}

/// A number that a seed and a counter decide (one step of SplitMix64).
func mixed(_ seed: UInt64, _ counter: UInt64) -> UInt64 {
  var z = seed &+ (counter &+ 1) &* 0x9E37_79B9_7F4A_7C15
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}
