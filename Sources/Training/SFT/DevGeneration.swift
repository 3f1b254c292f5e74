import Funding
import Generation
import Llama
import ModelFiles
import Runs
import Scoring
import Tokenizer
import Torch
import TrainingData

/// What a model in training writes for dev rows, greedily and held to the constraints of an extraction, and how good it
/// is.
///
/// The figures are those of `patron evaluate` over these rows, chunk by chunk instead of article by article: a trend to
/// choose checkpoints by, not the accuracy of an extraction.
public struct DevGeneration {
  /// Names of the figures; the higher, the better.
  public static let figures = [
    "dev/funder_f0.5", "dev/award_id_f0.5", "dev/statement_f1", "dev/exact_answers", "dev/whole_answers",
  ]

  /// The figures that answers to these rows give.
  public static func figures(of rows: [TrainingExample]) -> [String] {
    let tasks = Set(rows.filter { $0.answerStart != nil }.map(\.task))
    var figures = tasks.isEmpty ? [] : ["dev/whole_answers"]
    if tasks.contains(.funders) { figures += ["dev/funder_f0.5", "dev/award_id_f0.5"] }
    if tasks.contains(.statements) { figures.append("dev/statement_f1") }
    if tasks.contains(nil) { figures.append("dev/exact_answers") }
    return figures
  }

  /// The first rows of each task, a row of each in turn, so that a few of many rows tell of all tasks.
  public static func sample(of rows: [TrainingExample], count: Int) -> [TrainingExample] {
    var queues = Stage?.tasks.map { task in rows.filter { $0.task == task }.prefix(count) }
    var chosen: [TrainingExample] = []
    while chosen.count < count, queues.contains(where: { !$0.isEmpty }) {
      for index in queues.indices where chosen.count < count {
        if let row = queues[index].popFirst() { chosen.append(row) }
      }
    }
    return chosen
  }

  /// The figures that these rows give.
  public var figures: [String] { Self.figures(of: rows.map(\.example)) }

  private let generator: LlamaGenerator
  private let rows: [Row]

  private struct Row {
    let example: TrainingExample
    let prompt: [Int]
    let request: CompletionRequest
    let expected: String
  }

  /// - Parameters:
  ///   - model: usually ``TrainableLlama/generatingModel()``.
  ///   - rows: of each, the tokens before the first supervised one are the prompt, the supervised ones that follow the
  ///     answer.
  ///   - stopTokens: ids that end an answer, besides the template's own; nil: those of the model's configuration.
  ///   - constraint: what the answers are held to. Where a row does not hold its text there is nothing to copy from: of
  ///     `verbatim`, the shape is left.
  ///   - maximumNewTokens: of an answer; nil: as many as an extraction allows.
  public init(
    model: LlamaModel, tokenizer: Tokenizer, template: ChatTemplate, rows: [TrainingExample],
    stopTokens: [Int]? = nil, constraint: ConstraintOptions = ConstraintOptions(), maximumNewTokens: Int? = nil
  ) throws {
    generator = try LlamaGenerator(
      model: model, tokenizer: tokenizer, template: template, stopTokens: stopTokens ?? model.configuration.eosTokenIDs)
    self.rows = rows.compactMap { example in
      guard let start = example.answerStart else { return nil }
      let end = example.isSupervised[start...].firstIndex(of: false) ?? example.tokens.count
      let prompt = Array(example.tokens[..<start])
      return Row(
        example: example, prompt: prompt,
        request: CompletionRequest(
          prompt: .tokens(prompt),
          maximumNewTokens: maximumNewTokens ?? Self.maximumNewTokens(for: example.task),
          constraint: Self.constraint(for: example, constraint)),
        expected: tokenizer.decode(example.tokens[start..<end], skippingSpecialTokens: true))
    }
  }

  /// A chat's answer may be as long as one of stage 1.
  private static func maximumNewTokens(for task: Stage?) -> Int {
    let options = ExtractionOptions()
    return task == .funders ? options.maximumFunderTokens : options.maximumStatementTokens
  }

  static func constraint(for example: TrainingExample, _ options: ConstraintOptions) -> OutputConstraint? {
    var options = options
    if options.mode == .verbatim, example.sources.isEmpty { options.mode = .json }
    return switch example.task {
    case .statements: options.statements(in: example.sources.first ?? "")
    case .funders: options.funders(in: example.sources)
    case nil: nil
    }
  }

  /// - Parameters:
  ///   - onProgress: rows done so far; throws to end everything.
  /// - Returns: figures by name, and what was written.
  public func measure(
    step: Int, onProgress: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> (metrics: [(name: String, value: Double)], samples: [RunSample]) {
    let completions = try withoutActuallyEscaping(onProgress) { escaping in try self.completions(escaping) }
    var samples: [RunSample] = []
    var score = DevScore()
    for (row, completion) in zip(rows, completions) {
      let written = completion?.text ?? ""
      score.add(
        row.example.task, id: row.example.id, expected: row.expected, written: written,
        isWhole: completion?.finishReason == .stop, closedAtLimit: completion?.closedAtLimit ?? false,
        isConstrained: row.request.constraint != nil)
      samples.append(
        RunSample(
          step: step, id: row.example.id, task: row.example.task.taskName,
          promptExcerpt: excerpt(row.prompt), expected: row.expected, generated: written))
    }
    return (score.metrics, samples)
  }

  /// What the model writes for the rows; nil where the prompt leaves no room for an answer.
  private func completions(
    _ onProgress: @escaping (_ done: Int, _ total: Int) throws -> Void
  ) throws -> [Completion?] {
    let readable = rows.indices.filter { generator.canComplete(rows[$0].request) }
    var done = rows.count - readable.count
    let completed = try generator.completeOnThisThread(readable.map { rows[$0].request }) { progress in
      if case .end = progress.event { done += 1 }
      try onProgress(done, rows.count)
    }
    var completions = [Completion?](repeating: nil, count: rows.count)
    for (index, completion) in zip(readable, completed) { completions[index] = completion }
    return completions
  }

  /// The end of the prompt, where the text stands; the instructions before it are the same for all rows.
  private func excerpt(_ prompt: [Int]) -> String {
    let text = generator.tokenizer.decode(prompt.suffix(200), skippingSpecialTokens: true)
    return String(text.unicodeScalars.suffix(500).map(Character.init))
  }
}

extension TrainingExample {
  /// Where the first answer begins; nil where nothing stands before it.
  fileprivate var answerStart: Int? { isSupervised.firstIndex(of: true).flatMap { $0 > 0 ? $0 : nil } }
}

/// Sums up what was written.
struct DevScore {
  private var counts: [Stage?: Int] = [:]
  private var whole = 0
  private var funders = LevelScore()
  private var awardIDs = LevelScore()
  private var statements: [StatementDocument] = []
  private var exact = 0

  /// - Parameters:
  ///   - isWhole: the model ended its answer by itself.
  ///   - closedAtLimit: the constraint ended it.
  mutating func add(
    _ task: Stage?, id: String, expected: String, written: String, isWhole: Bool,
    closedAtLimit: Bool = false, isConstrained: Bool = false
  ) {
    counts[task, default: 0] += 1
    whole += isWhole ? 1 : 0
    switch task {
    case .funders:
      let gold = FunderReader.read(expected).elements.map(\.text)
      let predicted = FunderCleanup.clean(
        FunderReader.read(written).elements, closedAtLimit: closedAtLimit, isConstrained: isConstrained
      ).map(\.text)
      // What cannot be compared (it is too large) counts as nothing predicted.
      let comparison = try? FunderComparison(gold: gold, predicted: predicted, options: ComparisonOptions())
      let nothing = try? FunderComparison(gold: gold, predicted: [], options: ComparisonOptions())
      if let comparison = comparison ?? nothing {
        funders += comparison.funder
        awardIDs += comparison.awardID
      }
    case .statements:
      // As an extraction merges them, each once.
      var predicted: [String] = []
      for statement in StatementReader.read(written).elements.map(\.text)
      where !predicted.contains(where: { $0.utf8.elementsEqual(statement.utf8) }) { predicted.append(statement) }
      statements.append(
        StatementDocument(label: id, gold: StatementReader.read(expected).elements.map(\.text), predicted: predicted))
    case nil: exact += written == expected ? 1 : 0
    }
  }

  var metrics: [(name: String, value: Double)] {
    let total = counts.values.reduce(0, +)
    guard total > 0 else { return [] }
    var metrics = [("dev/whole_answers", Double(whole) / Double(total))]
    if counts[.funders] != nil {
      metrics += [("dev/funder_f0.5", funders.f0_5), ("dev/award_id_f0.5", awardIDs.f0_5)]
    }
    if counts[.statements] != nil, let evaluation = try? StatementEvaluation(statements) {
      metrics += [("dev/statement_f1", evaluation.honest.f1)]
    }
    if let chats = counts[nil] { metrics.append(("dev/exact_answers", Double(exact) / Double(chats))) }
    return metrics.map { (name: $0.0, value: $0.1) }
  }
}
