import Foundation
import JSON

/// A trajectory that a policy was trained on, and what it was worth.
public struct RunRollout: Sendable, Equatable {
  /// What was written for one prompt.
  public struct Step: Sendable, Equatable {
    /// Such as `extract` or `parse`.
    public var task: String
    /// The chunk of the article, or the group of statements.
    public var part: Int
    public var promptTokens: Int
    /// The sampled ids.
    public var tokens: [Int]
    public var text: String
    /// Such as `stop` or `length`.
    public var finish: String

    public init(task: String, part: Int, promptTokens: Int, tokens: [Int], text: String, finish: String) {
      self.task = task
      self.part = part
      self.promptTokens = promptTokens
      self.tokens = tokens
      self.text = text
      self.finish = finish
    }
  }

  public var step: Int
  /// Of the row.
  public var id: String
  /// Number in its group.
  public var sample: Int
  /// nil: it could not be computed.
  public var reward: Double?
  public var advantage: Double?
  /// What the reward is made of, by name, in order.
  public var terms: [(name: String, value: Double)]
  /// Why there is no reward.
  public var failure: String?
  public var steps: [Step]

  public init(
    step: Int, id: String, sample: Int, reward: Double?, advantage: Double?,
    terms: [(name: String, value: Double)] = [],
    failure: String? = nil, steps: [Step]
  ) {
    self.step = step
    self.id = id
    self.sample = sample
    self.reward = reward
    self.advantage = advantage
    self.terms = terms
    self.failure = failure
    self.steps = steps
  }

  public static func == (a: Self, b: Self) -> Bool { a.json == b.json }

  init?(_ line: JSON) {
    guard let step = line["step"]?.int else { return nil }
    self.init(
      step: step, id: line["id"]?.string ?? "", sample: line["sample"]?.int ?? 0, reward: line["reward"]?.double,
      advantage: line["advantage"]?.double,
      terms: (line["terms"]?.object?.members ?? []).map { ($0.key, $0.value.double ?? .nan) },
      failure: line["failure"]?.string,
      steps: (line["steps"]?.array ?? []).map { step in
        Step(
          task: step["task"]?.string ?? "", part: step["part"]?.int ?? 0, promptTokens: step["prompt_tokens"]?.int ?? 0,
          tokens: (step["tokens"]?.array ?? []).compactMap(\.int), text: step["text"]?.string ?? "",
          finish: step["finish"]?.string ?? "")
      })
  }

  var json: JSON {
    func number(_ value: Double?) -> JSON { value.map { $0.isFinite ? .number($0) : .null } ?? .null }
    var members: [(String, JSON)] = [
      ("step", .number(step)), ("id", .string(id)), ("sample", .number(sample)), ("reward", number(reward)),
      ("advantage", number(advantage)), ("terms", .object(terms.map { ($0.name, number($0.value)) })),
    ]
    if let failure { members.append(("failure", .string(failure))) }
    members.append(
      (
        "steps",
        .array(
          steps.map { step in
            .object([
              ("task", .string(step.task)), ("part", .number(step.part)), ("prompt_tokens", .number(step.promptTokens)),
              ("finish", .string(step.finish)), ("text", .string(step.text)),
              ("tokens", .array(step.tokens.map { .number($0) })),
            ])
          })
      ))
    return .object(members)
  }

  /// All rollouts of a run that can be read.
  public static func rollouts(of run: URL) throws -> [RunRollout] {
    try JSONLinesFile.lines(of: run.appendingPathComponent(RunFolder.rolloutsName)).compactMap(RunRollout.init)
  }
}

/// `rollouts.jsonl` of a run, bounded: so many trajectories of a step, and so many bytes in all. The file appears with
/// the first rollout.
public final class RolloutLog {
  private let url: URL
  private let perStep: Int
  private let byteLimit: Int
  private var file: JSONLinesFile?
  private var present: (step: Int, count: Int)?

  /// - Parameters:
  ///   - step: as in `MetricLog`: later lines are taken out.
  ///   - perStep: most trajectories of a step; the first ones stay.
  ///   - byteLimit: no line is added that would make the file longer. What is recorded before that stays.
  public init(_ run: RunFolder, resumingAt step: Int?, perStep: Int = 128, byteLimit: Int = 256 << 20) throws {
    url = run.rollouts
    self.perStep = perStep
    self.byteLimit = byteLimit
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    file = try JSONLinesFile.open(url, keepingUpTo: step).file
  }

  /// - Returns: whether there was room for it.
  @discardableResult
  public func record(_ rollout: RunRollout) throws -> Bool {
    let count = present.flatMap { $0.step == rollout.step ? $0.count : nil } ?? 0
    guard count < perStep else { return false }
    let file = try self.file ?? JSONLinesFile.open(url, keepingUpTo: nil).file
    self.file = file
    let line = rollout.json
    guard try file.byteCount() + line.utf8().count < byteLimit else { return false }
    try file.append(line)
    present = (rollout.step, count + 1)
    return true
  }

  public func synchronize() throws { try file?.synchronize() }
}
