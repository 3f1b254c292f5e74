import Torch

/// A LoRA adapter beside a weight: the layer adds scale · B·A·x.
package struct LowRankUpdate: Sendable {
  /// [r, in], float32
  package let a: Tensor
  /// [out, r], float32
  package let b: Tensor
  package let scale: Double

  package init(a: Tensor, b: Tensor, scale: Double) {
    self.a = a
    self.b = b
    self.scale = scale
  }

  /// scale · B·A, [out, in] float32: the product first, then the factor, as PEFT does.
  func delta() throws -> Tensor { try b.matmul(a) * scale }
}

/// One or several linear layers that read the same input: queries, keys and values; or gate and up.
///
/// Their weights are one matrix where they were copied anyway (on a GPU), so that one product serves all; on a CPU they
/// stay where they are, which is the mapped file if it has the model's dtype.
package final class Linear: Sendable {
  /// [sum of outputs, in], or [outputs, in] of each part.
  package let weights: [Tensor]
  /// Outputs of each part.
  package let widths: [Int]
  /// Adapters that were not merged, by part.
  package let updates: [[LowRankUpdate]]

  init(weights: [Tensor], widths: [Int], updates: [[LowRankUpdate]] = []) {
    self.weights = weights
    self.widths = widths
    self.updates = updates.allSatisfy(\.isEmpty) ? [] : updates
  }

  /// One layer: x [T, in] -> [T, out], plus `residual` [T, out].
  func callAsFunction(_ x: Tensor, adding residual: Tensor? = nil) throws -> Tensor {
    if updates.isEmpty { return try x.streamedLinear(weights[0], adding: residual) }
    let output = try parts(x)[0]
    return if let residual { try output + residual } else { output }
  }

  /// The output of each part: [T, width], views of one tensor where the weights are one.
  func parts(_ x: Tensor) throws -> [Tensor] { try products(x).parts }

  /// The outputs of all parts side by side: [T, sum of widths].
  func joined(_ x: Tensor) throws -> Tensor {
    let (products, parts) = try products(x)
    return try products.count == 1 ? products[0] : Tensor.concatenate(parts, dimension: 1)
  }

  /// One product for each weight, and the parts as views of them.
  private func products(_ x: Tensor) throws -> (products: [Tensor], parts: [Tensor]) {
    let products = try weights.map { try x.streamedLinear($0) }
    let outputs = try products.count < widths.count ? split(products[0]) : products
    if !updates.isEmpty {
      let wide = try x.to(.float32)
      for (output, updates) in zip(outputs, updates) {
        for update in updates {
          try output.add(wide.linear(update.a).linear(update.b), scaledBy: update.scale)
        }
      }
    }
    return (products, outputs)
  }

  private func split(_ joined: Tensor) throws -> [Tensor] {
    var start = 0
    return try widths.map { width in
      defer { start += width }
      return try joined.sliced(start..<start + width, dimension: 1)
    }
  }
}
