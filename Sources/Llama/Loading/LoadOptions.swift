import ModelFiles
import Torch

/// Everything that decides how a model is loaded.
public struct LoadOptions: Sendable {
  public var adapters: [AdapterFolder]
  public var merge: MergePolicy
  /// nil: ``LoadOptions/defaultDType``.
  public var dtype: DType?
  public var device: Device
  public var weights: WeightFormat
  /// Bytes that keys and values may take; nil: a quarter of the memory, or half of what is free on a GPU.
  public var keyValueBudget: Int?

  public init(
    adapters: [AdapterFolder] = [], merge: MergePolicy = .peft, dtype: DType? = nil, device: Device = .cpu,
    weights: WeightFormat = .auto, keyValueBudget: Int? = nil
  ) {
    self.adapters = adapters
    self.merge = merge
    self.dtype = dtype
    self.device = device
    self.weights = weights
    self.keyValueBudget = keyValueBudget
  }

  /// bfloat16: half the memory of float32, and faster wherever weights are streamed, which is what one-token steps wait
  /// for. Processors without bfloat16 instructions multiply in float32 and lose nothing on long prompts. float32 is for
  /// comparisons to the last digit.
  public static let defaultDType = DType.bfloat16
}
