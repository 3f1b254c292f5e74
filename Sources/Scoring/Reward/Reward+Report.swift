import JSON
import Text

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
      ("terms", termsJSON),
    ])
  }

  fileprivate var termsJSON: JSON {
    .array(
      terms.map { term in
        .object([
          ("name", .string(term.name)), ("weight", .number(term.weight)), ("score", .number(term.score)),
          ("matched", .number(term.level.matched)), ("predicted", .number(term.level.predicted)),
          ("gold", .number(term.level.gold)),
        ])
      })
  }
}

extension Episode {
  /// The terms as a table, and what else decided.
  public func table() -> String {
    var text = breakdown?.table() ?? "reward 0: nothing was predicted, and gold is not empty\n"
    if !isFormatValid { text += "no funders could be read from the completion\n" }
    return text
  }

  /// `{"reward": …, "metrics": {…}, "terms": […]}`; the metrics under the reference's names. No terms where the rule
  /// for empty predictions decided.
  public var json: JSON {
    .object(
      [("reward", .number(reward)), ("metrics", .object(metrics.map { ($0.name, .number($0.value)) }))]
        + (breakdown.map { [("terms", $0.termsJSON)] } ?? []))
  }
}

extension RewardFile {
  /// A line for each row with the scores of its terms, and the mean reward of the rows that could be scored.
  public static func table(_ rows: [Row]) -> String {
    var table = TextTable(["row", "reward", "funder", "award_id", "flat_award_id", "format"], leftColumns: 1)
    var sum = 0.0
    var failures: [String] = []
    for row in rows {
      switch row.episode {
      case .success(let episode):
        sum += episode.reward
        let terms = episode.breakdown.map {
          [$0.funder, $0.awardID, $0.flatAwardID].map { TextTable.figure($0.score) }
        }
        table.add(
          [TextTable.label(row.label), TextTable.figure(episode.reward)] + (terms ?? ["", "", ""])
            + [episode.isFormatValid ? "ok" : "invalid"])
      case .failure(let error): failures.append("not scored: \(TextTable.label(row.label)): \(error.message)")
      }
    }
    let count = rows.count - failures.count
    let mean = count > 0 ? ", mean reward \(TextTable.figure(sum / Double(count)))" : ""
    return ([table.text(), TextTable.counted(count, "row") + mean] + failures).joined(separator: "\n") + "\n"
  }

  /// `{"id": …, "reward": …, …}`, or `{"id": …, "error": …}`: a row without reward has none, not 0.
  public static func json(_ row: Row) -> JSON {
    let members: [(String, JSON)] =
      switch row.episode {
      case .success(let episode): (episode.json.object?.members ?? []).map { ($0.key, $0.value) }
      case .failure(let error): [("error", .string(error.message))]
      }
    return .object([("id", .string(row.label))] + members)
  }
}

extension ScoringBenchmark {
  /// A line for each set of cases that was measured.
  public static func table(_ results: [(name: String, result: Result)]) -> String {
    var table = TextTable(
      ["cases", "count", "rewards", "seconds", "rewards/s", "mean reward", "not scored"], leftColumns: 1)
    for (name, result) in results {
      table.add([
        name, String(result.cases), String(result.rewards), TextTable.decimals(result.seconds, 2),
        TextTable.decimals(result.rewardsPerSecond, 0), TextTable.figure(result.meanReward), String(result.failures),
      ])
    }
    return table.text() + "\n"
  }

  public static func json(_ results: [(name: String, result: Result)]) -> JSON {
    .array(
      results.map { name, result in
        .object([
          ("cases", .string(name)), ("count", .number(result.cases)), ("rewards", .number(result.rewards)),
          ("seconds", .number(result.seconds)), ("rewards_per_second", .number(result.rewardsPerSecond)),
          ("mean_reward", .number(result.meanReward)), ("not_scored", .number(result.failures)),
        ])
      })
  }
}
