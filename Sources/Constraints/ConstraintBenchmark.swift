import Foundation
import Generation

/// Measures what a constraint costs for each token, without a model: random outputs, timed step by step.
public struct ConstraintBenchmark {
  public struct Figures: Sendable {
    public var steps = 0
    /// Microseconds for a step: finding the allowed tokens, taking one, and looking ahead for what must follow. Of the
    /// thread's own time, so that other programs do not count.
    public var median = 0.0
    public var percentile99_9 = 0.0
    public var largest = 0.0
    /// Milliseconds for the guide of a new text: escaping, boundaries, sorted suffixes.
    public var preparation = 0.0
    /// Tokens that a step allowed, in the median.
    public var medianAllowed = 0
  }

  private let trie: TokenTrie
  private let tokenBytes: (Int) -> ArraySlice<UInt8>

  /// - Parameter tokenBytes: what the tokens of the trie write.
  public init(_ trie: TokenTrie, tokenBytes: @escaping (Int) -> ArraySlice<UInt8>) {
    self.trie = trie
    self.tokenBytes = tokenBytes
  }

  /// Writes outputs under a constraint until there are enough steps; each takes a random one of the allowed tokens.
  ///
  /// - Parameter stepsPerOutput: at most; the list bounds end most outputs earlier.
  public func run(
    _ constraint: OutputConstraint, steps: Int, stepsPerOutput: Int = 256, seed: UInt64 = 1
  ) throws(ConstraintError) -> Figures {
    let engine = ConstraintEngine(trie)
    _ = try engine.guide(for: constraint)  // makes what later outputs share
    let start = Self.threadMicroseconds()
    let first = try engine.guide(for: constraint)
    var figures = Figures()
    figures.preparation = (Self.threadMicroseconds() - start) / 1_000

    var random = seed
    func next(below bound: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((random >> 33) % UInt64(bound))
    }
    var times: [Double] = []
    var counts: [Int] = []
    while times.count < steps {
      var guide = first
      for _ in 0..<stepsPerOutput where !guide.isComplete {
        let start = Self.threadMicroseconds()
        let allowed = guide.allowedTokens()
        let found = Self.threadMicroseconds()
        counts.append(allowed.count)
        var token = 0
        if let shared = allowed.shared, next(below: allowed.count) >= allowed.listed.count {
          repeat { token = next(below: trie.vocabularySize) } while !shared.contains(token)
        } else {
          token = Int(allowed.listed[next(below: allowed.listed.count)])
        }
        let chosen = Self.threadMicroseconds()
        guide.append(tokenBytes(token))
        guide.append(guide.forcedBytes(atMost: 4_096).bytes)
        times.append((found - start) + (Self.threadMicroseconds() - chosen))
      }
    }
    times.sort()
    counts.sort()
    figures.steps = times.count
    figures.median = times[times.count / 2]
    figures.percentile99_9 = times[min(times.count - 1, times.count * 999 / 1000)]
    figures.largest = times[times.count - 1]
    figures.medianAllowed = counts[counts.count / 2]
    return figures
  }

  private static func threadMicroseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }

  /// Made-up prose of this many characters, with sentences, paragraphs and numbers.
  public static func text(count: Int, seed: UInt64 = 1) -> String {
    var random = seed
    func next(below bound: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((random >> 33) % UInt64(bound))
    }
    let syllables = [
      "the", "re", "sul", "ts", "of", "in", "tion", "gra", "nt", "sci", "ence", "foun", "da", "fund", "ed", "by", "na",
      "al", "a", "ca", "de", "my", "mo", "del", "pro", "tein", "é", "ü", "ning", "and", "sup", "port", "is", "was",
      "we",
    ]
    var text = ""
    text.reserveCapacity(count + 100)
    var length = 0
    while length < count {
      var sentence = ""
      for word in 0..<8 + next(below: 14) {
        // Small numbers come often, as frequent words do.
        let kind = next(below: 1 + next(below: 400))
        if word > 0 { sentence += next(below: 12) == 0 ? ", " : " " }
        if kind == 399 || next(below: 25) == 0 {
          sentence += String(next(below: 100_000))
        } else {
          var state = UInt64(kind) &* 0x9E37_79B9_7F4A_7C15
          for _ in 0...kind % 3 {
            sentence += syllables[Int(state >> 32) % syllables.count]
            state = state &* 6_364_136_223_846_793_005 &+ 1
          }
        }
      }
      sentence += next(below: 6) == 0 ? ".\n\n" : ". "
      length += sentence.unicodeScalars.count
      text += sentence
    }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
  }
}
