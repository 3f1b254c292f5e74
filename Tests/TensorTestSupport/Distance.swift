import Torch

/// Largest distance between two tensors; infinite where shapes differ or a value is not a number.
package func distance(_ a: Tensor, _ b: Tensor) throws -> Float {
  guard a.shape == b.shape else { return .infinity }
  return zip(try a.floats(), try b.floats()).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
}
