import Funding
import Generation
import JSON
import Tokenizer

/// Makes the examples of a recipe, file by file.
struct ExampleBuilder {
  let recipe: DataRecipe
  let encoder: ChatEncoder
  /// What the pipeline's two stages read.
  let inputs: StageInputs
  /// Whether the examples hold the texts that they are about.
  let keepsSources: Bool
  var report = DataReport()
  /// In the order of the rows.
  var entries: [Entry] = []

  /// An example, or a chunk without statements of which it is not yet known whether it is kept.
  enum Entry {
    case example(TrainingExample)
    case negative(ChunkText)
  }

  init(
    _ recipe: DataRecipe, _ tokenizer: Tokenizer, _ template: ChatTemplate, keepsSources: Bool
  ) throws(DataError) {
    self.recipe = recipe
    self.keepsSources = keepsSources
    encoder = try ChatEncoder(tokenizer, template, contextLength: recipe.maximumLength)
    var options = ExtractionOptions()
    options.chunkTokens = recipe.chunkTokens
    options.chunking = recipe.chunking
    options.overlapTokens = recipe.overlapTokens
    inputs = StageInputs(tokenizer: encoder, options: options)
  }

  mutating func add(_ file: DataFile, _ onProgress: DataRecipe.Progress?) throws {
    let contents = try DataFileContents(path: file.path)
    if let problem = contents.problems.first, !recipe.skipsBadRows {
      throw DataError(.unreadableRow, "\(problem); mend the row, or leave out such rows (they are then counted)")
    }
    report.problems += contents.problems
    var counts = DataReport.File(path: file.path, hash: contents.hash, rows: contents.rows.count)
    let statements = contents.rows.map(\.row).filter { row in
      if case .statement = row.content { recipe.licenses.accepts(row.license) } else { false }
    }
    for (index, (line, row)) in contents.rows.enumerated() {
      try onProgress?(file, index, contents.rows.count)
      counts.rowsByLicense[row.license ?? "not stated", default: 0] += 1
      guard recipe.licenses.accepts(row.license) else {
        counts.refusedLicenses += 1
        continue
      }
      if !LicenseFilter.isStated(row.license) { counts.unstatedLicenses += 1 }
      var random = DataRandom(seed: recipe.seed, "copies", row.id, String(line))
      let copies = random.copies(file.weight * (recipe.taskWeights[row.content.task] ?? 1))
      for copy in 0..<copies {
        report[row.content.task].rows += 1
        let id = copy == 0 ? row.id : "\(row.id)~\(copy)"
        do {
          switch row.content {
          case .article(let text, let statements): try addArticle(text, statements, id: id, copy: copy)
          case .statement(let text, let funders):
            let partner = random.chance(recipe.joinedShare) ? random.pick(statements) : nil
            try addStatement(text, funders, id: id, partner: partner.flatMap { $0.id == row.id ? nil : $0 })
          case .chat(let messages):
            let example = try encoder.example(id: id, chat: messages, turns: recipe.supervisedTurns)
            add(example, isAnswered: true, isNoisy: false)
          }
        } catch let error as FundingError
          where [.binaryContent, .emptyText, .invalidUTF8].contains(error.code)
        {
          let kind = row.content.task == .statements ? "article" : "statement"
          let problem = DataProblem(path: file.path, line: line, message: "\(kind): \(error.message)")
          guard recipe.skipsBadRows else { throw DataError(.unreadableRow, problem.description) }
          report.problems.append(problem)
        }
      }
    }
    report.files.append(counts)
  }

  /// - Throws: `DataError.noRows` if nothing is left.
  mutating func finish() throws -> (examples: [TrainingExample], report: DataReport) {
    let all = entries
    let kept = keptNegatives()
    entries = []
    for (index, entry) in all.enumerated() {
      switch entry {
      case .example: entries.append(entry)
      case .negative(let chunk): if kept.contains(index) { try addChunk(chunk, statements: []) }
      }
    }
    let examples = entries.compactMap { entry in
      if case .example(let example) = entry { example } else { nil }
    }
    guard !examples.isEmpty else {
      throw DataError(
        .noRows,
        "no examples are left of \(report.files.reduce(0) { $0 + $1.rows }) rows; the licence filter, the weights or the "
          + "maximum length leave all of them out")
    }
    return (examples, report)
  }

  /// Takes an example in if its length allows, and counts it.
  /// - Parameters:
  ///   - isAnswered: whether the answer says more than that there is nothing.
  ///   - isNoisy: whether the input has training noise.
  mutating func add(_ example: TrainingExample, isAnswered: Bool, isNoisy: Bool) {
    guard example.tokens.count <= recipe.maximumLength else {
      report[example.task].tooLong += 1
      return
    }
    entries.append(.example(example))
    report[example.task].examples += 1
    report[example.task].tokens += example.tokens.count
    report[example.task].supervisedTokens += example.supervisedCount
    report[example.task].answered += isAnswered ? 1 : 0
    report[example.task].noisy += isNoisy ? 1 : 0
    report[example.task].longest = max(report[example.task].longest, example.tokens.count)
  }

  /// Takes in an example of one answer.
  /// - Parameter sources: the texts that it is about.
  mutating func add(
    id: String, task: Stage?, prompt: [Message], sources: [String], answer: JSON, isAnswered: Bool,
    isNoisy: Bool
  ) throws {
    let answer = answer.text(.compact)
    guard encoder.canExpress(answer) else {
      report[task].inexpressible += 1
      return
    }
    var example = try encoder.example(id: id, task: task, prompt: prompt, answer: answer)
    if keepsSources { example.sources = sources }
    add(example, isAnswered: isAnswered, isNoisy: isNoisy)
  }
}

extension DataReport {
  subscript(task: Stage?) -> TaskCounts {
    get { tasks[task] ?? TaskCounts() }
    set { tasks[task] = newValue }
  }
}
