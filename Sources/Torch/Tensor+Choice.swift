import CTorch

/// What is asked of one row of logits: a token to choose, or the log-probability of one that is given.
public struct RowQuestion: Sendable {
  /// Tokens that may be chosen. The ranges say where their ids stand among those that go with the questions.
  public enum Allowed: Sendable {
    case all
    /// These, each once.
    case listed(Range<Int>)
    /// These, and all that are not among the missing ones, which ascend.
    case others(missing: Range<Int>, listed: Range<Int>)
  }

  /// How a token is drawn.
  public struct Draw: Sendable {
    /// 0 or less: the most probable token is chosen.
    public var temperature: Double
    /// 1 keeps all.
    public var topP: Double
    /// 0 keeps all.
    public var topK: Int
    /// In [0, 1).
    public var uniform: Double

    public init(temperature: Double, topP: Double = 1, topK: Int = 0, uniform: Double) {
      self.temperature = temperature
      self.topP = topP
      self.topK = topK
      self.uniform = uniform
    }
  }

  public enum Token: Sendable {
    case given(Int)
    /// The most probable, or a drawn one.
    case chosen(Allowed, Draw? = nil)
  }

  public var row: Int
  public var token: Token
  /// What the logits are divided by before log-probabilities are taken.
  public var logProbabilityTemperature: Double

  public init(row: Int, _ token: Token, logProbabilityTemperature: Double = 1) {
    self.row = row
    self.token = token
    self.logProbabilityTemperature = logProbabilityTemperature
  }

  var code: ct_row_question {
    var code = ct_row_question()
    code.row = Int64(row)
    code.token = -1
    code.log_probability_temperature = logProbabilityTemperature
    switch token {
    case .given(let id):
      // A negative number would ask for a choice.
      code.token = Int64(id < 0 ? .max : id)
    case .chosen(let allowed, let draw):
      code.temperature = draw?.temperature ?? 0
      code.top_p = draw?.topP ?? 1
      code.top_k = Int64(draw?.topK ?? 0)
      code.uniform = draw?.uniform ?? 0
      switch allowed {
      case .all: code.allowed = CT_ALLOW_ALL
      case .listed(let listed):
        code.allowed = CT_ALLOW_LISTED
        code.listed = ct_range(listed)
      case .others(let missing, let listed):
        code.allowed = CT_ALLOW_LISTED_AND_OTHERS
        code.missing = ct_range(missing)
        code.listed = ct_range(listed)
      }
    }
    return code
  }
}

extension ct_range {
  fileprivate init(_ range: Range<Int>) { self.init(begin: Int64(range.lowerBound), end: Int64(range.upperBound)) }
}

/// The token of a row, with the natural logarithms of its probability.
public struct RowAnswer: Sendable, Equatable {
  public let id: Int
  /// Before top-k and top-p, among all tokens.
  public let logProbability: Float
  /// The same among the allowed tokens.
  public let constrainedLogProbability: Float
}

extension Tensor {
  /// Answers questions about rows of logits, [rows, V], all in one call. On a CPU the logits are read as they are.
  ///
  /// The most probable token is the one of the lowest id on a tie; NaN never is. Draws go by temperature, top-k, top-p
  /// and one uniform number. On a CPU, in float32 and bfloat16, an answer is, bit for bit, a function of its question
  /// and its row.
  ///
  /// - Parameter ids: of the tokens that the questions name by range.
  public func answers(to questions: [RowQuestion], ids: [Int32] = []) throws(TorchError) -> [RowAnswer] {
    let codes = questions.map(\.code)
    var answers = [ct_row_answer](repeating: ct_row_answer(), count: codes.count)
    try check(ct_choose_rows(pointer, codes, Int32(clamping: codes.count), ids, Int64(ids.count), &answers))
    return answers.map {
      RowAnswer(
        id: Int($0.id), logProbability: $0.log_probability, constrainedLogProbability: $0.constrained_log_probability)
    }
  }
}
