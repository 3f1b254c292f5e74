import JSON
import TestSupport
import Testing

@testable import Scoring

@Suite struct SimilarityTests {
  @Test(.needsGoldenVectors) func everyGoldenPair() throws {
    let rows = try Golden.rows("reward/similarity.jsonl")
    var differences = Differences()
    for (index, row) in rows.enumerated() {
      let a = row.text("a")
      let b = row.text("b")
      func check(_ found: Double, _ expected: JSON?, _ name: String) {
        differences.expectEqual(found, expected?.double ?? .nan, "row \(index) \(name)")
      }
      check(NameSimilarity.similarity(a, b), row["similarity"], "balanced")
      check(NameSimilarity.similarity(a, b, mode: .strict), row["similarity_strict"], "strict")
      check(NameSimilarity.similarity(a, b, mode: .permissive), row["similarity_permissive"], "permissive")
      let normalizedA = TextNormalization.normalize(a)
      let normalizedB = TextNormalization.normalize(b)
      differences.expectEqual(normalizedA, row.text("norm_a"), "row \(index) norm_a")
      differences.expectEqual(normalizedB, row.text("norm_b"), "row \(index) norm_b")
      for (x, y, key) in [(a, b, "raw"), (normalizedA, normalizedB, "norm")] {
        let expected = row[key]
        check(FuzzyRatio.ratio(x, y), expected?["ratio"], key + " ratio")
        check(FuzzyRatio.partialRatio(x, y), expected?["partial_ratio_ab"], key + " partial_ratio")
        check(FuzzyRatio.partialRatio(y, x), expected?["partial_ratio_ba"], key + " partial_ratio reversed")
        check(FuzzyRatio.tokenSortRatio(x, y), expected?["token_sort_ratio"], key + " token_sort_ratio")
        check(FuzzyRatio.tokenSetRatio(x, y), expected?["token_set_ratio"], key + " token_set_ratio")
      }
      differences.expectEqual(Levenshtein.distance(a, b), row.integer("levenshtein"), "row \(index) levenshtein")
    }
    differences.expectNone(of: rows.count)
  }

  @Test func acronymsInParenthesesEarn90() {
    #expect(NameSimilarity.similarity("National Science Foundation (NSF)", "NSF") == 0.9)
    #expect(NameSimilarity.similarity("nsf", "National Science Foundation (NSF)") == 0.9)
    // Digits alone are no acronym; a letter must be there.
    #expect(NameSimilarity.similarity("Call (123)", "123") < 0.8)
    // More than 10 characters are no acronym.
    #expect(NameSimilarity.similarity("A Foundation (ABCDEFGHIJK)", "ABCDEFGHIJK") < 0.8)
  }

  @Test func containedWordsEarn85IfTheLengthsAreSimilar() {
    #expect(NameSimilarity.similarity("MEXT/JSPS", "JSPS") < 0.85)
    #expect(NameSimilarity.similarity("MEXT/JSPSX", "JSPSX") == 0.85)
    #expect(NameSimilarity.similarity("NSF", "National Science Foundation NSF") < 0.5)
  }

  @Test func nothingIsLikeAnEmptyName() {
    #expect(NameSimilarity.similarity("", "") == 0)
    #expect(NameSimilarity.similarity("*", "*") == 0)
    #expect(NameSimilarity.similarity("", "", mode: .strict) == 1)
  }

  @Test func composedAndDecomposedFormsAreOneName() {
    #expect(NameSimilarity.similarity("Fundac\u{327}a\u{303}o", "Fundação") == 1)
    #expect(Levenshtein.distance("e\u{301}", "é") == 2)
  }
}
