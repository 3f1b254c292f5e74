import CTorch

// Operators of the training path. Their backward passes are written out beside them; none records gradients.

extension Tensor {
  /// self = beta · self + alpha · left · right, in place; all three are matrices, views allowed.
  ///
  /// Dtypes may differ. Where bfloat16 products are native (``ProcessorPaths``), and on a GPU, the wider operand is
  /// first rounded to the dtype of the narrower; where they are widened, both are widened to float32, which rounds
  /// nothing. On a CPU the sum is float32 and the result is rounded once, to this tensor's dtype; on a GPU the sum is
  /// rounded to the operands' dtype before a wider tensor takes it. With beta 0 what was here does not matter.
  public func setProduct(
    _ left: Tensor, _ right: Tensor, scaledBy alpha: Double = 1, addingTo beta: Double = 0
  ) throws(TorchError) {
    try check(ct_multiply_into(pointer, left.pointer, right.pointer, beta, alpha))
  }

  /// self += the gradient of ``rmsNorm(weight:epsilon:)`` of `x`, for `gradient` with respect to its result; all [rows,
  /// W].
  public func addRMSNormGradient(
    x: Tensor, weight: Tensor, gradient: Tensor, epsilon: Double
  ) throws(TorchError) {
    try check(ct_rms_norm_backward(x.pointer, weight.pointer, gradient.pointer, epsilon, pointer))
  }

  /// Overwrites `gate` and `up` [rows, W] (rows may be strided) with the gradients of silu(gate) · up.
  public static func replaceBySiLUMultiplyGradients(
    gate: Tensor, up: Tensor, gradient: Tensor
  ) throws(TorchError) {
    try check(ct_silu_multiply_backward(gate.pointer, up.pointer, gradient.pointer))
  }

  /// Rotary embedding in place of the first `heads` heads of each row: self [T, ≥ heads·D], cosine and sine [T, D/2]
  /// float32. `inverse` turns back, which is also what the gradient needs.
  public func rotateInPlace(heads: Int, cosine: Tensor, sine: Tensor, inverse: Bool = false) throws(TorchError) {
    try check(ct_rotate_in_place(pointer, Int64(heads), cosine.pointer, sine.pointer, inverse))
  }

  /// Dropout by a mask that `seed` and each element's index decide: the same seed gives the same mask.
  public func countedDropout(_ probability: Double, seed: UInt64) throws(TorchError) -> Tensor {
    try Tensor.make { ct_counted_dropout(pointer, probability, seed, $0) }
  }

  /// self += ``countedDropout(_:seed:)`` of `x`: the backward pass of the same dropout.
  public func addCountedDropout(_ x: Tensor, _ probability: Double, seed: UInt64) throws(TorchError) {
    try check(ct_add_counted_dropout(pointer, x.pointer, probability, seed))
  }

  /// Losses −log softmax(self)[target] of each row, [rows]; this tensor [rows, V], float32, becomes their gradient
  /// (softmax − one-hot) · scale.
  public func replaceByCrossEntropyGradient(targets: Tensor, scale: Double) throws(TorchError) -> Tensor {
    try Tensor.make { ct_cross_entropy(pointer, targets.pointer, scale, $0) }
  }

  /// self[places[i]] += rows[i]; places int64 [n], rows [n, W].
  public func addRows(_ rows: Tensor, at places: Tensor) throws(TorchError) {
    try check(ct_add_rows(pointer, places.pointer, rows.pointer))
  }

  /// self[places[i]] = rows[i]; places int64 [n], none of them twice, rows [n, W].
  public func setRows(_ rows: Tensor, at places: Tensor) throws(TorchError) {
    try check(ct_set_rows(pointer, places.pointer, rows.pointer))
  }

  /// One AdamW update of this tensor in place (Loshchilov and Hutter 2019, as torch.optim.AdamW computes it).
  /// - Parameter step: counts from 1.
  public func updateByAdamW(
    gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, step: Int, learningRate: Double,
    betas: (Double, Double), epsilon: Double, weightDecay: Double
  ) throws(TorchError) {
    try check(
      ct_adamw(
        pointer, gradient.pointer, firstMoment.pointer, secondMoment.pointer, Int64(step), learningRate, betas.0,
        betas.1, epsilon, weightDecay))
  }
}

/// Causal attention of sequences that stand one after the other in a matrix, each token with its query heads, key heads
/// and value heads: [T, (heads + 2·groups)·D]. No token sees another sequence; several may share their beginning.
public struct PackedAttention: Sendable {
  public let heads: Int
  /// Key and value heads; `heads` is a multiple.
  public let groups: Int
  public let scale: Double

  public init(heads: Int, groups: Int, scale: Double) {
    self.heads = heads
    self.groups = groups
    self.scale = scale
  }

  /// Which rows of a matrix are one sequence.
  public struct Segments: Sendable, Equatable {
    /// Segment i is the rows bounds[i] ..< bounds[i + 1]; the first bound is 0, the last the number of rows.
    public var bounds: [Int]
    /// For each segment the earlier one that it continues, whose rows it sees too, or −1. The earlier one starts at its
    /// own first token.
    public var prefixes: [Int]

    /// - Parameter prefixes: nil: no segment continues another.
    public init(bounds: [Int], prefixes: [Int]? = nil) {
      self.bounds = bounds
      self.prefixes = prefixes ?? Array(repeating: -1, count: max(0, bounds.count - 1))
    }
  }

  /// - Returns: the mixed values [T, heads·D], and the log-sum-exp of each row of scores, which the gradient needs.
  public func callAsFunction(
    _ packed: Tensor, _ segments: Segments
  ) throws(TorchError) -> (output: Tensor, normalizers: Tensor) {
    var output: OpaquePointer?
    var normalizers: OpaquePointer?
    try withPlaces(segments) { bounds, prefixes, count throws(TorchError) in
      try check(
        ct_causal_attention(
          packed.pointer, Int64(heads), Int64(groups), bounds, prefixes, count, scale, &output, &normalizers))
    }
    guard let output, let normalizers else { throw TorchError(.unknown, "an operator returned nothing") }
    return (Tensor(owning: output), Tensor(owning: normalizers))
  }

  /// The gradient with respect to `packed`, for `gradient` with respect to `output`.
  public func gradient(
    packed: Tensor, output: Tensor, normalizers: Tensor, gradient: Tensor, _ segments: Segments
  ) throws(TorchError) -> Tensor {
    try withPlaces(segments) { bounds, prefixes, count throws(TorchError) in
      try Tensor.make {
        ct_causal_attention_backward(
          packed.pointer, output.pointer, normalizers.pointer, gradient.pointer, Int64(heads), Int64(groups), bounds,
          prefixes, count, scale, $0)
      }
    }
  }

  private func withPlaces<Result>(
    _ segments: Segments,
    _ body: (UnsafePointer<Int64>?, UnsafePointer<Int64>?, Int32) throws(TorchError) -> Result
  ) throws(TorchError) -> Result {
    guard segments.prefixes.count == segments.bounds.count - 1 else {
      throw TorchError(
        .argument,
        "causal attention: found \(segments.prefixes.count) prefixes, expected one for each of "
          + "\(segments.bounds.count - 1) segments"
      )
    }
    return try withShape(segments.bounds) { bounds, count throws(TorchError) in
      try withShape(segments.prefixes) { prefixes, _ throws(TorchError) in try body(bounds, prefixes, count - 1) }
    }
  }
}
