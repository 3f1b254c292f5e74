import Files
import Funding
import Generation
import PatronKit
import Runs
import Synchronization
import Text

/// One run of `patron extract` over its inputs.
struct ExtractionRun {
  private struct Task: Sendable {
    let article: ArticleQueue.Article
    let extractor: Extractor
  }

  /// What came of an article.
  private struct Outcome: Sendable {
    let id: String
    let place: ArticleQueue.Place
    let record: Result<ExtractionRecord, any Error>
  }

  private let command: ExtractCommand
  private let model: ModelSelection
  private let options: ExtractionOptions
  private let console: Console
  private let inputCount: Int
  private let inFlight: Int
  private let progress: ProgressDisplay
  private let queue: ArticleQueue
  private var writer: RecordWriter
  private var finishedCount = 0
  private var failureCount = 0
  /// Articles of which no chunk was read.
  private var unreadArticles: [String] = []

  init(
    command: ExtractCommand, model: ModelSelection, console: Console, sources: [InputSource], writer: RecordWriter
  ) throws {
    self.command = command
    self.model = model
    var options = command.extractionOptions
    options.calibration = try command.constraint.readCalibration() ?? model.cards.calibration()
    self.options = options
    self.console = console
    inputCount = sources.count
    inFlight = command.reading.articlesInFlight(on: command.modelOptions.device)
    self.writer = writer
    queue = ArticleQueue(
      sources, readsStatements: options.stages == [.funders], maximumByteCount: command.reading.maximumByteCount)
    // Standard input and pipes count like an article of usual length.
    let meter = ProgressMeter(
      weights: sources.map { $0.byteCount ?? 50_000 }, options: options, readsSeveral: inFlight > 1)
    progress = ProgressDisplay(meter, on: console)
  }

  /// - Throws: `ExitCode` where inputs failed or the run was interrupted; what is done is in the output then.
  mutating func run() async throws {
    defer { console.clearStatus() }
    do {
      try await readAll()
    } catch is CancellationError {
      try writer.abandon()
      warnOfUnreadArticles()
      console.warning("interrupted; \(finishedCount) of \(inputCount) inputs are done")
      throw ExitStatus.interrupted
    }
    try writer.finish()
    warnOfUnreadArticles()
    if failureCount > 0 { throw ExitStatus.someFailed }
  }

  /// Several articles are read at once: while the funders of one are read, so are the statements of the next.
  private mutating func readAll() async throws {
    var queue = self.queue
    // The model is opened when the first input is there to be read.
    var extractor: Extractor?
    let (options, progress) = (self.options, self.progress)
    let open = { [command, model, console] in
      let generator = try command.modelOptions.open(model, console: console)
      Interruption.watch()  // while the model loads there is nothing to keep
      return Extractor(generator: generator, options: options, version: Version.full)
    }
    try await InFlight(limit: inFlight).run { () -> InFlight.Step<Task, Outcome>? in
      guard let article = try queue.next() else { return nil }
      progress.begin(article)
      if case .failure(let error) = article.item.contents {
        progress.end(article)
        return .done(Outcome(id: article.item.id, place: article.place, record: .failure(error)))
      }
      let opened = try extractor ?? open()
      extractor = opened
      return .work(Task(article: article, extractor: opened))
    } work: { task in
      let article = task.article
      defer { progress.end(article) }
      let record: Result<ExtractionRecord, any Error>
      do {
        record = .success(try await Self.read(article.item, with: task.extractor) { progress.update(article, $0) })
      } catch let error as CancellationError {
        throw error
      } catch {
        record = .failure(error)
      }
      return Outcome(id: article.item.id, place: article.place, record: record)
    } deliver: { outcome in
      try write(outcome)
    }
  }

  private static func read(
    _ item: InputItem, with extractor: Extractor, onProgress: @escaping Extractor.ProgressHandler
  ) async throws -> ExtractionRecord {
    var record =
      switch try item.contents.get() {
      case .text(let bytes) where extractor.options.stages == [.funders]:
        try await extractor.parse(id: item.id, contents: bytes, onProgress: onProgress)
      case .text(let bytes):
        try await extractor.extract(id: item.id, contents: bytes, onProgress: onProgress)
      case .statements(let statements):
        try await extractor.parse(id: item.id, statements: statements, onProgress: onProgress)
      case .record(let record): try await extractor.parse(record, onProgress: onProgress)
      }
    record.warnings = item.warnings + record.warnings
    return record
  }

  private mutating func write(_ outcome: Outcome) throws {
    switch outcome.record {
    case .success(let record):
      if record.chunks?.read == 0 { unreadArticles.append(record.id) }
      console.clearStatus()
      try writer.write(record)
    case .failure(let error):
      let message = ErrorMessage.text(of: error)
      failureCount += 1
      console.error("\(outcome.id): \(message)")
      try writer.write(failure: message, of: outcome.id)
    }
    if outcome.place.endsInput { finishedCount += 1 }
  }

  private func warnOfUnreadArticles() {
    guard let first = unreadArticles.first else { return }
    let count = TextTable.counted(unreadArticles.count, "article")
    console.warning(
      "\(count) not read, for want of a word of funding or thanks, such as \(first); --chunks all reads every chunk")
  }
}

/// Shows a run's progress, which is told from the generating thread.
private final class ProgressDisplay: Sendable {
  private let meter: Mutex<ProgressMeter>
  private let console: Console

  init(_ meter: ProgressMeter, on console: Console) {
    self.meter = Mutex(meter)
    self.console = console
  }

  func begin(_ article: ArticleQueue.Article) {
    let place = article.place
    meter.withLock {
      $0.begin(article.number, name: article.item.id, input: place.input, part: place.part, of: place.partCount)
    }
  }

  /// Returns false when the run is to end.
  func update(_ article: ArticleQueue.Article, _ progress: ExtractionProgress) -> Bool {
    meter.withLock { $0.update(article.number, progress) }
    console.status(meter.withLock { $0.line() })
    return !Interruption.isRequested
  }

  func end(_ article: ArticleQueue.Article) { meter.withLock { $0.end(article.number) } }
}
