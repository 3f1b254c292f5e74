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
/// stay where they are, which is the mapped file if it has the model's dtype, and one call serves all.
package final class Linear: Sendable {
  /// [sum of outputs, in], or [outputs, in] of each part.
  package let weights: [Weight]
  /// Outputs of each part.
  package let widths: [Int]
  /// Adapters that were not merged, by part.
  package let updates: [[LowRankUpdate]]

  init(weights: [Weight], widths: [Int], updates: [[LowRankUpdate]] = []) {
    self.weights = weights
    self.widths = widths
    self.updates = updates.allSatisfy(\.isEmpty) ? [] : updates
  }

  /// One layer: x [T, in] -> [T, out], plus `residual` [T, out].
  func callAsFunction(_ x: Tensor, adding residual: Tensor? = nil) throws -> Tensor {
    if updates.isEmpty { return try x.products(with: weights, adding: residual) }
    let output = try joined(x)
    return if let residual { try output + residual } else { output }
  }

  /// The output of each part: [T, width], views of one tensor.
  func parts(_ x: Tensor) throws -> [Tensor] { try split(joined(x)) }

  /// The outputs of all parts side by side: [T, sum of widths].
  func joined(_ x: Tensor) throws -> Tensor {
    let outputs = try x.products(with: weights)
    guard !updates.isEmpty else { return outputs }
    let wide = try x.to(.float32)
    for (output, updates) in zip(try split(outputs), updates) {
      for update in updates {
        let low = try wide.products(with: [Weight(update.a)])
        try output.add(low.products(with: [Weight(update.b)]), scaledBy: update.scale)
      }
    }
    return outputs
  }

  private func split(_ joined: Tensor) throws -> [Tensor] {
    guard widths.count > 1 else { return [joined] }
    var start = 0
    return try widths.map { width in
      defer { start += width }
      return try joined.sliced(start..<start + width, dimension: 1)
    }
  }
}
