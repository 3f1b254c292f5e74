import CTorch

/// Owns one C handle.
final class TensorHandle: @unchecked Sendable {
  // libtorch counts references atomically, so handles may cross threads; writing to a tensor that another thread reads
  // is the program's mistake here as it is in libtorch.
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { ct_tensor_free(pointer) }
}

/// An n-dimensional array of libtorch.
///
/// A value of this type is a reference: copies and views share memory, and the in-place operations change what all of
/// them see. Failing operators throw a ``TorchError`` that names the operator and the shapes.
///
///     let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
///     try x.matmul(x).floats()   // [7, 10, 15, 22]
public struct Tensor: Sendable {
  let handle: TensorHandle

  var pointer: OpaquePointer { handle.pointer }

  init(owning pointer: OpaquePointer) { handle = TensorHandle(pointer) }

  /// Runs a call of the boundary that makes a tensor.
  @inline(__always)
  static func make(_ body: (UnsafeMutablePointer<OpaquePointer?>) -> ct_status) throws(TorchError) -> Tensor {
    var out: OpaquePointer?
    try check(body(&out))
    guard let out else { throw TorchError(.unknown, "an operator returned nothing") }
    return Tensor(owning: out)
  }

  /// Number of dimensions.
  public var rank: Int { Int(ct_rank(pointer)) }

  /// Sizes of the dimensions.
  public var shape: [Int] { (0..<ct_rank(pointer)).map { Int(ct_size(pointer, $0)) } }

  /// Elements between neighbours of each dimension.
  public var strides: [Int] { (0..<ct_rank(pointer)).map { Int(ct_stride(pointer, $0)) } }

  /// Size of one dimension; negative ones count from the last.
  public func size(_ dimension: Int) -> Int {
    let rank = self.rank
    let index = dimension < 0 ? dimension + rank : dimension
    precondition((0..<rank).contains(index), "dimension \(dimension) of a tensor with \(rank)")
    return Int(ct_size(pointer, Int32(index)))
  }

  /// Number of elements.
  public var count: Int { Int(ct_element_count(pointer)) }

  public var dtype: DType { DType(code: ct_tensor_dtype(pointer)) }
  public var device: Device { Device(code: ct_tensor_device(pointer)) }
  public var isContiguous: Bool { ct_is_contiguous(pointer) }
  public var byteCount: Int { count * dtype.byteWidth }
}

extension Tensor: CustomStringConvertible {
  /// Dtype, shape and device, such as "float32[2, 3]"; the values stay out.
  public var description: String {
    "\(dtype.rawValue)\(shape)" + (device == .cpu ? "" : " on \(device)")
  }
}

/// Runs `body` with the shape as the C boundary wants it.
@inline(__always)
func withShape<Result>(
  _ shape: [Int], _ body: (UnsafePointer<Int64>?, Int32) throws(TorchError) -> Result
) throws(TorchError) -> Result {
  // Int and Int64 have the same layout on every platform that libtorch runs on.
  let wide = shape.map(Int64.init)
  return try wide.withUnsafeBufferPointer { buffer throws(TorchError) in
    try body(buffer.baseAddress, Int32(buffer.count))
  }
}

/// Runs `body` with the handles of several tensors.
func withHandles<Result>(
  _ tensors: [Tensor], _ body: (UnsafePointer<OpaquePointer?>?, Int32) throws(TorchError) -> Result
) throws(TorchError) -> Result {
  let handles: [OpaquePointer?] = tensors.map(\.pointer)
  defer { withExtendedLifetime(tensors) {} }
  return try handles.withUnsafeBufferPointer { buffer throws(TorchError) in
    try body(buffer.baseAddress, Int32(buffer.count))
  }
}
