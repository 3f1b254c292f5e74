import CTorch

extension Tensor {
  private func unary(_ op: ct_unary_op) throws(TorchError) -> Tensor { try Tensor.make { ct_unary(op, pointer, $0) } }

  private func binary(_ op: ct_binary_op, _ other: Tensor) throws(TorchError) -> Tensor {
    try Tensor.make { ct_binary(op, pointer, other.pointer, $0) }
  }

  private func binary(_ op: ct_binary_op, _ scalar: Double) throws(TorchError) -> Tensor {
    try Tensor.make { ct_binary_scalar(op, pointer, scalar, $0) }
  }

  // Element by element, with broadcasting.
  public static func + (left: Tensor, right: Tensor) throws -> Tensor { try left.binary(CT_ADD, right) }
  public static func - (left: Tensor, right: Tensor) throws -> Tensor { try left.binary(CT_SUBTRACT, right) }
  public static func * (left: Tensor, right: Tensor) throws -> Tensor { try left.binary(CT_MULTIPLY, right) }
  public static func / (left: Tensor, right: Tensor) throws -> Tensor { try left.binary(CT_DIVIDE, right) }
  public static func + (left: Tensor, right: Double) throws -> Tensor { try left.binary(CT_ADD, right) }
  public static func - (left: Tensor, right: Double) throws -> Tensor { try left.binary(CT_SUBTRACT, right) }
  public static func * (left: Tensor, right: Double) throws -> Tensor { try left.binary(CT_MULTIPLY, right) }
  public static func / (left: Tensor, right: Double) throws -> Tensor { try left.binary(CT_DIVIDE, right) }
  public static prefix func - (tensor: Tensor) throws -> Tensor { try tensor.unary(CT_NEGATE) }

  public func power(_ exponent: Double) throws(TorchError) -> Tensor { try binary(CT_POWER, exponent) }
  public func power(_ exponent: Tensor) throws(TorchError) -> Tensor { try binary(CT_POWER, exponent) }
  public func minimum(_ other: Tensor) throws(TorchError) -> Tensor { try binary(CT_MINIMUM, other) }
  public func maximum(_ other: Tensor) throws(TorchError) -> Tensor { try binary(CT_MAXIMUM, other) }
  public func clamped(_ range: ClosedRange<Double>) throws(TorchError) -> Tensor {
    try Tensor.make { ct_clamp(pointer, range.lowerBound, range.upperBound, $0) }
  }

  public func exp() throws(TorchError) -> Tensor { try unary(CT_EXP) }
  public func log() throws(TorchError) -> Tensor { try unary(CT_LOG) }
  public func squareRoot() throws(TorchError) -> Tensor { try unary(CT_SQRT) }
  public func reciprocalSquareRoot() throws(TorchError) -> Tensor { try unary(CT_RSQRT) }
  public func magnitude() throws(TorchError) -> Tensor { try unary(CT_ABS) }
  public func sin() throws(TorchError) -> Tensor { try unary(CT_SIN) }
  public func cos() throws(TorchError) -> Tensor { try unary(CT_COS) }
  public func sigmoid() throws(TorchError) -> Tensor { try unary(CT_SIGMOID) }
  /// x · sigmoid(x)
  public func silu() throws(TorchError) -> Tensor { try unary(CT_SILU) }
  public func isFinite() throws(TorchError) -> Tensor { try unary(CT_IS_FINITE) }
  public func logicalNot() throws(TorchError) -> Tensor { try unary(CT_LOGICAL_NOT) }

  // Comparisons give bool tensors.
  public func equal(to other: Tensor) throws(TorchError) -> Tensor { try binary(CT_EQUAL, other) }
  public func equal(to value: Double) throws(TorchError) -> Tensor { try binary(CT_EQUAL, value) }
  public func less(than other: Tensor) throws(TorchError) -> Tensor { try binary(CT_LESS, other) }
  public func less(than value: Double) throws(TorchError) -> Tensor { try binary(CT_LESS, value) }
  public func greater(than other: Tensor) throws(TorchError) -> Tensor { try binary(CT_GREATER, other) }
  public func greater(than value: Double) throws(TorchError) -> Tensor { try binary(CT_GREATER, value) }

  // In place: all tensors that share the memory see the change.
  public func add(_ other: Tensor) throws(TorchError) { try check(ct_binary_in_place(CT_ADD, pointer, other.pointer)) }
  public func add(_ value: Double) throws(TorchError) { try check(ct_binary_scalar_in_place(CT_ADD, pointer, value)) }
  public func multiply(_ other: Tensor) throws(TorchError) {
    try check(ct_binary_in_place(CT_MULTIPLY, pointer, other.pointer))
  }
  public func multiply(_ value: Double) throws(TorchError) {
    try check(ct_binary_scalar_in_place(CT_MULTIPLY, pointer, value))
  }
  /// self += other · scale
  public func add(_ other: Tensor, scaledBy scale: Double) throws(TorchError) {
    try check(ct_add_scaled_in_place(pointer, other.pointer, scale))
  }
}
