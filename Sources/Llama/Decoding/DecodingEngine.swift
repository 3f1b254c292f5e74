import Generation
import Torch

/// Completes many requests side by side. In a step all sequences that are being written advance, and a part of the
/// prompts that are being read goes through the model beside them. Requests join before any step and leave when they
/// have ended; those that find no room for their keys and values wait, in the order in which they came.
///
/// One thread uses an engine.
final class DecodingEngine {
  private let model: LlamaModel
  private let store: any KVStore
  /// Prompt tokens that a step reads at most.
  private let prefillBlock: Int
  /// Those without room yet, and those with, in the order in which they came.
  private var waiting: [Entry] = []
  private var active: [Entry] = []

  /// Planned tokens that one step reads at most, of a sequence and of all together, and sequences at most: their logits
  /// stand side by side in memory.
  private static let mostPlannedTokens = 64
  private static let mostPlannedTokensInAll = 256
  private static let mostSequences = 256

  init(_ model: LlamaModel, store: any KVStore, prefillBlock: Int) {
    self.model = model
    self.store = store
    self.prefillBlock = prefillBlock
  }

  /// Bytes of keys and values in use, and the most that were.
  var keyValueBytes: (used: Int, most: Int) { store.byteCounts }

  /// Requests that were made together and are answered together.
  final class Job {
    /// Told what happens to the request of this number; throws to end the job.
    let report: (CompletionProgress) throws -> Void
    /// Asked before each step.
    let isCancelled: () -> Bool
    private let answer: (Result<[Completion], any Error>) -> Void
    fileprivate var completions: [Completion?]
    fileprivate private(set) var hasEnded = false

    fileprivate init(
      count: Int, isCancelled: @escaping () -> Bool, report: @escaping (CompletionProgress) throws -> Void,
      answer: @escaping (Result<[Completion], any Error>) -> Void
    ) {
      completions = Array(repeating: nil, count: count)
      self.isCancelled = isCancelled
      self.report = report
      self.answer = answer
    }

    fileprivate func end(_ result: Result<[Completion], any Error>) {
      guard !hasEnded else { return }
      hasEnded = true
      answer(result)
    }
  }

  /// A request of a job, on its way.
  private final class Entry {
    let job: Job
    let index: Int
    var sequence: DecodingSequence
    var lease: KVLease?
    var start: ContinuousClock.Instant?
    var writingStart: ContinuousClock.Instant?

    init(job: Job, index: Int, sequence: DecodingSequence) {
      self.job = job
      self.index = index
      self.sequence = sequence
    }
  }

  var isIdle: Bool { waiting.isEmpty && active.isEmpty }

  /// Takes requests in, to be answered together. An error of one, found now or later, is that of all.
  ///
  /// - Parameters:
  ///   - report: told what happens, on the thread of the engine; throws to end these requests. Others go on.
  ///   - answer: called once.
  func submit(
    _ requests: [CompletionRequest], of generator: LlamaGenerator, isCancelled: @escaping () -> Bool = { false },
    report: @escaping (CompletionProgress) throws -> Void,
    answer: @escaping (Result<[Completion], any Error>) -> Void
  ) {
    let job = Job(count: requests.count, isCancelled: isCancelled, report: report, answer: answer)
    do {
      let entries = try requests.enumerated().map { index, request in
        Entry(job: job, index: index, sequence: try DecodingSequence(request, generator: generator))
      }
      if entries.isEmpty { job.end(.success([])) }
      waiting.append(contentsOf: entries)
    } catch {
      job.end(.failure(error))
    }
  }

  /// Ends what was cancelled, admits what there is room for, and advances all sequences.
  func step() {
    for entry in active + waiting where !entry.job.hasEnded && entry.job.isCancelled() {
      entry.job.end(.failure(CancellationError()))
    }
    removeEnded()
    admit()
    let parts = parts()
    if !parts.isEmpty {
      do {
        try run(parts)
      } catch {
        // A step that fails has failed for all its sequences.
        for part in parts { part.entry.job.end(.failure(error)) }
      }
    }
    removeEnded()
  }

  // MARK: Room

  private func admit() {
    while let entry = waiting.first, active.count < Self.mostSequences {
      if !entry.job.hasEnded {
        do {
          let (prompt, limit) = (entry.sequence.prompt, entry.sequence.maximumNewTokens)
          guard let lease = try store.lease(prompt, limit: limit) else { return }
          entry.lease = lease
          active.append(entry)
        } catch {
          entry.job.end(.failure(error))
        }
      }
      waiting.removeFirst()
    }
  }

  private func removeEnded() {
    active.removeAll { entry in
      guard entry.job.hasEnded || entry.sequence.hasEnded else { return false }
      if let lease = entry.lease { store.end(lease) }
      entry.lease = nil
      return true
    }
    waiting.removeAll(where: \.job.hasEnded)
  }

  // MARK: Steps

  /// What a step puts through the model for one sequence.
  private struct Part {
    let entry: Entry
    let lease: KVLease
    let tokens: [Int]
    /// Of the last of its rows, how many logits are needed.
    let logitCount: Int
  }

  private func parts() -> [Part] {
    let writing = active.filter(\.sequence.isWriting)
    var parts: [Part] = []
    let most = mostPlanned(among: writing.count)
    for entry in writing {
      guard let lease = entry.lease, let (tokens, _) = entry.sequence.step(planningAtMost: most) else { continue }
      parts.append(Part(entry: entry, lease: lease, tokens: tokens, logitCount: tokens.count))
    }
    var room = prefillBlock
    for entry in active where entry.sequence.isReading && room > 0 {
      guard let lease = entry.lease else { continue }
      if entry.start == nil { entry.start = .now }
      do {
        if !lease.hasBegun, try !store.begin(lease) { continue }
      } catch {
        entry.job.end(.failure(error))
        continue
      }
      let prompt = entry.sequence.prompt
      let end = min(lease.cache.length + room, prompt.count)
      let tokens = Array(prompt[lease.cache.length..<end])
      room -= tokens.count
      if end < prompt.count {
        parts.append(Part(entry: entry, lease: lease, tokens: tokens, logitCount: 0))
      } else {
        // The tokens that must come first go with the last of the prompt.
        let planned = entry.sequence.plan(atMost: mostPlanned(among: writing.count + 1))
        parts.append(
          Part(entry: entry, lease: lease, tokens: tokens + planned, logitCount: planned.count + 1))
      }
    }
    return parts
  }

  /// - Parameter count: of the sequences that share the step.
  private func mostPlanned(among count: Int) -> Int {
    min(Self.mostPlannedTokens, max(1, Self.mostPlannedTokensInAll / max(1, count)))
  }

  private func run(_ parts: [Part]) throws {
    for part in parts { try store.extend(part.lease, by: part.tokens.count) }
    let hidden = try model.forward(parts.map { ($0.tokens, $0.lease.cache) })
    for part in parts { store.didRead(part.lease) }
    let logits = try logits(of: parts, hidden)
    var row = 0
    for part in parts {
      defer { row += part.logitCount }
      let entry = part.entry
      // An error of one job's report is that job's.
      do {
        try take(part, logits, firstRow: row)
        if case .done(let reason, _) = entry.sequence.state, !entry.job.hasEnded {
          try entry.job.report(CompletionProgress(request: entry.index, event: .end(reason)))
          finish(entry)
        }
      } catch {
        entry.job.end(.failure(error))
      }
    }
  }

  /// The logits that are needed, the parts one after the other; nil where none are.
  private func logits(of parts: [Part], _ hidden: Tensor) throws -> StepLogits? {
    var rows: [Int64] = []
    var start = 0
    for part in parts {
      start += part.tokens.count
      rows.append(contentsOf: (start - part.logitCount..<start).map(Int64.init))
    }
    if rows.isEmpty { return nil }
    let needed =
      try rows.count == start ? hidden : hidden.selecting(Tensor(rows).to(device: hidden.device))
    return try StepLogits(model.logits(needed))
  }

  private func take(_ part: Part, _ logits: StepLogits?, firstRow: Int) throws {
    let (entry, lease) = (part.entry, part.lease)
    let (job, index) = (entry.job, entry.index)
    if job.hasEnded { return }
    if entry.sequence.isReading {
      let total = entry.sequence.prompt.count
      let done = min(lease.cache.length, total)
      try job.report(CompletionProgress(request: index, event: .prefill(done: done, total: total)))
      if part.logitCount == 0 { return }
      entry.sequence.startWriting(lease.cache)
      let now = ContinuousClock.now
      entry.sequence.prefillSeconds = entry.start.map { (now - $0) / .seconds(1) } ?? 0
      entry.writingStart = now
    }
    guard let logits else { return }
    try entry.sequence.take(logits, rows: firstRow..<firstRow + part.logitCount) { token, text in
      try job.report(CompletionProgress(request: index, event: .token(token, text: text)))
    }
  }

  private func finish(_ entry: Entry) {
    let job = entry.job
    entry.sequence.decodeSeconds = entry.writingStart.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0
    job.completions[entry.index] = entry.sequence.completion
    let completions = job.completions.compactMap { $0 }
    if completions.count == job.completions.count { job.end(.success(completions)) }
  }
}
