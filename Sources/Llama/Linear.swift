import Torch

/// A LoRA adapter beside a weight: the layer adds scale · B·A·x.
struct LowRankUpdate: Sendable {
  /// [r, in], float32
  let a: Tensor
  /// [out, r], float32
  let b: Tensor
  let scale: Double

  /// scale · B·A, [out, in] float32: the product first, then the factor, as PEFT does.
  func delta() throws -> Tensor { try b.matmul(a) * scale }
}

/// One or several linear layers that read the same input: queries, keys and values; or gate and up.
///
/// Their weights stand together as one matrix where they were copied anyway (packed for the CPU, or on a GPU), so that
/// one product serves all; mapped weights stay where they are in the file.
final class Linear: Sendable {
  enum Storage: Sendable {
    /// In oneDNN's layout, all parts in one.
    case packed(PackedLinear)
    /// [sum of outputs, in], all parts in one.
    case fused(Tensor)
    /// [outputs, in] each.
    case separate([Tensor])
  }

  let storage: Storage
  /// Outputs of each part.
  let widths: [Int]
  /// Adapters that were not merged, by part.
  let updates: [[LowRankUpdate]]

  init(storage: Storage, widths: [Int], updates: [[LowRankUpdate]] = []) {
    self.storage = storage
    self.widths = widths
    self.updates = updates.allSatisfy(\.isEmpty) ? [] : updates
  }

  /// One layer: x [T, in] -> [T, out], plus `residual` [T, out].
  func callAsFunction(_ x: Tensor, adding residual: Tensor? = nil) throws -> Tensor {
    if case .packed(let packed) = storage, updates.isEmpty { return try packed(x, adding: residual) }
    let output = try parts(x)[0]
    return if let residual { try output + residual } else { output }
  }

  /// The output of each part: [T, width], views of one tensor where the weights are one.
  func parts(_ x: Tensor) throws -> [Tensor] {
    let outputs: [Tensor]
    switch storage {
    case .packed(let packed): outputs = try split(packed(x))
    case .fused(let weight): outputs = try split(x.linear(weight))
    case .separate(let weights): outputs = try weights.map { try x.linear($0) }
    }
    if !updates.isEmpty {
      let wide = try x.to(.float32)
      for (output, updates) in zip(outputs, updates) {
        for update in updates {
          try output.add(wide.linear(update.a).linear(update.b), scaledBy: update.scale)
        }
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
