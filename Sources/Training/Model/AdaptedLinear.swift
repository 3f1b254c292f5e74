import Llama
import Torch

/// Frozen linear layers that read the same input, with their LoRA factors: y_i = W_i x + s · B_i A_i dropout(x).
///
/// The backward pass is written out: what it needs is x and u = A dropout(x); no gradient of W is ever made. The layers
/// of a group share one dropout mask, so that the A factors are one product (PEFT draws a mask for each layer; each
/// layer by itself sees the same distribution).
struct AdaptedLinear: Sendable {
  /// [outputs, in] each; together the group's layers in order, whether joined or apart.
  let weights: [Tensor]
  let factors: LoRAAdapter.Factors
  /// alpha / rank
  let scale: Double
  let dropout: Double

  init(_ linear: Linear, factors: LoRAAdapter.Factors, settings: LoRASettings) throws {
    guard linear.updates.isEmpty else {
      throw TrainingError(
        .model, "found a base model with an adapter beside its weights, expected it merged into them")
    }
    weights = linear.weights.map(\.values)
    self.factors = factors
    scale = settings.scale
    dropout = settings.dropout
  }

  private func dropped(_ x: Tensor, _ seed: UInt64?) throws -> Tensor {
    if let seed, dropout > 0 { try x.countedDropout(dropout, seed: seed) } else { x }
  }

  /// u = dropout(x) · Aᵀ, [T, layers · r]. Without a seed nothing is dropped.
  func lowRank(_ x: Tensor, seed: UInt64?) throws -> Tensor {
    let u = try Tensor.empty([x.size(0), factors.a.size(0)], dtype: factors.a.dtype, device: x.device)
    try u.setProduct(dropped(x, seed), factors.a.transposed())
    return u
  }

  /// x [T, in], u of ``lowRank(_:seed:)`` -> the layers' outputs side by side [T, sum of outputs], plus `residual`.
  /// Without `u` those of the frozen weights alone.
  func callAsFunction(_ x: Tensor, lowRank u: Tensor?, adding residual: Tensor? = nil) throws -> Tensor {
    let width = weights.reduce(0) { $0 + $1.size(0) }
    let y = try residual?.clone() ?? Tensor.empty([x.size(0), width], dtype: x.dtype, device: x.device)
    for (weight, columns) in zip(weights, columns(of: weights)) {
      try y.columns(columns).setProduct(x, weight.transposed(), addingTo: residual == nil ? 0 : 1)
    }
    guard let u else { return y }
    for (index, (b, columns)) in zip(factors.b, columns(of: factors.b)).enumerated() {
      try y.columns(columns).setProduct(u.columns(ranks(index)), b.transposed(), scaledBy: scale, addingTo: 1)
    }
    return y
  }

  /// Adds to the factors' gradients for `gradient` [T, sum of outputs] with respect to the outputs, and returns the
  /// gradient with respect to x, [T, in], if it is wanted.
  func backward(
    _ gradient: Tensor, x: Tensor, lowRank u: Tensor, seed: UInt64?, wantsInputGradient: Bool = true
  ) throws -> Tensor? {
    // dU = s · dY·B;  dB += s · dYᵀ·U;  dA += dUᵀ·dropout(x)
    let du = try Tensor.empty(u.shape, dtype: u.dtype, device: u.device)
    for (index, (b, columns)) in zip(factors.b, columns(of: factors.b)).enumerated() {
      let part = try gradient.columns(columns)
      try du.columns(ranks(index)).setProduct(part, b, scaledBy: scale)
      try factors.gradientB[index].setProduct(
        part.transposed(), u.columns(ranks(index)), scaledBy: scale, addingTo: 1)
    }
    try factors.gradientA.setProduct(du.transposed(), dropped(x, seed), addingTo: 1)
    guard wantsInputGradient else { return nil }
    // dX = dY·W + mask ∘ (dU·A)
    let dx = try Tensor.empty(x.shape, dtype: x.dtype, device: x.device)
    for (index, (weight, columns)) in zip(weights, columns(of: weights)).enumerated() {
      try dx.setProduct(gradient.columns(columns), weight, addingTo: index == 0 ? 0 : 1)
    }
    if let seed, dropout > 0 {
      let beforeMask = try Tensor.empty(x.shape, dtype: x.dtype, device: x.device)
      try beforeMask.setProduct(du, factors.a)
      try dx.addCountedDropout(beforeMask, dropout, seed: seed)
    } else {
      try dx.setProduct(du, factors.a, addingTo: 1)
    }
    return dx
  }

  private func ranks(_ index: Int) -> Range<Int> {
    let rank = factors.b[index].size(1)
    return index * rank..<(index + 1) * rank
  }

  /// Where each matrix's outputs stand in the joined output.
  private func columns(of matrices: [Tensor]) -> [Range<Int>] {
    var start = 0
    return matrices.map { matrix in
      defer { start += matrix.size(0) }
      return start..<start + matrix.size(0)
    }
  }
}

extension Tensor {
  func columns(_ range: Range<Int>) throws -> Tensor { try sliced(range, dimension: 1) }
}
