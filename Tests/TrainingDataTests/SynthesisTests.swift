import Foundation
import Funding
import Generation
import JSON
import TestSupport
import Testing

@testable import TrainingData

@Suite struct AwardPatternTests {
  private func ids(_ pattern: String, _ count: Int = 200) throws -> [String] {
    let pattern = try AwardPattern(pattern)
    return (0..<count).map { seed in
      var random = DataRandom(seed: UInt64(seed), "id")
      return pattern.id(&random)
    }
  }

  @Test func patternsGiveIDsOfTheirShape() throws {
    for id in try ids("R01[|-| ][CA|HL]####") { #expect(id.wholeMatch(of: /R01[- ]?(CA|HL)\d{4}/) != nil, "\(id)") }
    for id in try ids("@/[a[b|c]|]/\\#") { #expect(id.wholeMatch(of: /[A-Z]\/(a[bc])?\/#/) != nil, "\(id)") }
    for id in try ids("20##YF#") { #expect(id.wholeMatch(of: /20(0[3-9]|1\d|2[0-4])YF\d/) != nil, "\(id)") }
    for id in try ids("ANR-&-1") { #expect(id.wholeMatch(of: /ANR-(0[3-9]|1\d|2[0-4])-1/) != nil, "\(id)") }
    #expect(Set(try ids("########")).count > 190)
    #expect(try ids("20######").contains { $0.hasPrefix("209") })
  }

  @Test(arguments: ["[a", "a]", "[a|[b]", "]"]) func unbalancedBracketsAreRefused(_ pattern: String) {
    #expect(throws: DataError.self) { try AwardPattern(pattern) }
  }
}

@Suite struct SynthesisTests {
  private func values(_ funder: Funder) -> [String] {
    [funder.name].compactMap(\.self) + funder.awards.flatMap { $0.awardIDs + $0.fundingSchemes + $0.awardTitles }
  }

  /// Statement and funders of rows.
  private func rows(_ synthesizer: StatementSynthesizer, _ numbers: Range<Int>) -> [(text: String, funders: [Funder])] {
    numbers.compactMap { number in
      guard case .statement(let text, let funders) = synthesizer.row(number).content else { return nil }
      return (text, funders)
    }
  }

  @Test func tenThousandRowsKeepToTheMapping() throws {
    let rows = rows(try StatementSynthesizer(seed: 11), 0..<10_000)
    #expect(rows.count == 10_000)
    var counts = (funders: 0, awards: 0, schemes: 0, titles: 0, unfunded: 0, several: 0, nameless: 0)
    for (text, funders) in rows {
      counts.unfunded += funders.isEmpty ? 1 : 0
      counts.several += funders.count > 1 ? 1 : 0
      // One expectation a row: they are slow by the hundred thousand.
      var isSound = !text.contains("{") && !text.contains("}") && Set(funders.map(\.name)).count == funders.count
      isSound = isSound && StatementCleanup.clean(text).utf8.elementsEqual(text.utf8)
      for funder in funders {
        counts.funders += 1
        counts.nameless += funder.name == nil ? 1 : 0
        isSound = isSound && funder.name?.hasPrefix("the ") != true && (funder.name != nil || !funder.awards.isEmpty)
        isSound = isSound && values(funder).allSatisfy { !$0.isEmpty && text.contains($0) }
        for award in funder.awards {
          counts.awards += award.awardIDs.count
          counts.schemes += award.fundingSchemes.count
          counts.titles += award.awardTitles.count
          isSound = isSound && !award.isEmpty && Set(award.awardIDs).count == award.awardIDs.count
        }
        // Ids without scheme or title share one award.
        isSound = isSound && funder.awards.count { $0.fundingSchemes.isEmpty && $0.awardTitles.isEmpty } <= 1
      }
      #expect(isSound, "\(text)")
    }
    #expect(300...800 ~= counts.unfunded)
    #expect(counts.several > 4_000)
    #expect(counts.awards > 10_000 && counts.schemes > 2_000 && counts.titles > 800 && counts.nameless > 200)
    #expect(Set(rows.map(\.text)).count > 9_500)
  }

  @Test func rowsDependOnSeedAndNumberOnly() throws {
    let first = try StatementSynthesizer(seed: 1)
    #expect((0..<50).map { first.row($0) } == (0..<50).map { try? StatementSynthesizer(seed: 1).row($0) })
    #expect(first.row(7) != (try StatementSynthesizer(seed: 2)).row(7))
  }

  @Test func ownListsReplaceTheBuiltInOne() throws {
    let list = "// mine\nthe Zorblax Council\tZC\tXX\tZ-####; [Q|R]##\tNova Scheme\n\nPlain Fund\n"
    let funders = try SyntheticFunder.list(list, path: "l")
    #expect(funders.map(\.name) == ["Zorblax Council", "Plain Fund"])
    #expect(funders.map(\.takesArticle) == [true, false])
    #expect(funders[0].acronym == "ZC" && funders[0].awards.count == 2 && funders[0].schemes == ["Nova Scheme"])
    #expect(funders[1].acronym == nil && funders[1].awards.isEmpty)
    let names = rows(try StatementSynthesizer(seed: 0, lists: [(list, "l")]), 0..<300).flatMap(\.funders).compactMap(
      \.name)
    #expect(names.contains("Zorblax Council (ZC)") && names.contains("Plain Fund"))
    #expect(!names.contains { $0.contains("National Natural Science Foundation of China") })
  }

  @Test(arguments: ["", "\n// none\n", "the \n", "A\tB\tC\tD\tE\tF", "A\tB\tC\t[x"]) func brokenListsAreRefused(
    _ text: String
  ) {
    #expect(throws: DataError.self) { try StatementSynthesizer(seed: 0, lists: [(text, "l")]) }
  }

  @Test func theBuiltInListIsWhole() throws {
    let funders = try SyntheticFunder.builtIn.get()
    #expect(funders.count > 250)
    #expect(Set(funders.map(\.country)).count > 40)
    for funder in funders {
      #expect(funder.name == funder.name.trimmingCharacters(in: .whitespaces))
      #expect(!funder.name.contains("  "))
      for award in funder.awards {
        var random = DataRandom(seed: 1, funder.name)
        let id = award.id(&random)
        #expect(id.contains { $0.isNumber } && !id.contains("#") || id.hasPrefix("ID#"), "\(funder.name): \(id)")
      }
    }
  }

  // MARK: Articles

  @Test func articlesHoldTheirStatementsAsParagraphs() throws {
    let statements = try StatementSynthesizer(seed: 3)
    let synthesizer = ArticleSynthesizer(seed: 3, statements: statements)
    var without = 0
    for number in 0..<300 {
      let row = synthesizer.row(number)
      guard case .article(let text, let gold) = row.content else {
        Issue.record("no article")
        continue
      }
      without += gold.isEmpty ? 1 : 0
      let paragraphs = text.components(separatedBy: "\n\n")
      for statement in gold { #expect(paragraphs.contains { $0.trimmingCharacters(in: .newlines) == statement }) }
      #expect(row.license == "synthetic")
    }
    #expect(30...130 ~= without)
    #expect(synthesizer.row(4) == ArticleSynthesizer(seed: 3, statements: statements).row(4))
  }

  @Test func statementsOfGivenArticlesAreReplaced() throws {
    let old = "This old work was paid by Old Fund 77."
    let paragraphs = (0..<60).map { "Paragraph \($0) of the article." }
    let text = (paragraphs[..<30] + ["# Funding", old] + paragraphs[30...]).joined(separator: "\n\n")
    let article = DataRow(id: "a", license: "CC BY 4.0", content: .article(text, statements: [old]))
    let noLine = DataRow(id: "b", content: .article("Within " + old + " a line.", statements: [old]))
    let synthesizer = ArticleSynthesizer(
      seed: 0, statements: try StatementSynthesizer(seed: 0), articles: [article, noLine])
    for number in 0..<100 {
      guard case .article(let text, let gold) = synthesizer.row(number).content else { continue }
      #expect(!text.contains("Old Fund") && text.contains("of the article."))
      #expect(synthesizer.row(number).license == "CC BY 4.0; synthetic")
      #expect(gold.allSatisfy { text.contains($0) })
    }
  }

  @Test func givenStatementsAreTaken() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "s.jsonl",
      rows: [
        ["statement": " Paid by A. ", "license": "CC BY-NC"],
        ["funding_statement": "Paid by B.", "funders": [["funder_name": "B"]]],
        ["statement": "Thanks to C.", "funders": []],
      ])
    let texts = try StatementText.all(path: path)
    #expect(texts == [StatementText("Paid by A.", license: "CC BY-NC"), StatementText("Paid by B.")])
    let synthesizer = ArticleSynthesizer(seed: 1, statements: try StatementSynthesizer(seed: 1), texts: texts)
    var seen: Set<String> = []
    for number in 0..<60 {
      let row = synthesizer.row(number)
      guard case .article(_, let gold) = row.content else { continue }
      seen.formUnion(gold)
      #expect(LicenseFilter.open.accepts(row.license) != gold.contains("Paid by A."))
    }
    #expect(seen == ["Paid by A.", "Paid by B."])
    let broken = try folder.write("b.jsonl", "{\"text\": 1}\n")
    #expect(throws: DataError.self) { try StatementText.all(path: broken) }
  }

  @Test func rowsAreReadBackAsTheyWere() throws {
    let statements = try StatementSynthesizer(seed: 9)
    let articles = ArticleSynthesizer(seed: 9, statements: statements)
    let rows =
      (0..<20).map { statements.row($0) } + (0..<20).map { articles.row($0) } + [
        DataRow(id: "c", content: .chat([.init(.user, "q"), .init(.assistant, "a")]))
      ]
    let text = rows.map { $0.json.text() }.joined(separator: "\n")
    let file = try DataFileContents(Array(text.utf8), path: "f")
    #expect(file.rows.map(\.row) == rows)
    #expect(file.problems.isEmpty)
  }
}
