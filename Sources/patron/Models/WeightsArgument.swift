import ArgumentParser
import Llama
import Torch

/// What `--weights` takes: a type for all numbers, or a smaller form of the matrices.
enum WeightsArgument: String, CaseIterable, ExpressibleByArgument {
  case auto, bfloat16, float32, stored, int8, int4

  var format: WeightFormat {
    switch self {
    case .auto: .auto
    case .bfloat16, .float32: .plain
    case .stored: .stored
    case .int8: .int8
    case .int4: .int4
    }
  }

  /// Nil where `--dtype` chooses.
  var dtype: DType? {
    switch self {
    case .bfloat16: .bfloat16
    case .float32: .float32
    case .auto, .stored, .int8, .int4: nil
    }
  }
}
