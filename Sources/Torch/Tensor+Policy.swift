import CTorch

/// Bounds of a policy's loss on tokens: what logits are divided by, and where ratios are held.
public struct PolicyBounds: Sendable, Hashable {
  public var temperature: Double
  public var clipLow: Double
  public var clipHigh: Double
  /// Where the ratio of tokens with a negative advantage is held; infinity: nowhere.
  public var dualClip: Double

  public init(temperature: Double, clipLow: Double, clipHigh: Double, dualClip: Double = .infinity) {
    self.temperature = temperature
    self.clipLow = clipLow
    self.clipHigh = clipHigh
    self.dualClip = dualClip
  }

  fileprivate var options: ct_policy_options {
    ct_policy_options(
      temperature: Float(temperature), clip_low: Float(clipLow), clip_high: Float(clipHigh),
      dual_clip: Float(dualClip))
  }
}

extension Tensor {
  /// Figures of each row of logits, self [rows, V] float32: the target's log-probability at the temperature, the
  /// entropy, the ratio to `old` (1 where nil) and k3 of `reference` (0 where nil), [rows, 4].
  public func policyFigures(
    targets: Tensor, old: Tensor? = nil, reference: Tensor? = nil, bounds: PolicyBounds
  ) throws(TorchError) -> Tensor {
    try Tensor.make {
      ct_policy_rows(
        pointer, targets.pointer, old?.pointer, reference?.pointer, nil, bounds.options, false, $0)
    }
  }

  /// The same; this tensor becomes the gradient of the sum over its rows of
  ///
  ///     − gain · min(r, 1 + high) + loss · min(max(r, 1 − low), dual) + divergence · k3 − entropy · H
  ///
  /// with `weights` [rows, 4] float32 of gain, loss (not negative), divergence and entropy.
  public func replaceByPolicyGradient(
    targets: Tensor, old: Tensor?, reference: Tensor?, weights: Tensor, bounds: PolicyBounds
  ) throws(TorchError) -> Tensor {
    try Tensor.make {
      ct_policy_rows(
        pointer, targets.pointer, old?.pointer, reference?.pointer, weights.pointer, bounds.options, true, $0)
    }
  }
}
