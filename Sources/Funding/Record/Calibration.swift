import Foundation
import JSON

/// Turns a model's confidence in a value into the probability that the value is right: for each kind of value the
/// logistic function of the log-odds of its mean token probability (Platt scaling). `patron calibrate` fits it.
public struct Calibration: Sendable, Equatable {
  /// probability = 1 / (1 + e^−(slope · log-odds + intercept))
  public struct Scaling: Sendable, Equatable {
    public var slope: Double
    public var intercept: Double
    /// Values that it was fitted to, and how many of them were right.
    public var count: Int
    public var correct: Int

    public init(slope: Double, intercept: Double, count: Int, correct: Int) {
      self.slope = slope
      self.intercept = intercept
      self.count = count
      self.correct = correct
    }

    /// - Parameter mean: a geometric mean of token probabilities.
    public func probability(ofMean mean: Double) -> Double {
      1 / (1 + exp(-(slope * Calibration.logOdds(mean) + intercept)))
    }
  }

  public var scalings: [ValueKind: Scaling]

  public init(_ scalings: [ValueKind: Scaling]) { self.scalings = scalings }

  /// Nil where there is no scaling for the kind.
  public func probability(of confidence: Confidence, _ kind: ValueKind) -> Double? {
    scalings[kind]?.probability(ofMean: confidence.mean)
  }

  /// The logarithm of p / (1 − p), with p kept off 0 and 1 by 10⁻⁶.
  public static func logOdds(_ probability: Double) -> Double {
    let p = min(max(probability, 1e-6), 1 - 1e-6)
    return log(p / (1 - p))
  }

  // MARK: JSON

  /// `{"award_id": {"slope": …, "intercept": …, "count": …, "correct": …}, …}`, kinds without a scaling left out.
  public var json: JSON {
    .object(
      ValueKind.allCases.compactMap { kind in
        scalings[kind].map {
          (
            kind.rawValue,
            .object([
              ("slope", .number($0.slope)), ("intercept", .number($0.intercept)), ("count", .number($0.count)),
              ("correct", .number($0.correct)),
            ])
          )
        }
      })
  }

  /// Reads what `json` wrote. Unknown members are ignored.
  /// - Throws: `FundingError.unreadableRecord`.
  public init(json: JSON) throws(FundingError) {
    guard let object = json.object else {
      throw FundingError(.unreadableRecord, "Found \(json.kindDescription) as a calibration; expected an object.")
    }
    scalings = [:]
    for kind in ValueKind.allCases {
      guard let entry = object[kind.rawValue] else { continue }
      guard let slope = entry["slope"]?.double, slope.isFinite, let intercept = entry["intercept"]?.double,
        intercept.isFinite
      else {
        throw FundingError(
          .unreadableRecord, "Found \(entry) as the calibration of \(kind.rawValue); expected a slope and an intercept."
        )
      }
      scalings[kind] = Scaling(
        slope: slope, intercept: intercept, count: entry["count"]?.int ?? 0, correct: entry["correct"]?.int ?? 0)
    }
  }
}
