import Generation
import Foundation
import Funding

/// How far a run over several inputs is, in one line of text.
struct ProgressMeter: Sendable {
  /// Share of an article's time that goes into stage 1; a guess, which the estimate of the time left can live with.
  private static let stage1Share = 0.8
  /// Share of a completion's time that goes into its prompt; a guess likewise.
  private static let prefillShare = 0.6

  private let weights: [Double]
  private let options: ExtractionOptions
  private let start: ContinuousClock.Instant
  private var input = 0
  /// The statement of an input of statements, and how many it has; 0 and 1 for articles.
  private var item = (index: 0, count: 1)
  private var name = ""
  private var current: ExtractionProgress?
  private var partShares: [Double] = []
  /// When the prompt of the current part was begun.
  private var partStart: ContinuousClock.Instant
  /// When each part got its first token; in a batch all parts are written at the same time.
  private var firstTokens: [Int: ContinuousClock.Instant] = [:]
  private var lastUpdate: ContinuousClock.Instant

  /// - Parameter weights: expected work of each input, in any unit; its size does.
  init(weights: [Int], options: ExtractionOptions, now: ContinuousClock.Instant = .now) {
    self.weights = weights.map { Double(max($0, 1)) }
    self.options = options
    start = now
    partStart = now
    lastUpdate = now
  }

  /// An input, or the next statement of one, is begun; those before it are done.
  mutating func begin(
    _ input: Int, name: String, part: Int = 0, of partCount: Int = 1, now: ContinuousClock.Instant = .now
  ) {
    self.input = input
    self.name = name
    item = (part, max(partCount, 1))
    current = nil
    partShares = []
    lastUpdate = now
  }

  mutating func update(_ progress: ExtractionProgress, now: ContinuousClock.Instant = .now) {
    let isNewStage = progress.stage != current?.stage
    if isNewStage {
      partShares = Array(repeating: 0, count: progress.partCount)
      firstTokens = [:]
    }
    // The first that is heard of a part is the end of its first piece of work.
    if isNewStage || progress.part != current?.part { partStart = lastUpdate }
    lastUpdate = now
    current = progress
    guard partShares.indices.contains(progress.part) else { return }
    switch progress.event {
    case .prefill(let done, let total):
      partShares[progress.part] = Self.prefillShare * Double(done) / Double(max(total, 1))
    case .generated(let tokens):
      if firstTokens[progress.part] == nil { firstTokens[progress.part] = now }
      let limit = progress.stage == .statements ? options.maximumStatementTokens : options.maximumFunderTokens
      partShares[progress.part] = Self.prefillShare + (1 - Self.prefillShare) * Double(tokens) / Double(max(limit, 1))
    case .finished: partShares[progress.part] = 1
    }
  }

  /// Share of the whole that is done, 0 … 1.
  var share: Double {
    let total = weights.reduce(0, +)
    guard total > 0, weights.indices.contains(input) else { return 0 }
    let inputShare = (Double(item.index) + itemShare) / Double(item.count)
    return min((weights[..<input].reduce(0, +) + inputShare * weights[input]) / total, 1)
  }

  private var itemShare: Double {
    guard let current, !partShares.isEmpty else { return 0 }
    let stage = partShares.reduce(0, +) / Double(partShares.count)
    guard options.stages.count > 1 else { return stage }
    return current.stage == .statements
      ? Self.stage1Share * stage : Self.stage1Share + (1 - Self.stage1Share) * stage
  }

  /// For example `[2/5] paper.md: statements, chunk 1/3, read 1024 of 7611 tokens, 2100 tok/s, ETA 0:41`.
  func line(now: ContinuousClock.Instant = .now) -> String {
    var line = weights.count > 1 ? "[\(input + 1)/\(weights.count)] \(name)" : name
    if let current {
      line += current.stage == .statements ? ": statements" : ": funders"
      if current.partCount > 1 {
        line += current.stage == .statements ? ", chunk" : ", part"
        line += " \(current.part + 1)/\(current.partCount)"
      }
      switch current.event {
      case .prefill(let done, let total):
        line += ", read \(done) of \(total) tokens" + rate(done, since: partStart, now)
      case .generated(let tokens):
        line += ", wrote \(tokens) tokens" + rate(tokens - 1, since: firstTokens[current.part] ?? now, now)
      case .finished: break
      }
    }
    let elapsed = (now - start) / .seconds(1)
    if share > 0.02, share < 1, elapsed > 1 { line += ", ETA " + Self.clock(elapsed * (1 - share) / share) }
    return line
  }

  private func rate(_ tokens: Int, since start: ContinuousClock.Instant, _ now: ContinuousClock.Instant) -> String {
    let seconds = (now - start) / .seconds(1)
    guard tokens > 0, seconds > 0.05 else { return "" }
    return ", \(Int((Double(tokens) / seconds).rounded())) tok/s"
  }

  /// `0:41`, `12:05`, `3:07:00`.
  static func clock(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 359_999).rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0
      ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }
}
