import JSON

extension Reward {
  /// The terms as a table for a terminal, the sum last.
  public func table() -> String {
    var table = TextTable(["term", "weight", "score", "contribution", "matched", "pred", "gold"], leftColumns: 1)
    for term in terms {
      table.add([
        term.name, TextTable.decimals(term.weight, 2), TextTable.figure(term.score),
        TextTable.figure(term.contribution), TextTable.count(term.level.matched), String(term.level.predicted),
        String(term.level.gold),
      ])
    }
    table.add(["reward", "", "", TextTable.figure(value), "", "", ""])
    return table.text() + "\n"
  }

  /// `{"reward": …, "metrics": {…}, "terms": […]}`; the metrics under the reference's names.
  public var json: JSON {
    .object([
      ("reward", .number(value)), ("metrics", .object(metrics.map { ($0.name, .number($0.value)) })),
      (
        "terms",
        .array(
          terms.map { term in
            .object([
              ("name", .string(term.name)), ("weight", .number(term.weight)), ("score", .number(term.score)),
              ("matched", .number(term.level.matched)), ("predicted", .number(term.level.predicted)),
              ("gold", .number(term.level.gold)),
            ])
          })
      ),
    ])
  }
}

extension Episode {
  /// `{"reward": …, "metrics": {…}}`; the metrics under the reference's names.
  public var json: JSON {
    .object([("reward", .number(reward)), ("metrics", .object(metrics.map { ($0.name, .number($0.value)) }))])
  }
}
