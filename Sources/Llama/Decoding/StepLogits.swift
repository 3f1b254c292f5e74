import Generation
import Torch

/// Logits of the rows that went through the model together, with what is computed once for all of them.
struct StepLogits {
  /// [rows, V], float32
  let values: Tensor
  /// Of each row the logarithm of the sum of its exponentials.
  private let normalizers: [Float]
  /// Of each row the place of the largest logit.
  private let best: [Int]
  /// Of each row that logit. Fetched for all rows together: each value by itself would be a wait for the GPU.
  private let largest: [Float]

  /// - Parameter logits: [rows, V]
  init(_ logits: Tensor) throws {
    values = try logits.to(.float32)
    normalizers = try values.logSumExp(-1).floats()
    let places = try values.argmax(-1, keepingDimension: true)  // [rows, 1]
    best = try places.to(device: .cpu).values(Int64.self).map(Int.init)
    largest = try values.gathering(places).floats()
  }

  /// The log-probability of one token in each of the rows from `first` on.
  func logProbabilities(of tokens: [Int], from first: Int) throws -> [Float] {
    if tokens.isEmpty { return [] }
    let places = try Tensor(tokens.map(Int64.init)).to(device: values.device).unsqueezed(1)
    let logits = try values[first..<first + tokens.count].gathering(places).floats()
    return logits.enumerated().map { $1 - normalizers[first + $0] }
  }

  subscript(row: Int) -> Row {
    get throws { Row(logits: try values[row], normalizer: normalizers[row], best: best[row], largest: largest[row]) }
  }

  /// What one token is chosen from.
  struct Row {
    /// [V], float32
    let logits: Tensor
    /// The logarithm of the sum of their exponentials.
    let normalizer: Float
    /// The place of the largest.
    let best: Int
    /// The largest.
    let largest: Float

    func logProbability(of token: Int) throws -> Float {
      try (token == best ? largest : Float(logits.selected(token).item())) - normalizer
    }
  }
}
