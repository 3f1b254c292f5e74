import CTorch

/// A matrix of weights, [out, in], as products of rows read it.
public struct Weight: Sendable {
  public enum Format: String, Sendable, CaseIterable {
    /// As they are, in the dtype of what they multiply.
    case plain
    /// Whole numbers of 8 bits and a scale for each output.
    case int8
    /// Blocks of ggml: 32 values (256 of those that end in K) with scales of their own.
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q8_0 = "Q8_0"
    case q4_K = "Q4_K"
    case q6_K = "Q6_K"

    var code: ct_weight_format {
      switch self {
      case .plain: CT_WEIGHT_PLAIN
      case .int8: CT_WEIGHT_INT8
      case .q4_0: CT_WEIGHT_Q4_0
      case .q4_1: CT_WEIGHT_Q4_1
      case .q8_0: CT_WEIGHT_Q8_0
      case .q4_K: CT_WEIGHT_Q4_K
      case .q6_K: CT_WEIGHT_Q6_K
      }
    }
  }

  public let format: Format
  /// [out, in]; of blocks the bytes of each row, uint8.
  public let values: Tensor
  /// [out], float32; nil where the format has none.
  public let scales: Tensor?
  /// Where rows stand as llama.cpp interleaves the halves of heads: how many rows a head has; else 0.
  private let headDimension: Int

  private init(format: Format, values: Tensor, scales: Tensor?, headDimension: Int) {
    self.format = format
    self.values = values
    self.scales = scales
    self.headDimension = headDimension
  }

  /// Weights as they are.
  public init(_ values: Tensor) {
    self.init(format: .plain, values: values, scales: nil, headDimension: 0)
  }

  /// - Parameters:
  ///   - int8: [out, in]
  ///   - scales: [out], float32
  public init(int8: Tensor, scales: Tensor) {
    self.init(format: .int8, values: int8, scales: scales, headDimension: 0)
  }

  /// - Parameters:
  ///   - blocks: uint8, [out, bytes of a row]; such as a part of a mapped file.
  ///   - headDimension: where rows stand as llama.cpp interleaves the halves of heads: how many rows a head has; else 0.
  public init(blocks: Tensor, format: Format, headDimension: Int = 0) {
    self.init(format: format, values: blocks, scales: nil, headDimension: headDimension)
  }

  /// Number of outputs.
  public var outputs: Int { values.size(0) }
  /// Bytes that a product reads.
  public var byteCount: Int { values.byteCount + (scales?.byteCount ?? 0) }

  var operand: ct_weight {
    ct_weight(
      format: format.code, values: values.pointer, scales: scales?.pointer, head_dimension: Int64(headDimension))
  }

  /// The same weights as whole numbers of 8 bits: each row's largest magnitude becomes 127, and what lies between two
  /// numbers the nearest. Off by up to 1/254 of the row's largest magnitude.
  /// - Throws: `TorchError` that names the place of a number that is not finite.
  public func int8() throws(TorchError) -> Weight {
    let (values, scales) = try made(CT_WEIGHT_INT8)
    guard let scales else { throw TorchError(.unknown, "a weight came out without scales") }
    return Weight(int8: values, scales: scales)
  }

  /// The same weights in blocks of Q4_0, 16 levels for 32 values: of the scales near the one that makes the largest
  /// magnitude a level, that with the least squared error. Rows have to divide into blocks.
  /// - Throws: `TorchError` that names the place of a number that is not finite or larger than 524,032.
  public func int4() throws(TorchError) -> Weight {
    Weight(blocks: try made(CT_WEIGHT_Q4_0).values, format: .q4_0)
  }

  private func made(_ format: ct_weight_format) throws(TorchError) -> (values: Tensor, scales: Tensor?) {
    var (values, scales): (OpaquePointer?, OpaquePointer?)
    var operand = operand
    try withExtendedLifetime(self) { () throws(TorchError) in
      try check(ct_make_weight(&operand, format, &values, &scales))
    }
    guard let values else { throw TorchError(.unknown, "a weight came out empty") }
    return (Tensor(owning: values), scales.map { Tensor(owning: $0) })
  }

  /// Rows as numbers, where the weights are: indices [n], int64 -> [n, in].
  public func embedding(_ indices: Tensor, dtype: DType) throws(TorchError) -> Tensor {
    if format == .plain { return try values.embedding(indices.to(device: values.device)).to(dtype) }
    return try rows(indices, dtype: dtype == .bfloat16 ? .bfloat16 : .float32).to(dtype)
  }

  /// Rows as numbers, of weights on the CPU: [n, in].
  /// - Parameters:
  ///   - places: int64 [n]; nil: all.
  ///   - dtype: float32 or bfloat16.
  public func rows(_ places: Tensor? = nil, dtype: DType) throws(TorchError) -> Tensor {
    var operand = operand
    return try withExtendedLifetime(self) { () throws(TorchError) in
      try Tensor.make { ct_weight_rows(&operand, places?.pointer, dtype.code, $0) }
    }
  }
}
