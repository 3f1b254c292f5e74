import CTorch

/// A seeded source of random numbers on one device. Not for use from several threads at once.
public final class Generator: @unchecked Sendable {
  let pointer: OpaquePointer
  public let device: Device

  public init(seed: UInt64, device: Device = .cpu) throws(TorchError) {
    var out: OpaquePointer?
    try check(ct_generator_create(seed, device.code, &out))
    guard let out else { throw TorchError(.unknown, "generator returned nothing") }
    pointer = out
    self.device = device
  }

  deinit { ct_generator_free(pointer) }

  /// Everything that the next draws depend on, for checkpoints.
  public func state() throws(TorchError) -> [UInt8] {
    var count = 0
    try check(ct_generator_get_state(pointer, nil, &count))
    var bytes = [UInt8](repeating: 0, count: count)
    try check(ct_generator_get_state(pointer, &bytes, &count))
    return bytes
  }

  /// Goes back to a state that ``state()`` returned.
  public func restore(_ state: [UInt8]) throws(TorchError) {
    try check(ct_generator_set_state(pointer, state, state.count))
  }
}

extension Tensor {
  /// Uniform in [0, 1).
  public static func random(_ shape: [Int], generator: Generator, dtype: DType = .float32) throws(TorchError) -> Tensor
  {
    try withShape(shape) { sizes, rank throws(TorchError) in
      try make { ct_rand(sizes, rank, generator.pointer, dtype.code, generator.device.code, $0) }
    }
  }

  /// Standard normal.
  public static func randomNormal(
    _ shape: [Int], generator: Generator, dtype: DType = .float32
  ) throws(TorchError) -> Tensor {
    try withShape(shape) { sizes, rank throws(TorchError) in
      try make { ct_randn(sizes, rank, generator.pointer, dtype.code, generator.device.code, $0) }
    }
  }

  /// Uniform integers of a range.
  public static func randomIntegers(
    _ range: Range<Int>, _ shape: [Int], generator: Generator, dtype: DType = .int64
  ) throws(TorchError) -> Tensor {
    try withShape(shape) { sizes, rank throws(TorchError) in
      try make {
        ct_randint(
          Int64(range.lowerBound), Int64(range.upperBound), sizes, rank, generator.pointer, dtype.code,
          generator.device.code, $0)
      }
    }
  }
}
