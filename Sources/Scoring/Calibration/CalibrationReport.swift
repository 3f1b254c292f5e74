import Funding
import JSON
import Text

/// A calibration and how far it can be trusted.
///
/// The calibrated figures come from cross-validation: each document is judged by scalings that were fitted to the other
/// documents, in five parts. The calibration itself is fitted to all.
public struct CalibrationReport: Sendable {
  /// Values whose probability was said to lie in one tenth.
  public struct Bin: Sendable, Equatable {
    public var count = 0
    public var correct = 0
    /// Sum of what was said.
    public var said = 0.0
  }

  public struct OfKind: Sendable {
    public var kind: ValueKind
    public var count: Int
    public var correct: Int
    /// Nil where there are too few values for a scaling.
    public var scaling: Calibration.Scaling?
    /// Tenths of the raw confidence, and of the calibrated one (nil without a scaling).
    public var raw: [Bin]
    public var calibrated: [Bin]?
  }

  public let calibration: Calibration
  public let kinds: [OfKind]
  private let thresholds: ValueThresholds

  private static let folds = 5
  private static let binCount = 10

  public init(_ data: CalibrationData) {
    var kinds: [OfKind] = []
    var scalings: [ValueKind: Calibration.Scaling] = [:]
    for kind in ValueKind.allCases {
      guard let observations = data.observations[kind], !observations.isEmpty else { continue }
      let scaling = PlattScaling.fit(observations)
      scalings[kind] = scaling
      kinds.append(
        OfKind(
          kind: kind, count: observations.count, correct: observations.count(where: \.isCorrect), scaling: scaling,
          raw: Self.bins(observations.map { ($0.mean, $0.isCorrect) }),
          calibrated: scaling == nil ? nil : Self.bins(Self.crossValidated(observations))))
    }
    self.kinds = kinds
    calibration = Calibration(scalings)
    thresholds = data.thresholds
  }

  private static func crossValidated(_ observations: [CalibrationData.Observation]) -> [(Double, Bool)] {
    var judged: [(Double, Bool)] = []
    for fold in 0..<folds {
      guard let scaling = PlattScaling.fit(observations.filter { $0.document % folds != fold }) else { continue }
      for observation in observations where observation.document % folds == fold {
        judged.append((scaling.probability(ofMean: observation.mean), observation.isCorrect))
      }
    }
    return judged
  }

  private static func bins(_ judged: [(probability: Double, isCorrect: Bool)]) -> [Bin] {
    var bins = Array(repeating: Bin(), count: binCount)
    for (probability, isCorrect) in judged {
      let place = min(max(Int(probability * Double(binCount)), 0), binCount - 1)
      bins[place].count += 1
      bins[place].correct += isCorrect ? 1 : 0
      bins[place].said += probability
    }
    return bins
  }

  /// The expected calibration error: how far the share of right values lies from what was said, averaged over the
  /// values.
  public static func error(_ bins: [Bin]) -> Double {
    let count = bins.reduce(0) { $0 + $1.count }
    return count == 0 ? 0 : bins.reduce(0) { $0 + abs(Double($1.correct) - $1.said) } / Double(count)
  }

  // MARK: Output

  /// A summary, and the reliability of each kind of value.
  public func text() -> String {
    var summary = TextTable(["kind", "values", "right", "ECE raw", "ECE calibrated"], leftColumns: 1)
    for kind in kinds {
      summary.add([
        kind.kind.rawValue, String(kind.count), TextTable.decimals(Double(kind.correct) / Double(kind.count), 3),
        TextTable.figure(Self.error(kind.raw)), kind.calibrated.map { TextTable.figure(Self.error($0)) } ?? "too few",
      ])
    }
    var parts = [summary.text()]
    for kind in kinds {
      var table = TextTable(
        [kind.kind.rawValue, "raw: values", "said", "right", "calibrated: values", "said", "right"], leftColumns: 1)
      func cells(_ bin: Bin?) -> [String] {
        guard let bin, bin.count > 0 else { return ["0", "", ""] }
        return [
          String(bin.count), TextTable.decimals(bin.said / Double(bin.count), 3),
          TextTable.decimals(Double(bin.correct) / Double(bin.count), 3),
        ]
      }
      for place in 0..<Self.binCount {
        let calibrated = kind.calibrated?[place]
        guard kind.raw[place].count > 0 || (calibrated?.count ?? 0) > 0 else { continue }
        table.add(
          ["0.\(place)–" + (place == 9 ? "1.0" : "0.\(place + 1)")] + cells(kind.raw[place]) + cells(calibrated))
      }
      parts.append(table.text())
    }
    if !thresholds.isEmpty { parts.append(thresholdText()) }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static let levels = EvaluationLevel.published

  private func thresholdText() -> String {
    var table = TextTable(["least value probability"] + Self.levels.map { "\($0.rawValue) F0.5" }, leftColumns: 1)
    func add(_ label: String, _ scores: LevelScores) {
      table.add([label] + Self.levels.map { TextTable.figure(scores[$0].f0_5) })
    }
    for (place, threshold) in ValueThresholds.thresholds.enumerated() {
      add(TextTable.decimals(threshold, 2) + (place == thresholds.best ? " (best)" : ""), thresholds.total(at: place))
    }
    let crossValidated = thresholds.crossValidated(folds: Self.folds)
    add("cross-validated", crossValidated.scores)
    let chosen = crossValidated.chosen.map { TextTable.decimals(ValueThresholds.thresholds[$0], 2) }
    return table.text() + "\nchosen on four fifths each: " + chosen.joined(separator: ", ")
  }

  private var thresholdJSON: JSON {
    func figures(_ scores: LevelScores) -> JSON {
      .object(Self.levels.map { ($0.rawValue, .number(scores[$0].f0_5)) })
    }
    let crossValidated = thresholds.crossValidated(folds: Self.folds)
    return .object([
      ("best", .number(ValueThresholds.thresholds[thresholds.best])),
      (
        "f0_5",
        .array(
          ValueThresholds.thresholds.enumerated().map { place, threshold in
            .object([("threshold", .number(threshold)), ("f0_5", figures(thresholds.total(at: place)))])
          })
      ),
      ("cross_validated_f0_5", figures(crossValidated.scores)),
      (
        "cross_validated_thresholds",
        .array(crossValidated.chosen.map { .number(ValueThresholds.thresholds[$0]) })
      ),
    ])
  }

  /// The calibration, and the figures behind it.
  public var json: JSON {
    func list(_ bins: [Bin]) -> JSON {
      .array(
        bins.map {
          .object([("count", .number($0.count)), ("correct", .number($0.correct)), ("said", .number($0.said))])
        })
    }
    let thresholdEntries: [(String, JSON)] =
      thresholds.isEmpty ? [] : [("least_value_probability", thresholdJSON)]
    return .object(
      [
        ("calibration", calibration.json),
        (
          "kinds",
          .object(
            kinds.map { kind in
              (
                kind.kind.rawValue,
                .object(
                  [
                    ("count", .number(kind.count)), ("correct", .number(kind.correct)),
                    ("ece_raw", .number(Self.error(kind.raw))), ("bins_raw", list(kind.raw)),
                  ]
                    + (kind.calibrated.map {
                      [("ece_calibrated", .number(Self.error($0))), ("bins_calibrated", list($0))]
                    } ?? []))
              )
            })
        ),
      ] + thresholdEntries)
  }
}
