import Torch

/// AdamW over one vector of parameters (Loshchilov and Hutter 2019), computed as torch.optim.AdamW does, in float32.
public final class AdamW {
  public struct Settings: Sendable, Hashable {
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    /// Decoupled: each step takes learning rate · weightDecay of every value away.
    public var weightDecay = 0.0

    public init() {}

    func check() throws {
      guard (0..<1).contains(beta1), (0..<1).contains(beta2) else {
        throw TrainingError(.setting, "found betas \(beta1) and \(beta2), expected 0 or more and less than 1")
      }
      guard epsilon > 0, epsilon.isFinite, weightDecay >= 0, weightDecay.isFinite else {
        throw TrainingError(
          .setting, "found epsilon \(epsilon) and weight decay \(weightDecay), expected more than 0, and 0 or more")
      }
    }
  }

  public let settings: Settings
  /// Running means of the gradients and of their squares, as the parameters.
  public let firstMoment: Tensor
  public let secondMoment: Tensor
  /// Updates made.
  public private(set) var stepCount = 0

  public init(count: Int, device: Device, settings: Settings = Settings()) throws {
    try settings.check()
    self.settings = settings
    firstMoment = try Tensor.zeros([count], device: device)
    secondMoment = try Tensor.zeros([count], device: device)
  }

  /// Changes `values` in place.
  public func step(_ values: Tensor, gradients: Tensor, learningRate: Double) throws {
    stepCount += 1
    try values.updateByAdamW(
      gradient: gradients, firstMoment: firstMoment, secondMoment: secondMoment, step: stepCount,
      learningRate: learningRate, betas: (settings.beta1, settings.beta2), epsilon: settings.epsilon,
      weightDecay: settings.weightDecay)
  }

  func restore(stepCount: Int) { self.stepCount = stepCount }
}

/// Scales `gradients` in place so that their Euclidean norm is at most `maximum`, as torch's clip_grad_norm_.
///
/// - Parameter maximum: 0: they stay as they are.
/// - Returns: the norm before clipping; not finite where a gradient is not.
@discardableResult
public func clipNorm(of gradients: Tensor, to maximum: Double) throws -> Double {
  let norm = try gradients.norm().item()
  if maximum > 0, norm.isFinite {
    let coefficient = Float(maximum) / (Float(norm) + 1e-6)
    if coefficient < 1 { try gradients.multiply(Double(coefficient)) }
  }
  return norm
}
