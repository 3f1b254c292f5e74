import Torch

extension Tensor {
  /// This tensor on the CPU in another dtype.
  /// - Parameter name: of the weight, for the message.
  /// - Throws: `LlamaError` where a finite value would become infinite. What gets smaller than the dtype's least number
  ///   becomes zero, as in every rounding.
  func narrowed(to dtype: DType, name: String) throws -> Tensor {
    let result = try to(dtype)
    guard count > 0, self.dtype.largest > dtype.largest else { return result }
    let extremes = [try result.maximum(), try result.minimum()]
    guard try !extremes.allSatisfy({ try $0.floats().allSatisfy(\.isFinite) }) else { return result }
    // Row by row: values of this size are the exception, and so is looking for them.
    let width = shape.last ?? 1
    let (wideRows, narrowRows) = (try reshaped([count / width, width]), try result.reshaped([count / width, width]))
    for row in 0..<count / width {
      let values = try wideRows[row].to(.float64).contiguous().withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
      let rounded = try narrowRows[row].floats()
      if let column = rounded.indices.first(where: { !rounded[$0].isFinite && values[$0].isFinite }) {
        let index = shape.count == 1 ? "[\(column)]" : "[\(row), \(column)]"
        let found = "tensor \(name): found \(values[column]) at \(index)"
        let expected = "expected numbers up to \(dtype.largest), the largest of \(dtype.rawValue)"
        // A float64 number beyond float32 fits no dtype that a model can have.
        throw abs(values[column]) > DType.float32.largest
          ? LlamaError(.model, "\(found), \(expected)")
          : LlamaError(.range, "\(found), \(expected); choose a dtype of a wider range")
      }
    }
    return result
  }
}

extension DType {
  /// The largest finite number of a floating-point type.
  fileprivate var largest: Double {
    switch self {
    case .float16: 65504
    case .bfloat16: 0x1.FEp127
    case .float32: Double(Float.greatestFiniteMagnitude)
    default: .greatestFiniteMagnitude
    }
  }
}
