import CTorch

extension Tensor {
  /// Copies `values` (row-major) into a new tensor on the CPU.
  public init<Element: TensorElement>(_ values: [Element], shape: [Int]? = nil) throws(TorchError) {
    self = try values.withUnsafeBufferPointer { elements throws(TorchError) in
      try Tensor(bytes: UnsafeRawBufferPointer(elements), shape: shape ?? [values.count], dtype: Element.dtype)
    }
  }

  /// Copies dense row-major bytes into a new tensor on the CPU.
  public init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) throws(TorchError) {
    self = try withShape(shape) { sizes, rank throws(TorchError) in
      try Tensor.make { ct_from_bytes(bytes.baseAddress, bytes.count, sizes, rank, dtype.code, $0) }
    }
  }

  /// A CPU tensor over memory that somebody else owns, such as a mapped file; nothing is copied.
  ///
  /// - Parameters:
  ///   - memory: dense row-major bytes, aligned to the element, exactly as many as shape and dtype need.
  ///   - owner: kept alive as long as any tensor uses the memory.
  ///
  /// The memory may be read-only: then in-place operations on the tensor crash the process.
  public init(
    memory: UnsafeRawBufferPointer, shape: [Int], dtype: DType, owner: any AnyObject & Sendable
  ) throws(TorchError) {
    let context = Unmanaged.passRetained(owner as AnyObject)
    do {
      self = try withShape(shape) { sizes, rank throws(TorchError) in
        try Tensor.make {
          ct_from_memory(
            UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count, sizes, rank, dtype.code,
            { Unmanaged<AnyObject>.fromOpaque($0!).release() }, context.toOpaque(), $0)
        }
      }
    } catch {
      context.release()
      throw error
    }
  }

  /// Uninitialised memory.
  public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws(TorchError) -> Tensor
  {
    try withShape(shape) { sizes, rank throws(TorchError) in
      try make { ct_empty(sizes, rank, dtype.code, device.code, $0) }
    }
  }

  public static func full(
    _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try withShape(shape) { sizes, rank throws(TorchError) in
      try make { ct_full(sizes, rank, value, dtype.code, device.code, $0) }
    }
  }

  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws(TorchError) -> Tensor
  {
    try full(shape, 0, dtype: dtype, device: device)
  }

  public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws(TorchError) -> Tensor {
    try full(shape, 1, dtype: dtype, device: device)
  }

  /// start, start + step, … below `end`.
  public static func range(
    _ start: Double = 0, to end: Double, by step: Double = 1, dtype: DType = .float32, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try make { ct_arange(start, end, step, dtype.code, device.code, $0) }
  }

  /// The elements, row-major, in the dtype they have; throws when `Element` is another.
  public func values<Element: TensorElement>(_: Element.Type = Element.self) throws(TorchError) -> [Element] {
    guard dtype == Element.dtype else {
      throw TorchError(.argument, "values: found \(self), expected \(Element.dtype.rawValue)")
    }
    var failure: TorchError?
    let count = self.count
    let result = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      let status = ct_copy_out(pointer, raw.baseAddress, count * MemoryLayout<Element>.stride)
      if status == CT_OK { initialized = count } else { failure = TorchError(status: status) }
    }
    if let failure { throw failure }
    return result
  }

  /// The elements as Float, converted if they are of another dtype.
  public func floats() throws(TorchError) -> [Float] { try to(.float32).values(Float.self) }

  /// The one element of a tensor that has just one.
  public func item() throws(TorchError) -> Double {
    guard count == 1 else { throw TorchError(.argument, "item: found \(self), expected one element") }
    return try to(.float64).values(Double.self)[0]
  }

  /// Dense row-major bytes of the tensor, in its dtype.
  public func bytes() throws(TorchError) -> [UInt8] {
    var failure: TorchError?
    let count = byteCount
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let status = ct_copy_out(pointer, buffer.baseAddress, count)
      if status == CT_OK { initialized = count } else { failure = TorchError(status: status) }
    }
    if let failure { throw failure }
    return result
  }

  /// Gives the memory of a contiguous CPU tensor to `body`, without a copy.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try withUnsafeMutableBytes { try body(UnsafeRawBufferPointer($0)) }
  }

  /// Gives the memory of a contiguous CPU tensor to `body` for writing.
  public func withUnsafeMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) throws -> Result
  {
    guard device == .cpu, isContiguous else {
      throw TorchError(.argument, "bytes: found \(self) with strides \(strides), expected a contiguous CPU tensor")
    }
    defer { withExtendedLifetime(handle) {} }
    return try body(UnsafeMutableRawBufferPointer(start: ct_data(pointer), count: byteCount))
  }
}
