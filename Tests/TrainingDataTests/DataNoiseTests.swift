import Generation
import Funding
import JSON
import TestSupport
import Testing
import Tokenizer

@testable import TrainingData

@Suite struct DataNoiseTests {
  private static let statement =
    "We thank Dr. Müller for “excellent” help. This official study was supported by the Café & Naïveté Foundation (grant "
    + "no. AB-12345/6) and by the National Institute of Scientific Flowers under grants 5R01 and XY 77–8."
  private static let values = ["Café & Naïveté Foundation", "AB-12345/6", "National Institute of Scientific Flowers"]

  /// Places of texts in another, as scalars.
  private func places(_ parts: [String], in text: [Unicode.Scalar]) -> [Range<Int>] {
    parts.compactMap { part in
      let scalars = Array(part.unicodeScalars)
      return text.indices.first { text[$0...].starts(with: scalars) }.map { $0..<$0 + scalars.count }
    }
  }

  @Test(arguments: DataNoise.Kind.allCases) func keptRangesStayWhatTheyAre(_ kind: DataNoise.Kind) throws {
    let text = Array(Self.statement.unicodeScalars)
    let noise = DataNoise(share: 1, kinds: [kind])
    var changed = 0
    for seed in 0..<300 {
      let kept = places(Self.values, in: text).sorted { $0.lowerBound < $1.lowerBound }
      var random = DataRandom(seed: UInt64(seed), "test")
      guard let fixed = noise.applied(to: text, keeping: kept, isFixed: true, &random) else { continue }
      changed += 1
      let cleaned = StatementCleanup.clean(String(fixed.text))
      for value in Self.values { #expect(cleaned.contains(value), "\(kind) \(seed): \(cleaned)") }
      #expect(fixed.text != text)
      for (old, new) in zip(kept, fixed.kept) {
        let folded = StatementCleanup.clean(String(fixed.text[new]))
        #expect(folded.utf8.elementsEqual(String(text[old]).utf8))
      }
    }
    #expect(changed > 150, "\(kind)")
  }

  @Test(arguments: DataNoise.Kind.allCases.filter { $0 != .wrapping }) func trackedRangesMoveWithTheirText(
    _ kind: DataNoise.Kind
  ) throws {
    let text = Array(("Before.\n\n" + Self.statement + "\n\nAfter it, more text.").unicodeScalars)
    let kept = places([Self.statement], in: text)
    let noise = DataNoise(share: 1, kinds: [kind])
    for seed in 0..<200 {
      var random = DataRandom(seed: UInt64(seed), "test")
      guard let noisy = noise.applied(to: text, keeping: kept, isFixed: false, &random) else { continue }
      let range = try #require(noisy.kept.first)
      // The paragraph is the range, before and after.
      #expect(noisy.text[..<range.lowerBound].suffix(2).elementsEqual("\n\n".unicodeScalars))
      #expect(noisy.text[range.upperBound...].starts(with: "\n\n".unicodeScalars))
      #expect(noisy.text[range].first.map { !$0.properties.isWhitespace } == true)
    }
  }

  @Test func theSameSeedGivesTheSameNoise() {
    let text = Array(Self.statement.unicodeScalars)
    func noisy(_ seed: UInt64) -> [Unicode.Scalar]? {
      var random = DataRandom(seed: seed, "row")
      return DataNoise(share: 1).applied(to: text, keeping: [], isFixed: false, &random)?.text
    }
    #expect(noisy(1) == noisy(1))
    #expect(noisy(1) != noisy(2))
  }

  @Test func hostileTextsDoNoHarm() {
    let texts = [
      "", " ", "\n", "f", "fi", "-", "a\u{301}\u{301}", "\u{10FFFF}ffffi", String(repeating: "é", count: 50),
      "a\n\n\nb",
    ]
    for text in texts {
      let scalars = Array(text.unicodeScalars)
      for seed in 0..<50 {
        var random = DataRandom(seed: UInt64(seed), "hostile")
        let kept = scalars.isEmpty ? [] : [0..<scalars.count]
        if let noisy = DataNoise(share: 1).applied(to: scalars, keeping: kept, isFixed: false, &random) {
          #expect(noisy.kept.allSatisfy { $0.upperBound <= noisy.text.count })
        }
      }
    }
  }

  @Test func answersStandInNoisyInputs() throws {
    let tokenizer = try ByteTokenizer.tokenizer.get()
    let folder = try TemporaryFolder()
    let funders: JSON = .array(Self.values.map { ["funder_name": .string($0)] })
    let filler = (0..<12).map { "Section \($0) offers findings of different methods - and definitions." }
    let article = (filler + [Self.statement] + filler).joined(separator: "\n\n")
    let rows: [JSON] = (0..<40).flatMap { index -> [JSON] in
      [
        ["id": .string("p\(index)"), "statement": .string(Self.statement), "funders": funders],
        ["id": .string("e\(index)"), "article": .string(article), "statements": [.string(Self.statement)]],
      ]
    }
    var recipe = DataRecipe(files: [DataFile(try folder.write("rows.jsonl", rows: rows))])
    recipe.noise = DataNoise(share: 1)
    recipe.chunkTokens = 1_500
    recipe.overlapTokens = 500
    let (examples, report) = try recipe.byteExamples()
    #expect(report[.funders].noisy >= 30)
    #expect(report[.statements].noisy >= 30)
    var differing = 0
    for example in examples {
      let input = example.input(tokenizer)
      let answer = try JSON.parse(example.answer(tokenizer))
      for statement in answer["statements"]?.array ?? [] {
        let text = try #require(statement.string)
        #expect(input.utf8.firstRange(of: text.utf8) != nil, "\(example.id)")
        differing += text == Self.statement ? 0 : 1
      }
      if example.task == .funders {
        #expect(answer.array?.compactMap { $0["funder_name"]?.string } == Self.values)
        for value in Self.values { #expect(input.utf8.firstRange(of: value.utf8) != nil) }
      }
    }
    #expect(differing > 15)
  }
}
