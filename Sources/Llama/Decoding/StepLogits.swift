import Constraints
import Generation
import Torch

/// What a sequence asks of its rows of a step.
struct RowQuestions: Sendable {
  /// Where they are in the step.
  let rows: Range<Int>
  /// Tokens that are taken without a choice, of the first rows.
  let planned: [Int]
  /// What is chosen from the last row; nil where all tokens are planned.
  let choice: TokenChoice?
  /// What logits are divided by before log-probabilities are taken.
  let logProbabilityTemperature: Double
}

/// How one token is to be chosen.
struct TokenChoice: Sendable {
  /// Nil: all tokens. Else not empty.
  var allowed: TokenSet?
  var sampling: Sampling
  /// What the draw is made with, in [0, 1).
  var uniform: Double
}

/// What a sequence is told of its rows.
struct RowAnswers: Sendable {
  /// Log-probabilities of the planned tokens.
  let planned: [Float]
  /// What was chosen, where something was to be.
  let chosen: RowAnswer?
  fileprivate let logits: StepLogits
  fileprivate let questions: RowQuestions

  /// The log-probability of another token in the last row. A call of its own: for what cannot be known beforehand.
  func logProbability(of token: Int) throws -> Float {
    let question = RowQuestion(
      row: questions.rows.upperBound - 1, .given(token),
      logProbabilityTemperature: questions.logProbabilityTemperature)
    return try logits.values.answers(to: [question])[0].logProbability
  }
}

/// Logits of the rows that went through the model together, and the one place that they are read at.
struct StepLogits: Sendable {
  /// [rows, V], as the model made them.
  let values: Tensor

  /// - Parameter logits: [rows, V]
  init(_ logits: Tensor) { values = logits }

  /// Answers the questions of all sequences of a step at once.
  func answers(_ questions: [RowQuestions]) throws -> [RowAnswers] {
    var asked = Asked()
    for question in questions { asked.append(question) }
    let answers = try values.answers(to: asked.rows, ids: asked.ids)
    var next = 0
    return questions.map { question in
      let planned = answers[next..<next + question.planned.count]
      next += planned.count
      let chosen = question.choice == nil ? nil : answers[next]
      next += chosen == nil ? 0 : 1
      return RowAnswers(
        planned: planned.map(\.logProbability), chosen: chosen, logits: self, questions: question)
    }
  }

  /// Questions as the tensor takes them: sets of tokens are where their ids stand in one list.
  private struct Asked {
    private(set) var rows: [RowQuestion] = []
    private(set) var ids: [Int32] = []
    /// Where the ids stand that the large sets lack: many rows share one.
    private var missing: [ObjectIdentifier: Range<Int>] = [:]

    mutating func append(_ question: RowQuestions) {
      let temperature = question.logProbabilityTemperature
      for (row, token) in zip(question.rows, question.planned) {
        rows.append(RowQuestion(row: row, .given(token), logProbabilityTemperature: temperature))
      }
      guard let choice = question.choice else { return }
      let draw =
        choice.sampling.temperature > 0
        ? RowQuestion.Draw(
          temperature: choice.sampling.temperature, topP: choice.sampling.topP, topK: choice.sampling.topK,
          uniform: choice.uniform) : nil
      rows.append(
        RowQuestion(
          row: question.rows.upperBound - 1, .chosen(allowed(choice.allowed), draw),
          logProbabilityTemperature: temperature))
    }

    private mutating func allowed(_ tokens: TokenSet?) -> RowQuestion.Allowed {
      guard let tokens else { return .all }
      let listed = place(tokens.listed)
      guard let shared = tokens.shared else { return .listed(listed) }
      let key = ObjectIdentifier(shared)  // the questions keep it alive
      let missing = missing[key] ?? place(shared.missing)
      self.missing[key] = missing
      return .others(missing: missing, listed: listed)
    }

    private mutating func place(_ more: [Int32]) -> Range<Int> {
      let start = ids.count
      ids.append(contentsOf: more)
      return start..<ids.count
    }
  }
}
