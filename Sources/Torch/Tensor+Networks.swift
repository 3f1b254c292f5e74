import CTorch

extension Tensor {
  /// Matrix product, batched over leading dimensions: [.., n, k] · [.., k, m] -> [.., n, m].
  public func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
    try Tensor.make { ct_matmul(pointer, other.pointer, $0) }
  }

  /// [.., in] · weight[out, in]ᵀ + bias[out] -> [.., out]
  public func linear(_ weight: Tensor, bias: Tensor? = nil) throws(TorchError) -> Tensor {
    try Tensor.make { ct_linear(pointer, weight.pointer, bias?.pointer, $0) }
  }

  /// Rows of this table [rows, width] at integer `indices` of any shape -> [.., width].
  public func embedding(_ indices: Tensor) throws(TorchError) -> Tensor {
    try Tensor.make { ct_embedding(pointer, indices.pointer, $0) }
  }

  /// Zeroes elements with the given probability and scales the others by 1/(1 - probability).
  public func dropout(_ probability: Double, generator: Generator) throws(TorchError) -> Tensor {
    try Tensor.make { ct_dropout(pointer, probability, generator.pointer, $0) }
  }

  /// Scaled-dot-product attention of queries [B, H, L, D] on keys and values [B, Hkv, S, D] -> [B, H, L, D].
  ///
  /// H is a multiple of Hkv: each key/value head serves a group of query heads. `mask` (bool: true takes part; or
  /// float: added) broadcasts to [B, H, L, S]; `causal` masks what lies right of the diagonal that starts at the upper
  /// left corner. The default scale is 1/√D.
  public func attention(
    keys: Tensor, values: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Double? = nil
  ) throws(TorchError) -> Tensor {
    let factor = scale ?? 1 / Double(max(size(-1), 1)).squareRoot()
    return try Tensor.make {
      ct_attention(pointer, keys.pointer, values.pointer, mask?.pointer, causal, factor, $0)
    }
  }

  // MARK: Fused operators of the inference path; they record no gradients.

  /// Each row over its root mean square (computed in float32), times weight: LlamaRMSNorm. [.., W] -> [.., W]
  public func rmsNorm(weight: Tensor, epsilon: Double) throws(TorchError) -> Tensor {
    try Tensor.make { ct_rms_norm(pointer, weight.pointer, epsilon, $0) }
  }

  /// silu(self) · up, both [.., rows, W]; rows may be strided.
  public func siluMultiply(_ up: Tensor) throws(TorchError) -> Tensor {
    try Tensor.make { ct_silu_multiply(pointer, up.pointer, $0) }
  }

  /// Causal attention of the newest rows of several sequences: queries [T, H·D], the sequences one after the other, ->
  /// [T, H·D]. Rows may be strided.
  ///
  /// - Parameters:
  ///   - pool: [rows, 2·groups·D]: of each position its keys, then its values.
  ///   - sequences: where their rows and positions are.
  public func pooledAttention(
    pool: Tensor, groups: Int, _ sequences: PooledSequences, scale: Double
  ) throws(TorchError) -> Tensor {
    try Tensor.make { out in
      sequences.places.withUnsafeBufferPointer {
        ct_pooled_attention(
          pointer, pool.pointer, Int64(groups), $0.baseAddress, sequences.placesOnDevice.pointer,
          Int32(sequences.count), scale, out)
      }
    }
  }
}

/// Where the rows of several sequences are in a step, and their keys and values in a pool.
public struct PooledSequences: Sendable {
  /// What a step knows of one sequence.
  public struct Sequence: Sendable {
    /// New rows, which are the last of its positions.
    let rows: Int
    /// The first of its positions in the pool; the others follow.
    let start: Int
    /// Positions with the new ones.
    let length: Int

    public init(rows: Int, start: Int, length: Int) {
      self.rows = rows
      self.start = start
      self.length = length
    }
  }

  let count: Int
  /// As `ct_pooled_attention` takes them.
  let places: [Int32]
  let placesOnDevice: Tensor

  /// - Throws: `TorchError` of code `.argument` for a place that 32 bits do not hold.
  public init(_ sequences: [Sequence], device: Device) throws(TorchError) {
    let bounds = sequences.reduce(into: [0]) { $0.append($0.last! + $1.rows) }
    let all = bounds + sequences.map(\.start) + [0] + sequences.map(\.length)
    guard let largest = all.max(), largest <= Int32.max, all.allSatisfy({ $0 >= 0 }) else {
      throw TorchError(.argument, "pooled attention: found a place outside of 0 to \(Int32.max)")
    }
    count = sequences.count
    places = all.map(Int32.init)
    placesOnDevice = try Tensor(places).to(device: device)
  }
}
