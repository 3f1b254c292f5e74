/// What happens to adapters when a model is loaded.
public enum MergePolicy: String, Sendable, CaseIterable {
  /// Each adapter is added in float32 and the sum rounded to the model's dtype, one adapter after the other: bit for
  /// bit what PEFT's `merge_and_unload` does.
  case peft
  /// All adapters are added in float32 and the sum is rounded once.
  case fp32
  /// Adapters stay beside the weights and are applied in the forward pass.
  case none
}
