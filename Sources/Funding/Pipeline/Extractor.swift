import Files
import Foundation
import Generation
import Synchronization
import Text

/// Reads an article in two stages: statements, then funders.
public struct Extractor: Sendable {
  /// Called from the generating thread. Returning false cancels with `CancellationError`.
  public typealias ProgressHandler = @Sendable (ExtractionProgress) -> Bool

  public let generator: any ChatGenerator
  public let options: ExtractionOptions
  /// Of the program, for the records.
  public let version: String

  public init(generator: any ChatGenerator, options: ExtractionOptions = ExtractionOptions(), version: String) {
    self.generator = generator
    self.options = options
    self.version = version
  }

  /// Finds the funding statements of an article and, unless the options ask for statements only, their funders.
  ///
  /// No statements: no stage-2 call and no funders.
  /// - Parameters:
  ///   - id: name of the article for the record.
  ///   - contents: bytes of the file, UTF-8.
  /// - Throws: `FundingError`, the generator's errors, and `CancellationError` when the task is cancelled.
  public func extract(
    id: String, contents: [UInt8], onProgress: ProgressHandler? = nil
  ) async throws -> ExtractionRecord {
    guard options.stages.contains(.statements) else {
      throw FundingError(
        .invalidOption,
        "Found no stage that reads articles; expected the one for statements. Use parse for a statement.")
    }
    return try await record(id, contents, stages: options.stages) { article, record throws in
      let article = article.unwrapped()
      let found = try await findStatements(in: article, &record, onProgress)
      if options.stages.contains(.funders), !found.isEmpty {
        try await findFunders(in: found.map { ReadStatement($0, of: article) }, &record, onProgress)
      }
    }
  }

  /// Finds the funders of one funding statement.
  /// - Parameters:
  ///   - id: name of the statement for the record.
  ///   - contents: the statement in UTF-8; whitespace around it is ignored.
  /// - Throws: as `extract`.
  public func parse(
    id: String, contents: [UInt8], onProgress: ProgressHandler? = nil
  ) async throws -> ExtractionRecord {
    try await record(id, contents, stages: [.funders]) { article, record throws in
      record.statements = Self.statements([article.cleaned], of: article)
      try await findFunders(in: record.statements.map(ReadStatement.init), &record, onProgress)
    }
  }

  /// Finds the funders of several funding statements of one article, read together as after stage 1.
  ///
  /// The record's hash and places are those of the statements joined by line feeds. Blank ones are passed over; without
  /// others there is no call and no funder.
  /// - Throws: as `extract`.
  public func parse(
    id: String, statements: [String], onProgress: ProgressHandler? = nil
  ) async throws -> ExtractionRecord {
    if statements.allSatisfy(PythonText.isBlank) {
      return try await parse(ExtractionRecord(id: id, sha256: FileHash.sha256(of: [])), onProgress: onProgress)
    }
    let contents = Array(StageInputs.joined(statements).utf8)
    return try await record(id, contents, stages: [.funders]) { article, record throws in
      record.statements = Self.statements(statements, of: article)
      try await findFunders(in: record.statements.map(ReadStatement.init), &record, onProgress)
    }
  }

  /// Finds the funders of the statements in a record that stage 1 left, here or on another machine.
  ///
  /// Statements, places, calls and warnings of stage 1 stay. The provenance is that of this stage; the entries of the
  /// record stand behind it, with `stage_1_` before their keys. No statements: no call and no funders.
  /// - Throws: as `extract`.
  public func parse(_ found: ExtractionRecord, onProgress: ProgressHandler? = nil) async throws -> ExtractionRecord {
    try options.check()
    let start = ContinuousClock.now
    // What an earlier stage 2 left is replaced.
    let ofStage1 = found.provenance.filter { $0.key.hasPrefix("stage_1_") }
    var record = ExtractionRecord(
      id: found.id, sha256: found.sha256, statements: found.statements, chunks: found.chunks,
      calls: found.calls?.filter { $0.stage == .statements } ?? [],
      warnings: found.warnings.filter { !$0.hasPrefix("stage 2") },
      provenance: provenance([.funders])
        + (ofStage1.isEmpty ? found.provenance.map { .init("stage_1_" + $0.key, $0.value) } : ofStage1))
    if !record.statements.isEmpty {
      try await findFunders(in: record.statements.map(ReadStatement.init), &record, onProgress)
    }
    finish(&record, since: start)
    return record
  }

  private func record(
    _ id: String, _ contents: [UInt8], stages: Set<Stage>,
    _ fill: (ArticleText, inout ExtractionRecord) async throws -> Void
  ) async throws -> ExtractionRecord {
    try options.check()
    let start = ContinuousClock.now
    let article = try ArticleText(contents)
    var record = ExtractionRecord(id: id, sha256: article.hash, calls: [], provenance: provenance(stages))
    if let warning = article.controlCharacterWarning { record.warnings.append(warning) }
    try await fill(article, &record)
    finish(&record, since: start)
    return record
  }

  private func finish(_ record: inout ExtractionRecord, since start: ContinuousClock.Instant) {
    record.evidence = options.includesEvidence ? record.evidence ?? [] : nil
    if !options.includesEvidence { record.calls = nil }
    record.seconds = (ContinuousClock.now - start) / .seconds(1)
  }

  private var inputs: StageInputs { StageInputs(tokenizer: generator, options: options) }

  // MARK: Stage 1

  /// - Returns: the statements of the record, as the pipeline read them.
  private func findStatements(
    in article: ArticleText, _ record: inout ExtractionRecord, _ onProgress: ProgressHandler?
  ) async throws -> [StatementCandidate] {
    let (chunks, texts, all) = try inputs.readChunks(of: article)
    noteChunks(read: chunks.count, of: all, &record)
    let tasks = texts.map { (Prompts.statements(in: $0), options.constraint.statements(in: $0)) }
    let completions = try await complete(.statements, tasks, options.maximumStatementTokens, onProgress)

    var gathering = StatementGathering(article, options: options)
    for (index, completion) in completions.enumerated() {
      try Task.checkCancellation()
      let (reading, leftOut) = gathering.add(completion, chunk: index, chunks[index])
      note(completion, .statements, index, reading.problems, article.span(ofCleaned: chunks[index]), &record)
      for statement in leftOut { noteLeftOut(statement, chunk: index, &record) }
    }
    let found = gathering.merged
    record.statements = found.map { statement($0, in: article) }
    return found
  }

  private func statement(_ found: StatementCandidate, in article: ArticleText) -> FundingStatement {
    let span = found.range.map(article.span(ofCleaned:))
    return FundingStatement(
      text: span.map(article.originalText) ?? found.modelText, status: found.status, span: span,
      chunk: found.chunk, confidence: found.confidence)
  }

  /// Statements that follow one another in a text, without the whitespace around them.
  private static func statements(_ texts: [String], of article: ArticleText) -> [FundingStatement] {
    var start = 0
    return texts.compactMap { text in
      let search = ByteSearch(Array(PythonText.strip(TextCleaning.clean(text)).utf8))
      guard !PythonText.isBlank(text),
        let range = search.firstRange(in: article.bytes, within: start..<article.bytes.count)
      else { return nil }
      start = range.upperBound
      let span = article.span(ofCleaned: range)
      return FundingStatement(text: article.originalText(span), status: .exact, span: span)
    }
  }

  // MARK: Stage 2

  private typealias JudgedValue = (text: String, confidence: Confidence?)

  private func findFunders(
    in found: [ReadStatement], _ record: inout ExtractionRecord, _ onProgress: ProgressHandler?
  ) async throws {
    let statements = found.map { inputs.cleanedUp($0.text) }
    let groups = try inputs.groups(of: statements)
    if groups != [statements] {
      record.warnings.append(
        "stage 2: the statements do not fit into the model's context of \(generator.contextLength) tokens; they were "
          + "read in several calls")
    }
    let tasks = groups.map {
      (Prompts.funders(in: StageInputs.joined($0)), options.constraint.funders(in: $0))
    }
    let completions = try await complete(.funders, tasks, options.maximumFunderTokens, onProgress)
    var funders: [FunderTree<JudgedValue>] = []
    for (index, completion) in completions.enumerated() {
      let reading = FunderReader.read(completion.text)
      note(completion, .funders, index, reading.problems, nil, &record)
      let confidences = OutputConfidence(completion, calibration: options.calibration)
      let cleaned = FunderCleanup.clean(
        reading.elements, closedAtLimit: completion.closedAtLimit, isConstrained: options.constraint.mode != .none)
      let values: [FunderTree<JudgedValue>] = cleaned.map {
        $0.map { value, kind in (value.text, confidences?.confidence(of: value, kind)) }
      }
      let (kept, leftOut) = UnmeantValues.without(values) { options.constraint.keepsValue($0.1, $1) }
      record.warnings += leftOut.map { Self.warning(of: $0, part: index) }
      funders += kept
    }
    if groups.count > 1 { funders = RepeatedFunders.joined(funders) { $0.text } }
    record.funders = funders.map { $0.map { value, _ in value.text } }
    record.confidences = funders.isEmpty ? nil : funders.map { $0.map { value, _ in value.confidence } }
    record.evidence = Evidence.places(of: record.funders, in: found)
  }

  // MARK: Both

  /// All requests of a stage go to the generator in one call: it reads them side by side as far as that pays off.
  private func complete(
    _ stage: Stage, _ tasks: [(messages: [Message], constraint: OutputConstraint?)], _ newTokens: Int,
    _ onProgress: ProgressHandler?
  ) async throws -> [Completion] {
    guard !tasks.isEmpty else { return [] }
    let isCancelled = Atomic(false)
    return try await withTaskCancellationHandler {
      try Task.checkCancellation()
      let tracker = ProgressTracker(stage: stage, partCount: tasks.count)
      let completions = try await generator.complete(
        tasks.map {
          CompletionRequest(
            messages: $0.messages, maximumNewTokens: newTokens, sampling: options.sampling,
            specialTokens: options.specialTokens, constraint: $0.constraint)
        },
        onProgress: { progress in
          guard !isCancelled.load(ordering: .relaxed) else { return false }
          return onProgress.map { $0(tracker.next(progress)) } ?? true
        })
      guard completions.count == tasks.count else {
        throw FundingError(
          .brokenGenerator, "The generator gave \(completions.count) completions for \(tasks.count) requests.")
      }
      for part in tasks.indices {
        let progress = ExtractionProgress(stage: stage, part: part, partCount: tasks.count, event: .finished)
        guard onProgress?(progress) ?? true else { throw CancellationError() }
      }
      return completions
    } onCancel: {
      isCancelled.store(true, ordering: .relaxed)
    }
  }

  private func note(
    _ completion: Completion, _ stage: Stage, _ part: Int, _ problems: [String], _ span: TextSpan?,
    _ record: inout ExtractionRecord
  ) {
    let place = stage == .statements ? "stage 1, chunk \(part)" : "stage 2, part \(part)"
    if completion.finishReason == .length {
      record.warnings.append(
        "\(place): the model reached its token limit"
          + (completion.closedAtLimit ? "; its answer was closed there, something may be missing" : ""))
    }
    record.warnings += problems.map { "\(place): \($0)" }
    let isModels = completion.tellsModelProbabilities
    record.calls?.append(
      ModelCall(
        stage: stage, part: part, span: span, output: completion.text, finishReason: completion.finishReason,
        closedAtLimit: completion.closedAtLimit,
        logProbability: isModels ? completion.logProbability : nil,
        constrainedLogProbability: isModels ? completion.constrainedLogProbability : nil,
        promptTokens: completion.promptTokens.count, newTokens: completion.tokens.count,
        prefillSeconds: completion.prefillSeconds, decodeSeconds: completion.decodeSeconds))
  }

  private func noteChunks(read: Int, of count: Int, _ record: inout ExtractionRecord) {
    record.chunks = ChunkCounts(read: read, leftOut: count - read)
    if read == 0 {
      record.warnings.append(
        "stage 1: the article was not read: no word of funding or thanks was found in its "
          + TextTable.counted(count, "chunk"))
    }
  }

  private func noteLeftOut(
    _ statement: StatementGathering.LeftOut, chunk: Int, _ record: inout ExtractionRecord
  ) {
    let reason =
      switch statement.reason {
      case .unmeant(let confidence): "that the model did not mean (probability \(Self.figure(confidence)))"
      case .withoutFundingWords: "without a word of funding"
      }
    record.warnings.append(
      "stage 1, chunk \(chunk): left out a statement \(reason): \(Self.beginning(of: statement.text))")
  }

  private static func warning(
    of value: UnmeantValues.LeftOut<JudgedValue>, part: Int
  ) -> String {
    let noun =
      switch value.kind {
      case .statement: "statement"
      case .funderName: "funder name"
      case .awardID: "award id"
      case .fundingScheme: "funding scheme"
      case .awardTitle: "award title"
      }
    let reason = value.isForName ? "with its funder's name" : "that the model did not mean"
    return "stage 2, part \(part): left out the \(noun) \(beginning(of: value.value.text)) \(reason) "
      + "(probability \(figure(value.value.confidence)))"
  }

  private static func figure(_ confidence: Confidence?) -> String {
    confidence.map { String(format: "%.1g", $0.mean) } ?? "not known"
  }

  /// What a warning quotes: on one line, as warnings are, and not too long.
  private static func beginning(of text: String) -> String {
    // Of scalars: one character may be as long as the text.
    let scalars = text.unicodeScalars
    let line = String(scalars.prefix(60).map { $0.properties.isWhitespace ? " " : Character($0) })
    return line + (scalars.count > 60 ? "…" : "")
  }

  private func provenance(_ stages: Set<Stage>) -> [ExtractionRecord.Entry] {
    var entries = [
      ("version", version), ("stages", stages.name), ("prompt_1_sha256", Prompts.statementsHash),
      ("prompt_2_sha256", Prompts.fundersHash), ("chunk_tokens", String(options.chunkTokens)),
      ("chunking", options.chunking.rawValue), ("overlap_tokens", String(options.overlapTokens)),
      ("chunks", options.chunkSelection.rawValue), ("statement_words", options.statementWords.rawValue),
      ("max_new_tokens_1", String(options.maximumStatementTokens)),
      ("max_new_tokens_2", String(options.maximumFunderTokens)), ("context_length", String(generator.contextLength)),
      ("special_tokens_in_text", options.specialTokens.rawValue),
      ("cleans_statements", String(options.cleansStatements)), ("temperature", String(options.sampling.temperature)),
    ]
    entries.append(("constrain", options.constraint.mode.rawValue))
    if options.constraint.mode == .verbatim {
      entries += [
        ("verbatim", options.constraint.copiedValues.rawValue),
        ("statement_edges", options.constraint.statementEdges.rawValue),
        ("folds_lines", String(options.constraint.foldsLines)),
        ("least_statement_probability", String(options.constraint.leastStatementProbability)),
        ("least_value_probability", String(options.constraint.leastValueProbability)),
      ]
    }
    if options.sampling.temperature > 0 {
      entries += [
        ("top_p", String(options.sampling.topP)), ("top_k", String(options.sampling.topK)),
        ("seed", String(options.sampling.seed)),
      ]
    }
    return (entries + generator.provenance.map { ($0.key, $0.value) }).map { ExtractionRecord.Entry($0.0, $0.1) }
  }
}

/// Turns a generator's progress into the pipeline's.
private final class ProgressTracker: Sendable {
  private let stage: Stage
  private let partCount: Int
  private let generated: Mutex<[Int]>

  init(stage: Stage, partCount: Int) {
    self.stage = stage
    self.partCount = partCount
    generated = Mutex(Array(repeating: 0, count: partCount))
  }

  func next(_ progress: CompletionProgress) -> ExtractionProgress {
    let event: ExtractionProgress.Event =
      switch progress.event {
      case .prefill(let done, let total): .prefill(done: done, total: total)
      case .token:
        generated.withLock { counts in
          guard counts.indices.contains(progress.request) else { return .generated(tokens: 0) }
          counts[progress.request] += 1
          return .generated(tokens: counts[progress.request])
        }
      // The part is finished when its output has been read.
      case .end:
        generated.withLock { counts in
          .generated(tokens: counts.indices.contains(progress.request) ? counts[progress.request] : 0)
        }
      }
    return ExtractionProgress(stage: stage, part: progress.request, partCount: partCount, event: event)
  }
}
