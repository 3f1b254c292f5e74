import TestSupport
import Testing
import Text

@testable import Scoring

/// The bit-parallel algorithms against the textbook tables, on random strings of many scripts.
@Suite struct FastAlgorithmTests {
  @Test func agreeWithQuadraticTablesOn120000Pairs() {
    var generator = SplitMix64(state: 1)
    var differences = Differences()
    for index in 0..<120_000 {
      let (a, b) = RandomText.pair(&generator, maximumLength: index % 20 == 0 ? 12 : 8)
      let (distance, common) = Quadratic.distanceAndCommonLength(a, b)
      let label = { "pair \(index) \(a) \(b)" }
      differences.expectEqual(Levenshtein.distance(a, b), distance, label())
      differences.expectEqual(LongestCommonSubsequence.length(a, b), common, label())
      let cutoff = index % 4
      differences.expectEqual(
        Levenshtein.distance(a, b, cutoff: cutoff), distance <= cutoff ? distance : nil, label() + " cutoff")
    }
    differences.expectNone(of: 120_000)
  }

  @Test func agreeAcrossBlocksOf64() {
    var generator = SplitMix64(state: 2)
    var differences = Differences()
    for index in 0..<150 {
      let (a, b) = RandomText.pair(&generator, maximumLength: 220)
      let (distance, common) = Quadratic.distanceAndCommonLength(a, b)
      differences.expectEqual(Levenshtein.distance(a, b), distance, "pair \(index)")
      differences.expectEqual(LongestCommonSubsequence.length(a, b), common, "pair \(index)")
    }
    differences.expectNone(of: 150)
  }

  @Test func partialRatioIsTheBestWindow() {
    var generator = SplitMix64(state: 3)
    var differences = Differences()
    for index in 0..<1_500 {
      let (a, b) = RandomText.pair(&generator, maximumLength: index % 50 == 0 ? 90 : 14)
      differences.expectEqual(FuzzyRatio.partialRatio(a, b), Quadratic.partialRatio(a, b), "pair \(index) \(a) \(b)")
    }
    differences.expectNone(of: 1_500)
  }

  @Test func ratiosAreSymmetricAndBounded() {
    var generator = SplitMix64(state: 9)
    for index in 0..<2_000 {
      let (x, y) = RandomText.pair(&generator, maximumLength: index % 50 == 0 ? 90 : 12)
      let (a, b) = (String(scalars: x), String(scalars: y))
      #expect(Levenshtein.distance(a, b) == Levenshtein.distance(b, a))
      for ratio in [
        FuzzyRatio.ratio, FuzzyRatio.partialRatio, FuzzyRatio.tokenSortRatio, FuzzyRatio.tokenSetRatio,
      ] as [(String, String) -> Double] {
        let forth = ratio(a, b)
        #expect(forth >= 0 && forth <= 100 && forth == ratio(b, a), "pair \(index) \(x) \(y)")
      }
      #expect(FuzzyRatio.ratio(a, a) == 100 && FuzzyRatio.partialRatio(a, a) == 100)
    }
  }

  /// Names that are dismissed at a glance, or by a cut-off, are below the threshold.
  @Test func whatIsDismissedIsBelowTheThreshold() throws {
    var generator = SplitMix64(state: 8)
    var dismissed = 0
    for _ in 0..<4_000 {
      let (x, y) = RandomText.pair(&generator, maximumLength: 16)
      let acronym = generator.next() % 8 == 0 ? " (AB)" : ""
      let a = PreparedName(String(scalars: x) + acronym)
      let b = PreparedName(String(scalars: y))
      for mode in [SimilarityMode.balanced, .strict] {
        for threshold in [0.5, 0.8, 0.85, 0.9] {
          var budget = WorkBudget(.standard)
          let exact = try NameSimilarity.score(a, b, mode: mode, threshold: 0, budget: &budget)
          let cut = try NameSimilarity.score(a, b, mode: mode, threshold: threshold, budget: &budget)
          #expect(exact >= threshold ? cut == exact : cut < threshold)
          let mayReach = NameSummary(a).mayReach(threshold, with: NameSummary(b), mode: mode)
          if !mayReach { dismissed += 1 }
          #expect(mayReach || exact < threshold)
        }
      }
    }
    #expect(dismissed > 1_000)
  }

  @Test func similaritiesAreBoundedAndSymmetric() {
    var generator = SplitMix64(state: 4)
    for _ in 0..<2_000 {
      let (x, y) = RandomText.pair(&generator, maximumLength: 10)
      let a = String(scalars: x)
      let b = String(scalars: y)
      for mode in SimilarityMode.allCases {
        let forth = NameSimilarity.similarity(a, b, mode: mode)
        #expect(forth >= 0 && forth <= 1)
        // At one length the first counts as the shorter one, as in the reference.
        let isSymmetric =
          mode != .balanced
          || TextNormalization.normalize(a).unicodeScalars.count != TextNormalization.normalize(b).unicodeScalars.count
        if isSymmetric { #expect(forth == NameSimilarity.similarity(b, a, mode: mode)) }
      }
      if !TextNormalization.normalize(a).isEmpty { #expect(NameSimilarity.similarity(a, a) == 1) }
    }
  }
}

enum RandomText {
  /// Few scalars of each script, so that strings share many: ASCII, accents and combining marks, Greek, Cyrillic, Han,
  /// emoji with modifiers and joiners.
  private static let alphabets: [Scalars] = [
    "ab", "abcd -/,()", "Aa\u{301}é\u{308}ö", "αβγΣσς", "абвЁ", "中文基金会", "👩‍🔬🏽👨🇫🇷", "xyXY  \u{3000}\u{A0}", "a中é🏽β",
  ].map(\.scalarValues)

  static func pair(_ generator: inout SplitMix64, maximumLength: Int) -> (Scalars, Scalars) {
    let alphabet = alphabets[Int(generator.next() % UInt64(alphabets.count))]
    let a = text(&generator, alphabet, maximumLength)
    if generator.next() % 3 == 0 { return (a, mutated(a, &generator, alphabet)) }
    return (a, text(&generator, alphabet, maximumLength))
  }

  private static func text(_ generator: inout SplitMix64, _ alphabet: Scalars, _ maximumLength: Int) -> Scalars {
    let length = Int(generator.next() % UInt64(maximumLength + 1))
    return (0..<length).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
  }

  private static func mutated(_ text: Scalars, _ generator: inout SplitMix64, _ alphabet: Scalars) -> Scalars {
    var text = text
    for _ in 0...(generator.next() % 3) {
      let place = Int(generator.next() % UInt64(text.count + 1))
      let scalar = alphabet[Int(generator.next() % UInt64(alphabet.count))]
      switch generator.next() % 3 {
      case 0: text.insert(scalar, at: place)
      case 1 where place < text.count: text.remove(at: place)
      case _ where place < text.count: text[place] = scalar
      default: break
      }
    }
    return text
  }
}

enum Quadratic {
  static func distanceAndCommonLength(_ a: Scalars, _ b: Scalars) -> (distance: Int, common: Int) {
    // One row of each table; `diagonal` is the value up and to the left.
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * (b.count + 1)) { rows in
      let distance = rows.baseAddress!  // a capacity of at least 2
      let common = distance + (b.count + 1)
      return a.withRun { a in
        b.withRun { b in
          var j = 0
          while j <= b.count {
            distance[j] = j
            common[j] = 0
            j += 1
          }
          var i = 0
          while i < a.count {
            var diagonalDistance = distance[0]
            var diagonalCommon = 0
            distance[0] = i + 1
            j = 1
            while j <= b.count {
              let isSame = a.base[i] == b.base[j - 1]
              let aboveDistance = distance[j]
              let aboveCommon = common[j]
              let substituted = diagonalDistance + (isSame ? 0 : 1)
              let edited = (aboveDistance < distance[j - 1] ? aboveDistance : distance[j - 1]) + 1
              distance[j] = substituted < edited ? substituted : edited
              if isSame {
                common[j] = diagonalCommon + 1
              } else if common[j - 1] > aboveCommon {
                common[j] = common[j - 1]
              }
              diagonalDistance = aboveDistance
              diagonalCommon = aboveCommon
              j += 1
            }
            i += 1
          }
          return (distance[b.count], common[b.count])
        }
      }
    }
  }

  /// Every window of the definition.
  static func partialRatio(_ first: Scalars, _ second: Scalars) -> Double {
    func best(_ needle: Scalars, _ text: Scalars) -> Double {
      var best = 0.0
      for end in 1...(text.count + needle.count - 1) {
        let window = text[max(0, end - needle.count)..<min(end, text.count)]
        let common = distanceAndCommonLength(needle, Scalars(window)).common
        let total = needle.count + window.count
        best = max(best, FuzzyRatio.score(indel: total - 2 * common, total: total))
      }
      return best
    }
    let shorter = first.count <= second.count ? first : second
    let longer = first.count <= second.count ? second : first
    if shorter.isEmpty { return longer.isEmpty ? 100 : 0 }
    let score = best(shorter, longer)
    return shorter.count == longer.count ? max(score, best(longer, shorter)) : score
  }
}
