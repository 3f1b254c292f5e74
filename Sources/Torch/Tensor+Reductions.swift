import CTorch

extension Tensor {
  private func reduced(_ op: ct_reduction, _ dimension: Int?, _ keep: Bool) throws(TorchError) -> Tensor {
    try Tensor.make { ct_reduce(op, pointer, dimension != nil, Int64(dimension ?? 0), keep, $0) }
  }

  // Over one dimension, or over all elements when none is given.
  public func sum(_ dimension: Int? = nil, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_SUM, dimension, keep)
  }
  public func mean(_ dimension: Int? = nil, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_MEAN, dimension, keep)
  }
  public func maximum(_ dimension: Int? = nil, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_MAX, dimension, keep)
  }
  public func minimum(_ dimension: Int? = nil, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_MIN, dimension, keep)
  }
  /// Place of the largest element (int64); the first one on a tie.
  public func argmax(_ dimension: Int? = nil, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_ARGMAX, dimension, keep)
  }
  public func logSumExp(_ dimension: Int, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_LOGSUMEXP, dimension, keep)
  }
  /// Euclidean norm.
  public func norm(_ dimension: Int? = nil, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_NORM2, dimension, keep)
  }
  public func all(_ dimension: Int? = nil, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_ALL, dimension, keep)
  }
  public func any(_ dimension: Int? = nil, keepingDimension keep: Bool = false) throws(TorchError) -> Tensor {
    try reduced(CT_ANY, dimension, keep)
  }
  public func variance(
    _ dimension: Int, unbiased: Bool = true, keepingDimension keep: Bool = false
  ) throws(TorchError) -> Tensor {
    try Tensor.make { ct_variance(pointer, Int64(dimension), unbiased, keep, $0) }
  }
  public func cumulativeSum(_ dimension: Int = -1) throws(TorchError) -> Tensor {
    try Tensor.make { ct_cumulative_sum(pointer, Int64(dimension), $0) }
  }
  public func softmax(_ dimension: Int = -1) throws(TorchError) -> Tensor {
    try Tensor.make { ct_softmax(pointer, Int64(dimension), $0) }
  }
  public func logSoftmax(_ dimension: Int = -1) throws(TorchError) -> Tensor {
    try Tensor.make { ct_log_softmax(pointer, Int64(dimension), $0) }
  }

  /// Sorted values and where they stood (int64); equal elements keep their order.
  public func sorted(_ dimension: Int = -1, descending: Bool = false) throws(TorchError) -> (
    values: Tensor, indices: Tensor
  ) {
    try pair { ct_sort(pointer, Int64(dimension), descending, $0, $1) }
  }

  /// The k largest values, the largest first, and where they stood (int64).
  public func topK(_ k: Int, dimension: Int = -1) throws(TorchError) -> (values: Tensor, indices: Tensor) {
    try pair { ct_top_k(pointer, Int64(k), Int64(dimension), $0, $1) }
  }

  private func pair(
    _ body: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> ct_status
  ) throws(TorchError) -> (values: Tensor, indices: Tensor) {
    var values: OpaquePointer?
    var indices: OpaquePointer?
    try check(body(&values, &indices))
    guard let values, let indices else { throw TorchError(.unknown, "an operator returned nothing") }
    return (Tensor(owning: values), Tensor(owning: indices))
  }
}
