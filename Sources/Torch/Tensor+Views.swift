import CTorch

extension Tensor {
  /// This tensor in another dtype or on another device; itself when nothing changes.
  public func to(_ dtype: DType? = nil, device: Device? = nil) throws(TorchError) -> Tensor {
    try Tensor.make { ct_to(pointer, (dtype ?? self.dtype).code, (device ?? self.device).code, $0) }
  }

  /// A dense copy.
  public func clone() throws(TorchError) -> Tensor { try Tensor.make { ct_clone(pointer, $0) } }

  /// This tensor if it is dense and row-major, else a copy that is.
  public func contiguous() throws(TorchError) -> Tensor { try Tensor.make { ct_contiguous(pointer, $0) } }

  /// Writes `source` (same shape after broadcasting) over the elements.
  public func copy(from source: Tensor) throws(TorchError) { try check(ct_copy_into(pointer, source.pointer)) }

  /// The same elements in another shape; one size may be -1. A view where the strides allow it.
  public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
    try withShape(shape) { sizes, rank throws(TorchError) in
      try Tensor.make { ct_reshape(pointer, sizes, rank, $0) }
    }
  }

  /// A view that repeats dimensions of size 1; -1 keeps a size.
  public func expanded(_ shape: [Int]) throws(TorchError) -> Tensor {
    try withShape(shape) { sizes, rank throws(TorchError) in
      try Tensor.make { ct_expand(pointer, sizes, rank, $0) }
    }
  }

  /// A view with the dimensions in another order.
  public func permuted(_ order: [Int]) throws(TorchError) -> Tensor {
    try withShape(order) { dimensions, rank throws(TorchError) in
      try Tensor.make { ct_permute(pointer, dimensions, rank, $0) }
    }
  }

  /// A view with two dimensions swapped.
  public func transposed(_ first: Int = -2, _ second: Int = -1) throws(TorchError) -> Tensor {
    try Tensor.make { ct_transpose(pointer, Int64(first), Int64(second), $0) }
  }

  /// A view of part of a dimension.
  public func sliced(_ range: Range<Int>, step: Int = 1, dimension: Int = 0) throws(TorchError) -> Tensor {
    try Tensor.make {
      ct_slice(pointer, Int64(dimension), Int64(range.lowerBound), Int64(range.upperBound), Int64(step), $0)
    }
  }

  /// A view of one index of a dimension, which is dropped; negative indices count from the end.
  public func selected(_ index: Int, dimension: Int = 0) throws(TorchError) -> Tensor {
    try Tensor.make { ct_select(pointer, Int64(dimension), Int64(index), $0) }
  }

  /// The same as ``selected(_:dimension:)`` of the first dimension.
  public subscript(index: Int) -> Tensor {
    get throws { try selected(index) }
  }

  /// The same as ``sliced(_:step:dimension:)`` of the first dimension.
  public subscript(range: Range<Int>) -> Tensor {
    get throws { try sliced(range) }
  }

  /// A view with a dimension of size 1 inserted.
  public func unsqueezed(_ dimension: Int) throws(TorchError) -> Tensor {
    try Tensor.make { ct_unsqueeze(pointer, Int64(dimension), $0) }
  }

  /// A view without a dimension, if its size is 1.
  public func squeezed(_ dimension: Int) throws(TorchError) -> Tensor {
    try Tensor.make { ct_squeeze(pointer, Int64(dimension), $0) }
  }

  public static func concatenate(_ tensors: [Tensor], dimension: Int = 0) throws(TorchError) -> Tensor {
    try withHandles(tensors) { handles, count throws(TorchError) in
      try make { ct_concatenate(handles, count, Int64(dimension), $0) }
    }
  }

  /// Puts tensors of one shape side by side along a new dimension.
  public static func stack(_ tensors: [Tensor], dimension: Int = 0) throws(TorchError) -> Tensor {
    try withHandles(tensors) { handles, count throws(TorchError) in
      try make { ct_stack(handles, count, Int64(dimension), $0) }
    }
  }

  /// The entries of a dimension whose places `indices` (1-D, integers) names.
  public func selecting(_ indices: Tensor, dimension: Int = 0) throws(TorchError) -> Tensor {
    try Tensor.make { ct_index_select(pointer, Int64(dimension), indices.pointer, $0) }
  }

  /// Elements along a dimension at the places in `indices`, which has as many dimensions as this tensor.
  public func gathering(_ indices: Tensor, dimension: Int = -1) throws(TorchError) -> Tensor {
    try Tensor.make { ct_gather(pointer, Int64(dimension), indices.pointer, $0) }
  }

  /// `ifTrue` where the condition holds, else `ifFalse`.
  public static func select(_ condition: Tensor, _ ifTrue: Tensor, _ ifFalse: Tensor) throws(TorchError) -> Tensor {
    try make { ct_where(condition.pointer, ifTrue.pointer, ifFalse.pointer, $0) }
  }

  /// A copy with `value` where the mask is true.
  public func filling(_ mask: Tensor, with value: Double) throws(TorchError) -> Tensor {
    try Tensor.make { ct_masked_fill(pointer, mask.pointer, value, $0) }
  }

  /// A copy with zeros above the diagonal (0: the main one, positive: further up).
  public func lowerTriangle(diagonal: Int = 0) throws(TorchError) -> Tensor {
    try Tensor.make { ct_triangle(pointer, Int64(diagonal), false, $0) }
  }

  /// A copy with zeros below the diagonal.
  public func upperTriangle(diagonal: Int = 0) throws(TorchError) -> Tensor {
    try Tensor.make { ct_triangle(pointer, Int64(diagonal), true, $0) }
  }
}
