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

  /// - Parameter logits: [rows, V]
  init(_ logits: Tensor) throws {
    values = try logits.to(.float32)
    normalizers = try values.logSumExp(-1).floats()
    best = try values.argmax(-1).to(device: .cpu).values(Int64.self).map(Int.init)
  }

  /// The log-probability of one token in each of the rows from `first` on.
  func logProbabilities(of tokens: [Int], from first: Int) throws -> [Float] {
    if tokens.isEmpty { return [] }
    let places = try Tensor(tokens.map(Int64.init)).to(device: values.device).unsqueezed(1)
    let logits = try values[first..<first + tokens.count].gathering(places).floats()
    return logits.enumerated().map { $1 - normalizers[first + $0] }
  }

  subscript(row: Int) -> Row {
    get throws { Row(logits: try values[row], normalizer: normalizers[row], best: best[row]) }
  }

  /// What one token is chosen from.
  struct Row {
    /// [V], float32
    let logits: Tensor
    /// The logarithm of the sum of their exponentials.
    let normalizer: Float
    /// The place of the largest.
    let best: Int

    func logProbability(of token: Int) throws -> Float { try Float(logits.selected(token).item()) - normalizer }
  }
}
