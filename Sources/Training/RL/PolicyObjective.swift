import Torch

/// What a policy is trained for: GRPO with DAPO's clipping, a token-mean loss, a divergence from the reference model
/// and an entropy bonus, as SkyRL computes them.
///
/// Over the rows (steps of trajectories) of one update, of all micro-batches and all processes, with N tokens, M rows,
/// |row| tokens of a row, and for each token its log-probability l at the temperature, its trajectory's advantage A:
///
///     ρ  = exp(clamp(l − l_old, ±20))
///     k3 = min(exp(d) − d − 1, 10),  d = clamp(l_ref − l, ±20)
///     L  = Σ_tokens −min(ρ A, clamp(ρ, 1 − ε_low, 1 + ε_high) A) / N
///        + β Σ_rows (mean over the row's tokens of k3) / M
///        − γ Σ_tokens H / N
///
/// N and M are handed in, so that neither micro-batches nor processes change the result. (SkyRL takes the entropy's
/// mean over a micro-batch and then over micro-batches; with micro-batches of one row that is ``EntropyMean/rows``.)
public struct PolicyObjective: Sendable, Hashable {
  /// How a ratio is clipped.
  public enum Clipping: String, Sendable, CaseIterable {
    case clip
    /// verl's: the ratio of tokens with a negative advantage is held at ``PolicyObjective/dualClipRatio``, too.
    case dualClip = "dual-clip"
  }

  /// What the entropy's mean is over.
  public enum EntropyMean: String, Sendable, CaseIterable {
    case tokens
    /// Over the rows, of the means of their tokens.
    case rows
  }

  public var clipLow = 0.2
  public var clipHigh = 0.28
  public var clipping = Clipping.clip
  /// β
  public var klWeight = 0.001
  /// γ
  public var entropyWeight = 0.01
  public var entropyMean = EntropyMean.tokens
  /// What logits are divided by before all log-probabilities: that of the sampling. Its top-p has no part in this.
  public var temperature = 0.9

  public static let dualClipRatio = 3.0

  public init() {}

  /// - Throws: `TrainingError.setting` for a value outside its range.
  public func check() throws {
    guard (0..<1).contains(clipLow), clipHigh >= 0, clipHigh.isFinite else {
      throw TrainingError(
        .setting, "found clips \(clipLow) and \(clipHigh), expected 0 or more, the first less than 1")
    }
    guard temperature > 0, temperature.isFinite else {
      throw TrainingError(
        .setting, "found temperature \(temperature), expected more than 0: the loss is one of sampled tokens")
    }
    for (name, value) in [("KL weight", klWeight), ("entropy weight", entropyWeight)] {
      guard value >= 0, value.isFinite else {
        throw TrainingError(.setting, "found \(name) \(value), expected 0 or more")
      }
    }
  }

  var bounds: PolicyBounds {
    PolicyBounds(
      temperature: temperature, clipLow: clipLow, clipHigh: clipHigh,
      dualClip: clipping == .dualClip ? Self.dualClipRatio : .infinity)
  }

  /// Weights of the terms of each token of a row.
  func weights(of row: PolicyRow, counts: PolicyCounts) -> PolicyWeights {
    let copies = Double(row.advantages.count)
    let tokens = Double(counts.tokens)
    let ofRow = copies / (Double(counts.rows) * Double(row.response.count))
    return PolicyWeights(
      gain: row.advantages.reduce(0) { $0 + Double(max($1, 0)) } / tokens,
      loss: row.advantages.reduce(0) { $0 + Double(max(-$1, 0)) } / tokens,
      divergence: klWeight * ofRow,
      entropy: entropyWeight * (entropyMean == .tokens ? copies / tokens : ofRow))
  }
}

/// Sums over an update that the loss divides by: of all micro-batches and all processes.
public struct PolicyCounts: Sendable, Hashable {
  /// N: tokens that count in the loss.
  public var tokens: Int
  /// M: rows, also those whose tokens an overlong filter masks, which SkyRL counts with a divergence of 0.
  public var rows: Int

  public init(tokens: Int, rows: Int) {
    self.tokens = tokens
    self.rows = rows
  }

  public static func + (left: Self, right: Self) -> Self {
    Self(tokens: left.tokens + right.tokens, rows: left.rows + right.rows)
  }
}

/// Weights of one token's terms in the loss: for a ratio ρ,
/// −gain · min(ρ, 1 + ε_high) + loss · max(ρ, 1 − ε_low) + divergence · k3 − entropy · H.
///
/// That is also the sum of the terms of equal rows, whose log-probabilities are the same: with positive advantages each
/// −min(ρ A, …) is −A min(ρ, 1 + ε_high), with negative ones |A| max(ρ, 1 − ε_low).
struct PolicyWeights: Sendable, Equatable {
  /// Of the positive advantages.
  var gain: Double
  /// Of the negative advantages, without their sign.
  var loss: Double
  var divergence: Double
  var entropy: Double

  var floats: [Float] { [Float(gain), Float(loss), Float(divergence), Float(entropy)] }
}

/// What a pass over the logits tells of a token.
struct PolicyFigures: Sendable, Equatable {
  var logProbability: Float
  var entropy: Float
  var ratio: Float
  /// k3
  var divergence: Float

  /// Of a tensor [rows, 4].
  static func rows(_ floats: [Float]) -> [PolicyFigures] {
    stride(from: 0, to: floats.count, by: 4).map {
      PolicyFigures(
        logProbability: floats[$0], entropy: floats[$0 + 1], ratio: floats[$0 + 2], divergence: floats[$0 + 3])
    }
  }
}
