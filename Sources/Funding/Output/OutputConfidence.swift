import Foundation
import Generation

/// How sure the model was of the strings of one completion: what it said of the tokens that wrote them.
struct OutputConfidence {
  private let calibration: Calibration?
  /// Where each token ends in the output, and its log-probability where it is known.
  private let tokens: [(end: Int, logProbability: Double?)]

  /// Nil if the tokens do not add up to the output (malformed UTF-8 was repaired), or their probabilities are not the
  /// model's own.
  init?(_ completion: Completion, calibration: Calibration?) {
    self.calibration = calibration
    var end = 0
    tokens = completion.tokens.map { token in
      end += token.byteCount
      return (end, token.logProbability.map(Double.init))
    }
    guard end == completion.text.utf8.count, end > 0, completion.tellsModelProbabilities else { return nil }
  }

  /// Of the tokens that wrote a string, as a whole or in part; nil where it does not stand in the output, or where the
  /// probability of one of them is not known.
  func confidence(of string: OutputString, _ kind: ValueKind) -> Confidence? {
    guard let range = string.range else { return nil }
    var sum = 0.0
    var minimum = 0.0
    var count = 0
    var place = tokens.partitioningIndex { $0.end > range.lowerBound }
    while place < tokens.count, (place == 0 ? 0 : tokens[place - 1].end) < range.upperBound {
      // Stop tokens have no bytes.
      if place == 0 || tokens[place].end > tokens[place - 1].end {
        guard let logProbability = tokens[place].logProbability else { return nil }
        sum += logProbability
        minimum = min(minimum, logProbability)
        count += 1
      }
      place += 1
    }
    guard count > 0, sum.isFinite else { return nil }
    var confidence = Confidence(mean: exp(sum / Double(count)), minimum: exp(minimum))
    confidence.calibrated = calibration?.probability(of: confidence, kind)
    return confidence
  }
}
