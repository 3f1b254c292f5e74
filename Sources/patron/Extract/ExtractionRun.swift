import Generation
import ArgumentParser
import Files
import Funding
import Llama
import PatronKit
import Runs
import Synchronization
import Text

/// One run of `patron extract` over its inputs.
struct ExtractionRun {
  private let command: ExtractCommand
  private let model: ModelSelection
  private let options: ExtractionOptions
  private let console: Console
  private let sources: [InputSource]
  private let progress: ProgressDisplay
  private var writer: RecordWriter
  private var extractor: Extractor?
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
    self.sources = sources
    self.writer = writer
    // Standard input and pipes count like an article of usual length.
    let meter = ProgressMeter(weights: sources.map { $0.byteCount ?? 50_000 }, options: options)
    progress = ProgressDisplay(meter, on: console)
  }

  /// - Throws: `ExitCode` where inputs failed or the run was interrupted; what is done is in the output then.
  mutating func run() async throws {
    defer { console.clearStatus() }
    var finishedCount = 0
    do {
      for (index, source) in sources.enumerated() {
        try await read(source, index)
        finishedCount += 1
      }
    } catch is CancellationError {
      try writer.abandon()
      warnOfUnreadArticles()
      console.warning("interrupted; \(finishedCount) of \(sources.count) inputs are done")
      throw ExitStatus.interrupted
    }
    try writer.finish()
    warnOfUnreadArticles()
    if failureCount > 0 { throw ExitStatus.someFailed }
  }

  private mutating func read(_ source: InputSource, _ index: Int) async throws {
    let contents: [UInt8]
    do {
      contents = try source.contents(
        limit: command.reading.maximumByteCount, advice: "an article is smaller, --max-file-size raises the limit",
        checkInterruption: Interruption.check)
    } catch let error as InputError {
      return try fail(error, source.id)
    }
    let readsStatements = options.stages == [.funders]
    let items =
      readsStatements
      ? InputItem.statements(in: contents, id: source.id) : InputItem.articles(in: contents, id: source.id)
    if items.isEmpty { try fail(InputError("found no \(readsStatements ? "statement" : "article")"), source.id) }
    for (number, item) in items.enumerated() {
      progress.begin(index, name: item.id, part: number, of: items.count)
      try await extract(item)
    }
  }

  private mutating func extract(_ item: InputItem) async throws {
    try Interruption.check()
    var record: ExtractionRecord
    do {
      let contents = try item.contents.get()
      let extractor = try openExtractor()
      let onProgress: Extractor.ProgressHandler = { [progress] in progress.update($0) }
      record =
        switch contents {
        case .text(let bytes) where options.stages == [.funders]:
          try await extractor.parse(id: item.id, contents: bytes, onProgress: onProgress)
        case .text(let bytes):
          try await extractor.extract(id: item.id, contents: bytes, onProgress: onProgress)
        case .statements(let statements):
          try await extractor.parse(id: item.id, statements: statements, onProgress: onProgress)
        case .record(let record): try await extractor.parse(record, onProgress: onProgress)
        }
    } catch let error as CancellationError {
      throw error
    } catch let error as ModelUnavailable {
      throw error.reason
    } catch {
      return try fail(error, item.id)
    }
    record.warnings = item.warnings + record.warnings
    if record.chunks?.read == 0 { unreadArticles.append(record.id) }
    console.clearStatus()
    try writer.write(record)
  }

  private func warnOfUnreadArticles() {
    guard let first = unreadArticles.first else { return }
    let count = TextTable.counted(unreadArticles.count, "article")
    console.warning(
      "\(count) not read, for want of a word of funding or thanks, such as \(first); --chunks all reads every chunk")
  }

  /// The model is opened when the first input is there to be read.
  private mutating func openExtractor() throws -> Extractor {
    if let extractor { return extractor }
    do {
      let generator = try command.modelOptions.open(model, console: console)
      Interruption.watch()  // while the model loads there is nothing to keep
      let extractor = Extractor(generator: generator, options: options, version: Version.full)
      self.extractor = extractor
      return extractor
    } catch {
      throw ModelUnavailable(reason: error)
    }
  }

  private mutating func fail(_ error: any Error, _ id: String) throws {
    let message = ErrorMessage.text(of: error)
    failureCount += 1
    console.error("\(id): \(message)")
    try writer.write(failure: message, of: id)
  }
}

/// Not the input's fault: ends the run.
private struct ModelUnavailable: Error {
  let reason: any Error
}

/// Shows a run's progress, which is told from the generating thread.
private final class ProgressDisplay: Sendable {
  private let meter: Mutex<ProgressMeter>
  private let console: Console

  init(_ meter: ProgressMeter, on console: Console) {
    self.meter = Mutex(meter)
    self.console = console
  }

  func begin(_ item: Int, name: String, part: Int = 0, of partCount: Int = 1) {
    meter.withLock { $0.begin(item, name: name, part: part, of: partCount) }
  }

  /// Returns false when the run is to end.
  func update(_ progress: ExtractionProgress) -> Bool {
    meter.withLock { $0.update(progress) }
    console.status(meter.withLock { $0.line() })
    return !Interruption.isRequested
  }
}
