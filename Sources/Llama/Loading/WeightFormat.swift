import ModelFiles
import Torch

/// How a model holds its matrices. Norms are of the model's dtype always.
public enum WeightFormat: String, Sendable, CaseIterable {
  /// What is best known: ``automatic``.
  case auto
  /// In the model's dtype.
  case plain
  /// The blocks of a GGUF file as they lie in the mapped file, which are decoded as they are multiplied: the results
  /// are those of ``plain``, the memory is the file's. ``plain`` where an adapter is merged, or where the file has
  /// something else.
  case stored
  /// Whole numbers of 8 bits with a scale for each output. Adapters are merged before.
  case int8
  /// 16 levels for 32 values with a scale (GGUF's Q4_0); ``int8`` where rows do not divide into 32 values. Adapters are
  /// merged before.
  case int4

  /// To become `.int8` on a CPU once its dev scores are measured: no figure more than 0.5 points lower.
  static let automatic = WeightFormat.plain

  /// This format, chosen for ``auto``.
  var resolved: WeightFormat { self == .auto ? Self.automatic : self }

  /// - Throws: `LlamaError` where the device or the dtype does not go with it.
  func check(device: Device, dtype: DType) throws {
    guard resolved != .plain else { return }
    guard device == .cpu else {
      throw LlamaError(
        .option, "found weights as \(rawValue) on \(device), expected bfloat16, float16 or float32: smaller weights are "
          + "for a CPU")
    }
    guard dtype == .float32 || dtype == .bfloat16 else {
      throw LlamaError(
        .option, "found weights as \(rawValue) with dtype \(dtype.rawValue), expected bfloat16 or float32")
    }
  }
}

extension Weight.Format {
  /// The format of ggml's blocks as products read them; nil for those that have to be decoded first.
  init?(_ type: GGMLType) {
    switch type {
    case .q4_0: self = .q4_0
    case .q4_1: self = .q4_1
    case .q8_0: self = .q8_0
    case .q4_K: self = .q4_K
    case .q6_K: self = .q6_K
    case .f32, .f16, .bf16, .q5_0, .q5_1, .q5_K: return nil
    }
  }
}
