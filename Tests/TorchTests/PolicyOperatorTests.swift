import Foundation
import TensorTestSupport
import Testing
import Torch

/// The policy's loss on rows of logits, against its formula in Double and differences of that.
@Suite struct PolicyOperatorTests {
  /// One token: its logits, and what its loss depends on besides them.
  struct Token {
    var logits: [Double]
    var target: Int
    var old: Double?
    var reference: Double?
    var weights: [Double]
    var bounds: PolicyBounds

    func logProbabilities(_ logits: [Double]) -> [Double] {
      let scaled = logits.map { $0 / bounds.temperature }
      let most = scaled.max()!
      let normalizer = most + log(scaled.reduce(0) { $0 + exp($1 - most) })
      return scaled.map { $0 - normalizer }
    }

    /// Log-probability, entropy, ratio and k3.
    func figures(_ logits: [Double]) -> [Double] {
      let logs = logProbabilities(logits)
      let chosen = logs[target]
      let ratio = old.map { exp(max(-20, min(20, chosen - $0))) } ?? exp(chosen - logProbabilities(self.logits)[target])
      let d = reference.map { max(-20, min(20, $0 - chosen)) } ?? 0
      return [chosen, -logs.reduce(0) { $0 + exp($1) * $1 }, ratio, min(10, exp(d) - d - 1)]
    }

    func loss(_ logits: [Double]) -> Double {
      let figures = figures(logits)
      let ratio = figures[2]
      return -weights[0] * min(ratio, 1 + bounds.clipHigh)
        + weights[1] * min(max(ratio, 1 - bounds.clipLow), bounds.dualClip) + weights[2] * figures[3] - weights[3]
        * figures[1]
    }

    func gradient() -> [Double] {
      let step = 1e-5
      return logits.indices.map { index in
        var (up, down) = (logits, logits)
        up[index] += step
        down[index] -= step
        return (loss(up) - loss(down)) / (2 * step)
      }
    }
  }

  static func tokens(
    width: Int, bounds: PolicyBounds, hasOld: Bool = true, hasReference: Bool = true
  ) throws -> [Token] {
    let generator = try Generator(seed: 4)
    // Ratios inside the bounds, above, below, far above, and beyond what is held; k3 small, large, and held.
    let oldDistances = [0, 0.1, -0.1, 0.6, -0.6, 2, 25, -25]
    let referenceDistances = [0, 0.3, -0.4, 2, -2, 3, 22, -22]
    let weights = [[1.5, 0, 0, 0], [0, 1.2, 0, 0], [0.7, 0.4, 0.3, 0.2], [0, 0, 0.5, 0], [0, 0, 0, 0.6]]
    var tokens: [Token] = []
    for (index, distance) in oldDistances.enumerated() {
      for (number, weights) in weights.enumerated() {
        let logits = try (Tensor.randomNormal([width], generator: generator) * 3).floats().map(Double.init)
        var token = Token(
          logits: logits, target: (3 * index + number) % width, old: nil, reference: nil, weights: weights,
          bounds: bounds)
        let chosen = token.logProbabilities(logits)[token.target]
        // As float32 hold them.
        if hasOld { token.old = Double(Float(chosen - distance)) }
        if hasReference {
          token.reference = Double(Float(chosen + referenceDistances[(index + number) % referenceDistances.count]))
        }
        tokens.append(token)
      }
    }
    return tokens
  }

  static func column(_ values: [Double?]) throws -> Tensor? {
    let known = values.compactMap { $0.map { Float($0) } }
    return known.isEmpty ? nil : try Tensor(known)
  }

  @Test(arguments: [PolicyBounds.infinite, .dual], [7, 200])
  func formulaAndDifferences(_ bounds: PolicyBounds, _ width: Int) throws {
    for (hasOld, hasReference) in [(true, true), (false, true), (true, false), (false, false)] {
      let tokens = try Self.tokens(width: width, bounds: bounds, hasOld: hasOld, hasReference: hasReference)
      let logits = try Tensor(tokens.flatMap { $0.logits.map { Float($0) } }, shape: [tokens.count, width])
      let targets = try Tensor(tokens.map { Int64($0.target) })
      let old = try Self.column(tokens.map(\.old))
      let reference = try Self.column(tokens.map(\.reference))
      let weights = try Tensor(tokens.flatMap { $0.weights.map { Float($0) } }, shape: [tokens.count, 4])
      try onEveryPath {
        let gradient = try logits.clone()
        let found = try gradient.replaceByPolicyGradient(
          targets: targets, old: old, reference: reference, weights: weights, bounds: bounds)
        let figures = try logits.policyFigures(targets: targets, old: old, reference: reference, bounds: bounds)
        #expect(try figures.bytes() == found.bytes())
        let values = try figures.floats()
        let slopes = try gradient.floats()
        for (row, token) in tokens.enumerated() {
          for (column, wanted) in token.figures(token.logits).enumerated() {
            let value = Double(values[4 * row + column])
            // A logit rounds by 2⁻²⁴ of some ten; what is exponentiated, by as much of its own size.
            #expect(
              abs(value - wanted) <= 1e-5 * max(1, abs(wanted)), "row \(row) figure \(column): \(value), \(wanted)")
          }
          // A difference of losses of e²⁰ has lost so many of its digits.
          let lost = 0x1p-52 * abs(token.loss(token.logits)) / 1e-5
          for (column, wanted) in token.gradient().enumerated() {
            let value = Double(slopes[width * row + column])
            // Differences of 1e-5 are right to 1e-5² of third derivatives, which a ratio of e² or a k3 of 10 enlarges.
            #expect(
              abs(value - wanted) <= 1e-5 * max(1, exp(min(2, abs(wanted)))) + 2 * lost,
              "row \(row) logit \(column): \(value), \(wanted)")
          }
        }
      }
    }
  }

  /// What has no weight does not count, be it not a number; what has one shows.
  @Test func notANumber() throws {
    let logits = try Tensor.randomNormal([3, 9], generator: Generator(seed: 1))
    let targets = try Tensor([1, 2, 3] as [Int64])
    let nan = try Tensor.full([3], .nan)
    let weights = try Tensor([0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0] as [Float], shape: [3, 4])
    try onEveryPath {
      let gradient = try logits.clone()
      _ = try gradient.replaceByPolicyGradient(
        targets: targets, old: nan, reference: nan, weights: weights, bounds: .infinite)
      #expect(try gradient[0].isFinite().all().item() == 1)
      #expect(try gradient[1].isFinite().any().item() == 0)
      #expect(try gradient[2].isFinite().any().item() == 0)
      // A token that cannot be is no part of the entropy.
      let impossible = try Tensor([0, 1, -.infinity, 2] as [Float], shape: [1, 4])
      let figures = try impossible.policyFigures(targets: Tensor([1] as [Int64]), bounds: .infinite).floats()
      let logs = [0.0, 1, 2].map { $0 / 0.9 - log([0.0, 1, 2].reduce(0) { $0 + exp($1 / 0.9) }) }
      #expect(abs(Double(figures[0]) - logs[1]) < 1e-6)
      #expect(abs(Double(figures[1]) + logs.reduce(0) { $0 + exp($1) * $1 }) < 1e-6)
    }
  }

  @Test func wrongOperandsAreRefused() throws {
    let logits = try Tensor.zeros([2, 5])
    let targets = try Tensor([0, 1] as [Int64])
    #expect(throws: TorchError.self) { try logits.policyFigures(targets: Tensor([0] as [Int64]), bounds: .infinite) }
    #expect(throws: TorchError.self) {
      try logits.policyFigures(targets: Tensor([0, 5] as [Int64]), bounds: .infinite)
    }
    #expect(throws: TorchError.self) {
      try logits.policyFigures(targets: targets, old: Tensor.zeros([3]), bounds: .infinite)
    }
    #expect(throws: TorchError.self) {
      try logits.replaceByPolicyGradient(
        targets: targets, old: nil, reference: nil, weights: Tensor.zeros([2, 3]), bounds: .infinite)
    }
    #expect(throws: TorchError.self) { try logits.to(.float64).policyFigures(targets: targets, bounds: .infinite) }
    #expect(throws: TorchError.self) {
      try logits.policyFigures(targets: targets, bounds: PolicyBounds(temperature: 0, clipLow: 0.2, clipHigh: 0.28))
    }
  }
}

extension PolicyBounds {
  fileprivate static let infinite = PolicyBounds(temperature: 0.9, clipLow: 0.2, clipHigh: 0.28)
  fileprivate static let dual = PolicyBounds(temperature: 1.1, clipLow: 0.2, clipHigh: 0.28, dualClip: 3)
}
