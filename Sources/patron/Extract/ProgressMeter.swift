import Foundation
import Funding
import Generation

/// How far a run over several inputs is, in one line of text.
struct ProgressMeter: Sendable {
  private let weights: [Double]
  private let options: ExtractionOptions
  private let readsSeveral: Bool
  private let start: ContinuousClock.Instant
  /// Those that are being read, by their numbers.
  private var articles: [Int: ArticleProgress] = [:]
  /// The one that was heard of last.
  private var latest: Int?
  private var doneCount = 0
  private var doneWeight = 0.0
  /// Of all inputs as far as they are known: one that is not read yet counts as one.
  private var articleCount: Int
  private var pace = Pace()

  /// - Parameters:
  ///   - weights: expected work of each input, in any unit; its size does.
  ///   - readsSeveral: whether several articles are read at once.
  init(
    weights: [Int], options: ExtractionOptions, readsSeveral: Bool = false, now: ContinuousClock.Instant = .now
  ) {
    self.weights = weights.map { Double(max($0, 1)) }
    self.options = options
    self.readsSeveral = readsSeveral
    start = now
    articleCount = weights.count
  }

  /// An article is begun: that of an input, or the next of those in it.
  /// - Parameter number: stands for the article in what follows.
  mutating func begin(
    _ number: Int, name: String, input: Int, part: Int = 0, of partCount: Int = 1, now: ContinuousClock.Instant = .now
  ) {
    let partCount = max(partCount, 1)
    if part == 0 { articleCount += partCount - 1 }
    let weight = weights.indices.contains(input) ? weights[input] / Double(partCount) : 0
    articles[number] = ArticleProgress(name: name, input: input, weight: weight, now: now)
    latest = number
  }

  mutating func update(_ number: Int, _ progress: ExtractionProgress, now: ContinuousClock.Instant = .now) {
    let options = self.options
    guard let tokens = articles[number]?.update(progress, options: options, now: now) else { return }
    pace.add(tokens, now: now)
    latest = number
  }

  /// An article is done, or given up.
  mutating func end(_ number: Int) {
    guard let article = articles.removeValue(forKey: number) else { return }
    doneCount += 1
    doneWeight += article.weight
  }

  /// Share of the whole that is done, 0 … 1.
  var share: Double {
    let total = weights.reduce(0, +)
    guard total > 0 else { return 0 }
    return min(articles.values.reduce(doneWeight) { $0 + $1.weight * $1.share(options) } / total, 1)
  }

  /// For example `[2/5] paper.md: statements, chunk 1/3, read 1024 of 7611 tokens, 2100 tok/s, ETA 0:41`, and with
  /// several at once `[37 of 315 done] 16 at once, 12 %, read 2100 tok/s, wrote 160 tok/s, ETA 7:20`.
  func line(now: ContinuousClock.Instant = .now) -> String {
    let share = self.share
    var line = ""
    if readsSeveral, articleCount > 1 {
      line = "[\(doneCount) of \(articleCount) done] \(articles.count) at once, \(Int(100 * share)) %"
      line += pace.text(now: now)
    } else if let article = latest.flatMap({ articles[$0] }) {
      line = (weights.count > 1 ? "[\(article.input + 1)/\(weights.count)] " : "") + article.line(now: now)
    }
    let elapsed = (now - start) / .seconds(1)
    if share > 0.02, share < 1, elapsed > 1 { line += ", ETA " + Self.clock(elapsed * (1 - share) / share) }
    return line
  }

  /// `0:41`, `12:05`, `3:07:00`.
  static func clock(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 359_999).rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0
      ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }
}

/// How far an article is.
private struct ArticleProgress: Sendable {
  /// Share of an article's time that goes into stage 1; a guess, which the estimate of the time left can live with.
  private static let stage1Share = 0.8
  /// Share of a completion's time that goes into its prompt; a guess likewise.
  private static let prefillShare = 0.6

  let name: String
  let input: Int
  let weight: Double
  private var current: ExtractionProgress?
  private var partShares: [Double] = []
  /// Of each part the tokens of its prompt that are read, and those that are written.
  private var partTokens: [(read: Int, written: Int)] = []
  /// When the prompt of the current part was begun.
  private var partStart: ContinuousClock.Instant
  /// When each part got its first token: all parts are written at the same time.
  private var firstTokens: [Int: ContinuousClock.Instant] = [:]
  private var lastUpdate: ContinuousClock.Instant

  init(name: String, input: Int, weight: Double, now: ContinuousClock.Instant) {
    self.name = name
    self.input = input
    self.weight = weight
    partStart = now
    lastUpdate = now
  }

  /// - Returns: the tokens that are new.
  mutating func update(
    _ progress: ExtractionProgress, options: ExtractionOptions, now: ContinuousClock.Instant
  ) -> (read: Int, written: Int) {
    let isNewStage = progress.stage != current?.stage
    if isNewStage {
      partShares = Array(repeating: 0, count: progress.partCount)
      partTokens = Array(repeating: (0, 0), count: progress.partCount)
      firstTokens = [:]
    }
    // The first that is heard of a part is the end of its first piece of work.
    if isNewStage || progress.part != current?.part { partStart = lastUpdate }
    lastUpdate = now
    current = progress
    let part = progress.part
    guard partShares.indices.contains(part) else { return (0, 0) }
    let before = partTokens[part]
    switch progress.event {
    case .prefill(let done, let total):
      partShares[part] = Self.prefillShare * Double(done) / Double(max(total, 1))
      partTokens[part].read = done
    case .generated(let tokens):
      if firstTokens[part] == nil { firstTokens[part] = now }
      let limit = progress.stage == .statements ? options.maximumStatementTokens : options.maximumFunderTokens
      partShares[part] = Self.prefillShare + (1 - Self.prefillShare) * Double(tokens) / Double(max(limit, 1))
      partTokens[part].written = tokens
    case .finished: partShares[part] = 1
    }
    return (partTokens[part].read - before.read, partTokens[part].written - before.written)
  }

  func share(_ options: ExtractionOptions) -> Double {
    guard let current, !partShares.isEmpty else { return 0 }
    let stage = partShares.reduce(0, +) / Double(partShares.count)
    guard options.stages.count > 1 else { return stage }
    return current.stage == .statements
      ? Self.stage1Share * stage : Self.stage1Share + (1 - Self.stage1Share) * stage
  }

  func line(now: ContinuousClock.Instant) -> String {
    guard let current else { return name }
    var line = name + (current.stage == .statements ? ": statements" : ": funders")
    if current.partCount > 1 {
      line += current.stage == .statements ? ", chunk" : ", part"
      line += " \(current.part + 1)/\(current.partCount)"
    }
    switch current.event {
    case .prefill(let done, let total):
      line += ", read \(done) of \(total) tokens" + Self.rate(done, since: partStart, now)
    case .generated(let tokens):
      line += ", wrote \(tokens) tokens" + Self.rate(tokens - 1, since: firstTokens[current.part] ?? now, now)
    case .finished: break
    }
    return line
  }

  private static func rate(
    _ tokens: Int, since start: ContinuousClock.Instant, _ now: ContinuousClock.Instant
  ) -> String {
    let seconds = (now - start) / .seconds(1)
    guard tokens > 0, seconds > 0.05 else { return "" }
    return ", \(Int((Double(tokens) / seconds).rounded())) tok/s"
  }
}

/// Tokens a second of all articles, over the last seconds.
private struct Pace: Sendable {
  private static let longest = 10

  private var read = 0
  private var written = 0
  /// One a second at most, the oldest first.
  private var marks: [(time: ContinuousClock.Instant, read: Int, written: Int)] = []

  mutating func add(_ tokens: (read: Int, written: Int), now: ContinuousClock.Instant) {
    if marks.last.map({ now - $0.time >= .seconds(1) }) ?? true {
      marks.append((now, read, written))
      if marks.count > Self.longest { marks.removeFirst() }
    }
    read += max(tokens.read, 0)
    written += max(tokens.written, 0)
  }

  /// `, read 2100 tok/s, wrote 160 tok/s`.
  func text(now: ContinuousClock.Instant) -> String {
    guard let first = marks.first else { return "" }
    let seconds = (now - first.time) / .seconds(1)
    guard seconds >= 0.5 else { return "" }
    return [("read", read - first.read), ("wrote", written - first.written)].map { name, count in
      ", \(name) \(Int((Double(count) / seconds).rounded())) tok/s"
    }.joined()
  }
}
