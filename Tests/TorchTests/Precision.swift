import Testing
import Torch

extension DType {
  /// What rounding to nearest is off by at most, relative to the value: 2⁻ᵖ of a format with p significant bits.
  var roundoff: Double {
    switch self {
    case .bfloat16: 0x1p-8
    case .float16: 0x1p-11
    case .float32: 0x1p-24
    default: 0x1p-53
    }
  }
}

/// Runs `body` on every path that this processor has.
func onEveryPath(_ body: () throws -> Void) throws {
  for paths in ProcessorPaths.runnable { try withProcessorPaths(paths, body) }
}

/// Each element lies as near to its exact value as the number formats allow:
/// |found − exact| ≤ roundings · 2⁻ᵖ · |exact| + float32Roundings · 2⁻²⁴ · |terms|.
///
/// - Parameters:
///   - exact: float64, computed from the same operands.
///   - roundings: how often a value is rounded to the dtype of `found`.
///   - float32Roundings: how often on the way to it, where it is added up or computed in float32.
///   - terms: sums of the absolute values of what is added up; nil: as large as `exact`, as where all have one sign.
func expectClose(
  _ found: Tensor, _ exact: Tensor, roundings: Double, float32Roundings: Int = 0, of terms: Tensor? = nil,
  _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try #require(exact.dtype == .float64)
  let size = try exact.magnitude()
  // 2⁻¹²⁶: below it float32 and bfloat16 have fewer bits, or none.
  let bounds =
    try size * (roundings * 1.01 * found.dtype.roundoff)
    + (terms ?? size) * (Double(float32Roundings) * DType.float32.roundoff) + 0x1p-126
  try expectClose(found, exact, within: bounds, comment, sourceLocation: sourceLocation)
}

/// The same with a bound for each element, float64.
func expectClose(
  _ found: Tensor, _ exact: Tensor, within bounds: Tensor, _ comment: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(found.shape == exact.shape, sourceLocation: sourceLocation)
  let (a, b) = (try found.to(.float64).values(Double.self), try exact.values(Double.self))
  let bounds = try bounds.expanded(exact.shape).contiguous().values(Double.self)
  let wrong = a.indices.filter { !(abs(a[$0] - b[$0]) <= bounds[$0]) }
  guard !wrong.isEmpty else { return }
  let places = wrong.prefix(3).map { "[\($0)]: found \(a[$0]), expected \(b[$0]) ± \(bounds[$0])" }
  let paths = try ProcessorPaths.current()
  Issue.record(
    "\(wrong.count) of \(a.count) elements of \(found) are off \(comment) on \(paths): \(places)",
    sourceLocation: sourceLocation)
}

extension Tensor {
  /// In float64, with nothing lost.
  var exact: Tensor { get throws { try to(.float64) } }
}
