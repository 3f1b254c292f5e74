import Constraints
import Foundation
import Generation
import Torch

/// What a generator needs to hold outputs to constraints: the engine for its vocabulary, and the choice among allowed
/// tokens.
///
/// Used on the generating thread only, like the caches of a model.
final class Guidance: @unchecked Sendable {
  let engine: ConstraintEngine
  let choice: GuidedChoice

  /// - Parameter tokenBytes: what a token writes; nil for one that stands for no text.
  init(vocabularySize: Int, device: Device, tokenBytes: (Int) -> ArraySlice<UInt8>?) {
    engine = ConstraintEngine(TokenTrie(vocabularySize: vocabularySize, tokenBytes: tokenBytes))
    choice = GuidedChoice(vocabularySize: vocabularySize, device: device)
  }
}

/// Chooses tokens among those that a constraint allows.
final class GuidedChoice {
  private let vocabularySize: Int
  private let device: Device
  /// Of each large set: its other tokens' ids, and where they are in the vocabulary.
  private var complements: [ObjectIdentifier: Complement] = [:]

  private struct Complement {
    var tokens: DenseTokens  // kept alive: it is known by its identity
    var ids: Tensor  // [missing]
    var mask: Tensor  // [V], bool
  }

  init(vocabularySize: Int, device: Device) {
    self.vocabularySize = vocabularySize
    self.device = device
  }

  /// - Parameter allowed: not empty.
  func choose(
    from row: StepLogits.Row, among allowed: TokenSet, with sampler: inout Sampler
  ) throws -> ChosenToken {
    let (logits, normalizer) = (row.logits, row.normalizer)
    let listed = try values(logits, at: allowed.listed)
    var id: Int
    var logit: Float
    if sampler.sampling.temperature > 0 {
      let all = try logits.floats()
      id = sampler.choose(all, among: allowed.tokens.sorted())
      logit = all[id]
    } else {
      (id, logit) = Self.largest(allowed.listed, listed)
      if let shared = allowed.shared {
        let isBest = shared.contains(row.best)
        let other =
          isBest ? row.best : try Int(logits.filling(complement(of: shared).mask, with: -.infinity).argmax().item())
        let value = isBest ? row.largest : try Float(logits.selected(other).item())
        if value > logit || (value == logit && other < id) || allowed.listed.isEmpty { (id, logit) = (other, value) }
      }
    }
    let logProbability = logit - normalizer
    // The share of the allowed tokens. What a large set lacks is what is not allowed, but for the listed ones.
    var share = listed.reduce(0.0) { $0 + exp(Double($1 - normalizer)) }
    if let shared = allowed.shared {
      let complement = try complement(of: shared)
      let missing = exp(try logits.selecting(complement.ids).logSumExp(-1).item() - Double(normalizer))
      share +=
        missing < 0.9
        ? 1 - missing
        : exp(try logits.filling(complement.mask, with: -.infinity).logSumExp(-1).item() - Double(normalizer))
    }
    return ChosenToken(
      id: id, logProbability: logProbability,
      constrainedLogProbability: min(0, Float(Double(logProbability) - log(share))))
  }

  /// The largest value's token, the lowest id on a tie; NaN never wins.
  private static func largest(_ ids: [Int32], _ values: [Float]) -> (Int, Float) {
    var best = (id: ids.min() ?? 0, value: -Float.infinity)
    for (id, value) in zip(ids, values) where value > best.value || (value == best.value && id < best.id) {
      best = (id, value)
    }
    return (Int(best.id), best.value)
  }

  private func values(_ logits: Tensor, at ids: [Int32]) throws -> [Float] {
    if ids.isEmpty { return [] }
    return try logits.selecting(Tensor(ids.map(Int64.init)).to(device: device)).floats()
  }

  private func complement(of tokens: DenseTokens) throws -> Complement {
    let key = ObjectIdentifier(tokens)
    if let known = complements[key] { return known }
    var mask = [Bool](repeating: false, count: vocabularySize)
    for id in tokens.missing { mask[Int(id)] = true }
    let complement = Complement(
      tokens: tokens, ids: try Tensor(tokens.missing.map(Int64.init)).to(device: device),
      mask: try Tensor(mask).to(device: device))
    complements[key] = complement
    return complement
  }
}
