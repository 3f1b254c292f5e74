/// A tensor encoding of GGUF files. Numbers, block lengths and block sizes are those of ggml.
public enum GGMLType: UInt32, Sendable, Hashable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case bf16 = 30

  /// The name that ggml's tools print.
  public var name: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .q4_0: "Q4_0"
    case .q4_1: "Q4_1"
    case .q5_0: "Q5_0"
    case .q5_1: "Q5_1"
    case .q8_0: "Q8_0"
    case .q4_K: "Q4_K"
    case .q5_K: "Q5_K"
    case .q6_K: "Q6_K"
    case .bf16: "BF16"
    }
  }

  /// Values in one block.
  public var blockLength: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
    case .q4_K, .q5_K, .q6_K: 256
    }
  }

  /// Bytes of one block.
  public var blockByteCount: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q4_0: 2 + 16  // scale, nibbles
    case .q4_1: 2 + 2 + 16  // scale, minimum, nibbles
    case .q5_0: 2 + 4 + 16  // scale, fifth bits, nibbles
    case .q5_1: 2 + 2 + 4 + 16
    case .q8_0: 2 + 32  // scale, bytes
    case .q4_K: 2 + 2 + 12 + 128  // scale, minimum scale, 8 × (6-bit scale, 6-bit minimum), nibbles
    case .q5_K: 2 + 2 + 12 + 32 + 128
    case .q6_K: 128 + 64 + 16 + 2  // low nibbles, high bit pairs, 16 scales, scale
    }
  }

  /// The names of types that ggml has and this package does not decode, for the error message.
  static let unsupportedNames: [UInt32: String] = [
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
  ]
}
