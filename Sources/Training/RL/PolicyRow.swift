import Llama
import TrainingData

/// Steps of trajectories that have the same prompt and the same response, as the policy trains on them.
public struct PolicyRow: Sendable, Equatable {
  /// For messages.
  public var id: String
  public var prompt: [Int]
  /// As it was sampled, the stop token included.
  public var response: [Int]
  /// Of the trajectory of each of the steps that this row stands for.
  public var advantages: [Float]
  /// What the sampler says of the response's tokens, at the objective's temperature and before top-p; nil where it does
  /// not tell. Of the first of the steps.
  public var sampled: [Float]?

  public init(id: String, prompt: [Int], response: [Int], advantages: [Float], sampled: [Float]? = nil) {
    self.id = id
    self.prompt = prompt
    self.response = response
    self.advantages = advantages
    self.sampled = sampled
  }

  /// What the loss is divided by where these rows are all of an update.
  public static func counts(of rows: [PolicyRow]) -> PolicyCounts {
    rows.reduce(PolicyCounts(tokens: 0, rows: 0)) {
      $0 + PolicyCounts(tokens: $1.advantages.count * $1.response.count, rows: $1.advantages.count)
    }
  }

  /// Each prompt and response once, in the order of their first.
  public static func equalOnce(_ rows: [PolicyRow]) -> [PolicyRow] {
    struct Key: Hashable {
      let prompt: [Int]
      let response: [Int]
    }
    var places: [Key: Int] = [:]
    var merged: [PolicyRow] = []
    for row in rows {
      let key = Key(prompt: row.prompt, response: row.response)
      if let place = places[key] {
        merged[place].advantages += row.advantages
      } else {
        places[key] = merged.count
        merged.append(row)
      }
    }
    return merged
  }
}

extension Array<PolicyRow> {
  /// The rows in parts of about so many tokens at most, in which rows of one prompt stand together, so that it is
  /// computed once. More rows than that of one prompt become several parts. The parts change neither loss nor
  /// gradients.
  public func microBatches(tokens limit: Int) -> [[PolicyRow]] {
    var order: [[Int]: Int] = [:]
    var groups: [[PolicyRow]] = []
    for row in self {
      let place = order[row.prompt] ?? groups.count
      if place == groups.count {
        order[row.prompt] = place
        groups.append([])
      }
      groups[place].append(row)
    }
    var parts: [[PolicyRow]] = []
    var count = Int.max  // tokens of the last part
    for group in groups {
      let size = group.reduce(group[0].prompt.count) { $0 + $1.response.count }
      if size <= limit, count <= limit - size {
        parts[parts.count - 1] += group
        count += size
        continue
      }
      count = Int.max
      for row in group {
        if count <= limit - row.response.count {
          parts[parts.count - 1].append(row)
          count += row.response.count
        } else {
          parts.append([row])
          count = row.prompt.count + row.response.count
        }
      }
    }
    return parts
  }
}

/// Rows that go through the model together.
public struct PolicyBatch: Sendable {
  public let rows: [PolicyRow]
  let tokens: TokenBatch

  /// Tokens that go through the model.
  public var tokenCount: Int { tokens.tokenCount }

  /// - Parameter sharesPrefixes: what prompts have in common is computed once; else each row reads its own.
  /// - Throws: `TrainingError.data` for a row without prompt or response, and as `TokenBatch`.
  public init(_ rows: [PolicyRow], model: LlamaModel, sharesPrefixes: Bool = true) throws {
    for row in rows where row.prompt.isEmpty || row.response.isEmpty || row.advantages.isEmpty {
      throw TrainingError(
        .data,
        "row \(row.id): found \(row.prompt.count) tokens of a prompt, \(row.response.count) of a response and "
          + "\(row.advantages.count) advantages, expected at least one of each")
    }
    self.rows = rows
    tokens = try TokenBatch(
      rows.map { row in
        TrainingExample(
          id: row.id, task: nil, tokens: row.prompt + row.response,
          isSupervised: Array(repeating: false, count: row.prompt.count)
            + Array(repeating: true, count: row.response.count))
      }, model: model, sharesPrefixes: sharesPrefixes)
  }

  /// Values of the responses' tokens, row by row.
  func byRow<Value>(_ values: [Value]) -> [[Value]] {
    var start = 0
    return rows.map { row in
      defer { start += row.response.count }
      return Array(values[start..<start + row.response.count])
    }
  }
}
