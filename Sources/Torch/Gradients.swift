import CTorch

/// Runs `body` without recording gradients on this thread: less memory, and fused operators are allowed.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
  let before = ct_gradients_enabled()
  ct_set_gradients_enabled(false)
  defer { ct_set_gradients_enabled(before) }
  return try body()
}

/// Runs `body` with gradients recorded on this thread.
public func withGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
  let before = ct_gradients_enabled()
  ct_set_gradients_enabled(true)
  defer { ct_set_gradients_enabled(before) }
  return try body()
}

extension Tensor {
  /// Whether operations on this tensor are recorded for gradients.
  public var requiresGradient: Bool { ct_requires_gradient(pointer) }

  public func setRequiresGradient(_ required: Bool) throws(TorchError) {
    try check(ct_set_requires_gradient(pointer, required))
  }

  /// The same memory, cut off from the recorded operations.
  public func detached() throws(TorchError) -> Tensor { try Tensor.make { ct_detach(pointer, $0) } }

  /// Adds the gradient of this scalar to that of every leaf that requires one.
  public func backward() throws(TorchError) { try check(ct_backward(pointer)) }

  /// What ``backward()`` has accumulated here; nil before.
  public func gradient() throws(TorchError) -> Tensor? {
    var out: OpaquePointer?
    try check(ct_gradient(pointer, &out))
    return out.map(Tensor.init(owning:))
  }

  public func clearGradient() throws(TorchError) { try check(ct_clear_gradient(pointer)) }

  /// Vector-Jacobian product: gradients with respect to `inputs` of the sum of outputs · seeds (same shapes).
  /// Inputs that the outputs do not depend on get zeros.
  public static func gradients(
    of outputs: [Tensor], weightedBy seeds: [Tensor], withRespectTo inputs: [Tensor]
  ) throws(TorchError) -> [Tensor] {
    guard outputs.count == seeds.count else {
      throw TorchError(
        .argument, "gradients: found \(outputs.count) outputs and \(seeds.count) seeds, expected as many")
    }
    var results = [OpaquePointer?](repeating: nil, count: inputs.count)
    try withHandles(outputs) { outputHandles, outputCount throws(TorchError) in
      try withHandles(seeds) { seedHandles, _ throws(TorchError) in
        try withHandles(inputs) { inputHandles, inputCount throws(TorchError) in
          try check(
            ct_vector_jacobian(outputHandles, seedHandles, outputCount, inputHandles, inputCount, &results))
        }
      }
    }
    return results.map { Tensor(owning: $0!) }
  }
}
