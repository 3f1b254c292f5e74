import JSON
import Text

/// Two predictions for the same gold: which documents changed, and whether the difference is more than chance.
public struct EvaluationComparison: Sendable {
  public struct Row: Sendable {
    public var level: String
    public var first: LevelScore
    public var second: LevelScore
    /// Of F1.
    public var difference: Bootstrap.Difference
  }

  /// A document that the two predictions differ in.
  public struct Change: Sendable, Equatable {
    public var document: String
    /// What `figureName` says, of each side.
    public var first: Double
    public var second: Double
    public var firstErrors: Double
    public var secondErrors: Double
  }

  public private(set) var rows: [Row] = []
  /// The largest change of the figure first.
  public private(set) var changes: [Change] = []
  /// What `Change.first` and `.second` are: `reward`, or `f1`.
  public let figureName: String
  /// Documents that only one side has (or could score); they are in no figure.
  public private(set) var onlyFirst: [String] = []
  public private(set) var onlySecond: [String] = []
  public private(set) var commonCount = 0

  /// Compares two evaluations of funders, in balanced mode; the figure of a document is its training reward.
  ///
  /// - Throws: `ScoringError.invalidParameter` for bootstrap settings out of range.
  public init(
    _ first: EntityEvaluation, _ second: EntityEvaluation, bootstrap: Bootstrap = Bootstrap()
  ) throws(ScoringError) {
    func side(_ evaluation: EntityEvaluation) -> [Side] {
      evaluation.documents.map { document in
        Side(
          identity: document.identity, label: document.label,
          levels: EvaluationLevel.allCases.map { document.scores[.balanced]?[$0] ?? LevelScore() },
          figure: document.reward, errors: document.errorCount)
      }
    }
    figureName = "reward"
    try compare(
      side(first), side(second), levels: EvaluationLevel.allCases.map(\.rawValue), bootstrap: bootstrap
    ) { first.documents[$0].scores != second.documents[$1].scores }
  }

  /// Compares two evaluations of statements by the honest metric; the figure of a document is its F1 one to one.
  ///
  /// - Throws: `ScoringError.invalidParameter` for bootstrap settings out of range.
  public init(
    _ first: StatementEvaluation, _ second: StatementEvaluation, bootstrap: Bootstrap = Bootstrap()
  ) throws(ScoringError) {
    func side(_ evaluation: StatementEvaluation) -> [Side] {
      evaluation.documents.map { document in
        Side(
          identity: document.label, label: document.label, levels: [document.honest, document.characters],
          figure: document.honest.isEmpty ? 1 : document.honest.f1, errors: Double(document.errorCount))
      }
    }
    figureName = "f1"
    try compare(side(first), side(second), levels: ["one_to_one", "characters"], bootstrap: bootstrap) {
      // Also what no figure shows, such as a statement cut short.
      !first.documents[$0].predicted.elementsEqual(second.documents[$1].predicted) { $0.utf8.elementsEqual($1.utf8) }
    }
  }

  /// A document of one of the evaluations.
  private struct Side {
    var identity: String
    var label: String
    var levels: [LevelScore]
    var figure: Double
    var errors: Double
  }

  /// - Parameter differs: whether two documents, given by their places, differ in more than their figure.
  private mutating func compare(
    _ first: [Side], _ second: [Side], levels: [String], bootstrap: Bootstrap, differs: (Int, Int) -> Bool
  ) throws(ScoringError) {
    // Where a document occurs several times, in their order.
    var waiting: [[UInt8]: [Int]] = [:]
    for (place, side) in second.enumerated().reversed() {
      waiting[Array(side.identity.utf8), default: []].append(place)
    }
    var pairs: [(first: Int, second: Int)] = []
    for (place, side) in first.enumerated() {
      if let partner = waiting[Array(side.identity.utf8)]?.popLast() {
        pairs.append((place, partner))
      } else {
        onlyFirst.append(side.label)
      }
    }
    onlySecond = waiting.values.joined().sorted().map { second[$0].label }
    commonCount = pairs.count

    for (place, level) in levels.enumerated() {
      let a = pairs.map { first[$0.first].levels[place] }
      let b = pairs.map { second[$0.second].levels[place] }
      rows.append(
        Row(
          level: level, first: a.reduce(LevelScore(), +), second: b.reduce(LevelScore(), +),
          difference: try bootstrap.difference(of: .f1, from: a, to: b)))
    }
    let changed = pairs.filter { first[$0.first].figure != second[$0.second].figure || differs($0.first, $0.second) }
    changes = changed.map { pair in
      Change(
        document: first[pair.first].label, first: first[pair.first].figure, second: second[pair.second].figure,
        firstErrors: first[pair.first].errors, secondErrors: second[pair.second].errors)
    }.enumerated().sorted {
      let a = abs($0.element.second - $0.element.first)
      let b = abs($1.element.second - $1.element.first)
      return a != b ? a > b : $0.offset < $1.offset
    }.map(\.element)
  }

  public func table() -> String {
    var table = TextTable(["level", "F1 first", "F1 second", "difference", "interval", "p"], leftColumns: 1)
    for row in rows {
      let difference = row.difference
      table.add([
        row.level, TextTable.figure(row.first.f1), TextTable.figure(row.second.f1),
        TextTable.figure(difference.difference),
        TextTable.figure(difference.interval.lower) + " … " + TextTable.figure(difference.interval.upper),
        TextTable.figure(difference.pValue),
      ])
    }
    var lines = [
      table.text(), "\(TextTable.counted(commonCount, "document")) in both, \(changes.count) changed",
    ]
    if !changes.isEmpty {
      var list = TextTable(["document", figureName, "", "errors", ""], leftColumns: 1)
      for change in changes.prefix(20) {
        list.add([
          TextTable.label(change.document), TextTable.figure(change.first), "→ " + TextTable.figure(change.second),
          TextTable.count(change.firstErrors), "→ " + TextTable.count(change.secondErrors),
        ])
      }
      lines += ["", list.text()]
      if changes.count > 20 { lines.append("… and \(changes.count - 20) more") }
    }
    lines += warnings.map { "warning: " + $0 }
    return lines.joined(separator: "\n") + "\n"
  }

  /// One line for each side that has documents of its own.
  public var warnings: [String] {
    [
      DocumentJoin.line(onlyFirst, "document", "only in the first file, not compared"),
      DocumentJoin.line(onlySecond, "document", "only in the second file, not compared"),
    ].compactMap { $0 }
  }

  public var json: JSON {
    .object([
      ("documents", .number(commonCount)),
      (
        "levels",
        .object(
          rows.map { row in
            (
              row.level,
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
              ("document", .string($0.document)), ("\(figureName)_first", .number($0.first)),
              ("\(figureName)_second", .number($0.second)), ("errors_first", .number($0.firstErrors)),
              ("errors_second", .number($0.secondErrors)),
            ])
          })
      ),
      ("only_first", .array(onlyFirst.map(JSON.string))), ("only_second", .array(onlySecond.map(JSON.string))),
    ])
  }

  /// A line for each level; the documents that changed are not in it.
  public func csv() -> String {
    var csv = CSVText(["level", "f1_first", "f1_second", "difference", "lower", "upper", "p"])
    for row in rows {
      let difference = row.difference
      let figures = [
        row.first.f1, row.second.f1, difference.difference, difference.interval.lower, difference.interval.upper,
        difference.pValue,
      ]
      csv.add([row.level] + figures.map { "\($0)" })
    }
    return csv.text
  }
}
