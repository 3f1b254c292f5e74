import JSON

/// Two evaluations of the same gold: which documents changed, and whether the difference is more than chance.
public struct EvaluationComparison: Sendable {
  public struct Row: Sendable {
    public var level: EvaluationLevel
    public var first: LevelScore
    public var second: LevelScore
    /// Of F1 in balanced mode.
    public var difference: Bootstrap.Difference
  }

  public struct Change: Sendable, Equatable {
    public var document: String
    public var firstReward: Double
    public var secondReward: Double
    public var firstErrors: Double
    public var secondErrors: Double
  }

  public private(set) var rows: [Row] = []
  /// Documents whose counts or reward differ, the largest change of the reward first.
  public private(set) var changes: [Change] = []
  /// Documents that only one side has (or could score); they are in no figure.
  public private(set) var onlyFirst: [String] = []
  public private(set) var onlySecond: [String] = []
  public private(set) var commonCount = 0

  /// Compares by the labels of the documents; where a label occurs several times, in their order.
  ///
  /// - Throws: `ScoringError.invalidParameter` for bootstrap settings out of range.
  public init(
    _ first: EntityEvaluation, _ second: EntityEvaluation, bootstrap: Bootstrap = Bootstrap()
  ) throws(ScoringError) {
    var waiting: [String: [EntityEvaluation.Document]] = [:]
    for document in second.documents.reversed() { waiting[document.label, default: []].append(document) }
    var pairs: [(EntityEvaluation.Document, EntityEvaluation.Document)] = []
    for document in first.documents {
      if let partner = waiting[document.label]?.popLast() {
        pairs.append((document, partner))
      } else {
        onlyFirst.append(document.label)
      }
    }
    let left = Set(waiting.filter { !$0.value.isEmpty }.keys)
    onlySecond = second.documents.map(\.label).filter(left.contains)
    commonCount = pairs.count

    for level in EvaluationLevel.allCases {
      let a = pairs.map { $0.0.scores[.balanced]?[level] ?? LevelScore() }
      let b = pairs.map { $0.1.scores[.balanced]?[level] ?? LevelScore() }
      rows.append(
        Row(
          level: level, first: a.reduce(LevelScore(), +), second: b.reduce(LevelScore(), +),
          difference: try bootstrap.difference(of: .f1, from: a, to: b)))
    }
    let changed = pairs.filter { $0.0.scores != $0.1.scores || $0.0.reward != $0.1.reward }.map {
      Change(
        document: $0.0.label, firstReward: $0.0.reward, secondReward: $0.1.reward, firstErrors: $0.0.errorCount,
        secondErrors: $0.1.errorCount)
    }
    changes = changed.enumerated().sorted {
      let a = abs($0.element.secondReward - $0.element.firstReward)
      let b = abs($1.element.secondReward - $1.element.firstReward)
      return a != b ? a > b : $0.offset < $1.offset
    }.map(\.element)
  }

  public func table() -> String {
    var table = TextTable(["level", "F1 first", "F1 second", "difference", "interval", "p"], leftColumns: 1)
    for row in rows {
      let difference = row.difference
      table.add([
        row.level.rawValue, TextTable.figure(row.first.f1), TextTable.figure(row.second.f1),
        TextTable.figure(difference.difference),
        TextTable.figure(difference.interval.lower) + " … " + TextTable.figure(difference.interval.upper),
        TextTable.figure(difference.pValue),
      ])
    }
    var lines = [
      table.text(), "\(commonCount) documents in both, \(changes.count) changed",
    ]
    if !changes.isEmpty {
      var list = TextTable(["document", "reward", "", "errors", ""], leftColumns: 1)
      for change in changes.prefix(20) {
        list.add([
          change.document, TextTable.figure(change.firstReward), "→ " + TextTable.figure(change.secondReward),
          TextTable.count(change.firstErrors), "→ " + TextTable.count(change.secondErrors),
        ])
      }
      lines += ["", list.text()]
      if changes.count > 20 { lines.append("… and \(changes.count - 20) more") }
    }
    for (labels, side) in [(onlyFirst, "first"), (onlySecond, "second")] where !labels.isEmpty {
      lines.append("warning: \(labels.count) documents only in the \(side) file are left out")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  public var json: JSON {
    .object([
      ("documents", .number(commonCount)),
      (
        "levels",
        .object(
          rows.map { row in
            (
              row.level.rawValue,
              .object([
                ("f1_first", .number(row.first.f1)), ("f1_second", .number(row.second.f1)),
                ("difference", .number(row.difference.difference)),
                ("lower", .number(row.difference.interval.lower)), ("upper", .number(row.difference.interval.upper)),
                ("p", .number(row.difference.pValue)),
              ])
            )
          })
      ),
      (
        "changes",
        .array(
          changes.map {
            .object([
              ("document", .string($0.document)), ("reward_first", .number($0.firstReward)),
              ("reward_second", .number($0.secondReward)), ("errors_first", .number($0.firstErrors)),
              ("errors_second", .number($0.secondErrors)),
            ])
          })
      ),
      ("only_first", .array(onlyFirst.map(JSON.string))), ("only_second", .array(onlySecond.map(JSON.string))),
    ])
  }
}
