import Foundation
import Funding

/// Fits the two numbers of a `Calibration.Scaling`.
///
/// Platt ("Probabilistic outputs for support vector machines", 1999) as Lin, Lin and Weng compute it ("A note on
/// Platt's probabilistic outputs for support vector machines", 2007): Newton's method with backtracking on the
/// cross-entropy with smoothed targets, which keeps the fit finite when all values are right.
enum PlattScaling {
  /// Values below this say too little to fit two numbers to.
  static let fewest = 20

  /// Nil if there are fewer than `fewest` observations.
  static func fit(_ observations: [CalibrationData.Observation]) -> Calibration.Scaling? {
    guard observations.count >= fewest else { return nil }
    let correct = observations.count(where: \.isCorrect)
    let right = (Double(correct) + 1) / (Double(correct) + 2)
    let wrong = 1 / (Double(observations.count - correct) + 2)
    let points = observations.map { (x: Calibration.logOdds($0.mean), target: $0.isCorrect ? right : wrong) }

    /// Cross-entropy of 1/(1 + e^−z) with a target, without overflow.
    func loss(_ slope: Double, _ intercept: Double) -> Double {
      points.reduce(0) { sum, point in
        let z = slope * point.x + intercept
        return sum + (z >= 0 ? (1 - point.target) * z + log1p(exp(-z)) : -point.target * z + log1p(exp(z)))
      }
    }

    var (slope, intercept) = (0.0, log((Double(correct) + 1) / (Double(observations.count - correct) + 1)))
    var value = loss(slope, intercept)
    for _ in 0..<100 {
      // Gradient and Hessian; a little is added to the diagonal so that it can be inverted.
      var (g1, g2, h11, h22, h12) = (0.0, 0.0, 1e-12, 1e-12, 0.0)
      for point in points {
        let p = 1 / (1 + exp(-(slope * point.x + intercept)))
        let (d1, d2) = (p - point.target, p * (1 - p))
        g1 += point.x * d1
        g2 += d1
        h11 += point.x * point.x * d2
        h22 += d2
        h12 += point.x * d2
      }
      if abs(g1) < 1e-8, abs(g2) < 1e-8 { break }
      let determinant = h11 * h22 - h12 * h12
      let stepSlope = -(h22 * g1 - h12 * g2) / determinant
      let stepIntercept = -(h11 * g2 - h12 * g1) / determinant
      let descent = g1 * stepSlope + g2 * stepIntercept
      var size = 1.0
      var isBetter = false
      while size >= 1e-10, !isBetter {
        let next = loss(slope + size * stepSlope, intercept + size * stepIntercept)
        isBetter = next < value + 1e-4 * size * descent
        if isBetter {
          slope += size * stepSlope
          intercept += size * stepIntercept
          value = next
        }
        size /= 2
      }
      if !isBetter { break }
    }
    return Calibration.Scaling(slope: slope, intercept: intercept, count: observations.count, correct: correct)
  }
}
