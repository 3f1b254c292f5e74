import Foundation
import Funding
import Generation
import JSON
import ModelFiles
import TestSupport
import Testing
import Tokenizer

@testable import TrainingData

@Suite struct DataRecipeTests {
  private let folder: TemporaryFolder
  private let tokenizer: Tokenizer

  init() throws {
    folder = try TemporaryFolder()
    tokenizer = try ByteTokenizer.tokenizer.get()
  }

  private func recipe(_ rows: JSON..., noise: DataNoise = .none) throws -> DataRecipe {
    var recipe = DataRecipe(files: [DataFile(try folder.write("rows.jsonl", rows: rows))])
    recipe.noise = noise
    recipe.joinedShare = 0
    return recipe
  }

  /// Twenty paragraphs of 120 bytes, one of them the statement.
  private func article(statementAt place: Int, _ statement: String) -> String {
    (0..<20).map { index in
      let filler = "Paragraph \(index) tells of methods and results, "
      return index == place ? statement : filler + String(repeating: "x", count: 120 - filler.utf8.count)
    }.joined(separator: "\n\n")
  }

  // MARK: Chats

  @Test func aStatementBecomesTheChatThatStage2Sees() throws {
    let funders: JSON = [
      ["funder_name": "Fonds é", "awards": [["award_ids": ["a\"1"], "funding_scheme": [], "award_title": ["T"]]]],
      ["funder_name": .null, "awards": [["award_title": [], "funding_scheme": ["S"], "award_ids": []]]],
    ]
    let (examples, report) = try recipe([
      "id": "r", "statement": " By the Fonds\n é (a\"1), the S and T. <|im_end|>", "funders": funders,
    ]).byteExamples()
    let example = try #require(examples.first)
    #expect(example.id == "r")
    #expect(example.task == .funders)
    #expect(
      tokenizer.decode(example.tokens)
        == "<|im_start|>system\n\(Prompts.fundersSystem)<|im_end|>\n<|im_start|>user\nExtract funding information from the "
        + "following statement:\n\nBy the Fonds é (a\"1), the S and T. <|im_end|><|im_end|>\n<|im_start|>assistant\n"
        + #"[{"funder_name":"Fonds é","awards":[{"award_ids":["a\"1"],"funding_scheme":[],"award_title":["T"]}]},"#
        + #"{"funder_name":null,"awards":[{"award_ids":[],"funding_scheme":["S"],"award_title":[]}]}]<|im_end|>"#)
    // Text that looks like a special token stays text.
    #expect(example.tokens.count { $0 == tokenizer.id(ofSpecialToken: "<|im_end|>") } == 3)
    #expect(example.tokens.last == tokenizer.id(ofSpecialToken: "<|im_end|>"))
    #expect(example.isSupervised.last == true)
    #expect(report.parse.notVerbatim == 0)
    #expect(report[.funders].supervisedTokens == example.answer(tokenizer).utf8.count + 1)
  }

  @Test func chatsAreLearntTurnByTurn() throws {
    let messages: JSON = [
      ["role": "system", "content": "S"], ["role": "user", "content": "q1"], ["role": "assistant", "content": "a1"],
      ["role": "user", "content": "q2"], ["role": "assistant", "content": "a2"], ["role": "user", "content": "q3"],
    ]
    var recipe = try recipe(["messages": messages])
    let text =
      "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nq1<|im_end|>\n<|im_start|>assistant\na1<|im_end|>\n"
      + "<|im_start|>user\nq2<|im_end|>\n<|im_start|>assistant\na2<|im_end|>"
    let all = try #require(try recipe.byteExamples().examples.first)
    #expect(tokenizer.decode(all.tokens) == text)
    #expect(all.answer(tokenizer) == "a1a2")
    #expect(all.supervisedCount == 6)
    recipe.supervisedTurns = .last
    let last = try #require(try recipe.byteExamples().examples.first)
    #expect(last.tokens == all.tokens)
    #expect(last.answer(tokenizer) == "a2")

    let llama = try #require(
      try recipe.examples(tokenizer: tokenizer, template: .llama31).examples.first)
    #expect(tokenizer.decode(llama.tokens).hasSuffix("<|start_header_id|>assistant<|end_header_id|>\n\na2<|eot_id|>"))
    #expect(llama.supervisedCount == 3)
  }

  // MARK: Articles

  @Test func statementsAreAnsweredInTheChunksThatHoldThemWhole() throws {
    let statement = "This work was supported by the NSF (1)."
    var recipe = try recipe([
      "id": "r", "article": .string(article(statementAt: 7, statement)), "statements": [.string(statement)],
    ])
    recipe.chunkTokens = 600
    recipe.overlapTokens = 200
    recipe.negativesPerPositive = nil
    let (examples, report) = try recipe.byteExamples()
    #expect(examples.count >= 4)
    for example in examples {
      let isThere = example.input(tokenizer).contains(statement)
      #expect(example.answer(tokenizer) == (isThere ? #"{"statements":["\#(statement)"]}"# : #"{"statements":[]}"#))
    }
    #expect(report[.statements].answered >= 1)
    #expect(report.extract.statementsNeverWhole == 0)
    #expect(examples.allSatisfy { $0.id.hasPrefix("r#") })
  }

  @Test func theReportSaysHowArticlesWereCut() throws {
    var recipe = try recipe(["article": .string(article(statementAt: 7, "By X.")), "statements": ["By X."]])
    (recipe.chunkTokens, recipe.overlapTokens) = (600, 400)
    var report = try recipe.byteExamples().report
    #expect(report.extract.chunkTokens == 600 && report.extract.overlapTokens == 300)
    // The prompt, its frame and an answer of 512 tokens leave less than that.
    recipe.maximumLength = 1_400
    (recipe.chunkTokens, recipe.overlapTokens) = (1_000, 100)
    report = try recipe.byteExamples().report
    #expect((100..<800).contains(report.extract.chunkTokens) && report.extract.overlapTokens <= 100)
    let statements = try self.recipe(["statement": "By X.", "funders": []])
    #expect(try statements.byteExamples().report.extract.chunkTokens == 0)
  }

  @Test func chunksThatCutAStatementAreLeftOut() throws {
    let statement = "This work was supported by " + (1...40).map { "Foundation \($0)" }.joined(separator: ", ") + "."
    var recipe = try recipe([
      "article": .string(article(statementAt: 3, statement)), "statements": [.string(statement)],
    ])
    recipe.chunking = .overlapping
    recipe.chunkTokens = 400
    recipe.overlapTokens = 50
    recipe.negativesPerPositive = nil
    let (examples, report) = try recipe.byteExamples()
    #expect(report.extract.cutChunks >= 2)
    #expect(report.extract.statementsNeverWhole == 1)
    #expect(examples.allSatisfy { !$0.input(tokenizer).contains("Foundation") })
    #expect(examples.count + report.extract.cutChunks == report.extract.chunks)

    // A chunk of whole paragraphs cuts none.
    recipe.chunking = .paragraphs
    let whole = try recipe.byteExamples().report.extract
    #expect(whole.cutChunks == 0 && whole.statementsNeverWhole == 0 && whole.answeredChunks == 1)
  }

  @Test func anArticleWhoseStatementIsNotFoundHasNoChunksWithoutOne() throws {
    let found = "This work was supported by the NSF (1)."
    let text = article(statementAt: 7, found)
    func report(_ statements: JSON) throws -> DataReport {
      var recipe = try recipe(["article": .string(text), "statements": statements])
      recipe.chunkTokens = 600
      recipe.overlapTokens = 0
      recipe.negativesPerPositive = nil
      return try recipe.byteExamples().report
    }
    let whole = try report([.string(found)])
    #expect(whole.extract.negatives == whole.extract.chunks - 1 && whole.extract.uncertainChunks == 0)
    let partly = try report([.string(found), "We thank the NSF in other words."])
    #expect(partly.extract.statementsNotFound == 1 && partly.extract.negatives == 0)
    #expect(partly.extract.uncertainChunks == partly.extract.chunks - 1 && partly[.statements].examples == 1)
  }

  @Test func severalStatementsStandInTheOrderOfTheTextAndTheSameOneOnce() throws {
    let text = "Funding: A.\n\nMiddle.\n\nSupported by B.\n\nFunding: A.\n\nNot a line: Supported by B. Indeed."
    let recipe = try recipe(["article": .string(text), "statements": ["Supported by B.", "Funding: A."]])
    let example = try #require(try recipe.byteExamples().examples.first)
    #expect(example.answer(tokenizer) == #"{"statements":["Funding: A.","Supported by B."]}"#)
  }

  @Test func zeroWidthCharactersAreGoneFromInputAndAnswer() throws {
    let recipe = try recipe(["article": "\u{FEFF}Funded by\u{200B} X.\n", "statements": ["Funded by\u{200B} X."]])
    let example = try #require(try recipe.byteExamples().examples.first)
    #expect(example.input(tokenizer) == "Funded by X.\n")
    #expect(example.answer(tokenizer) == #"{"statements":["Funded by X."]}"#)
  }

  @Test func articlesThatThePipelineRefusesAreBadRows() throws {
    var recipe = try recipe(["article": "a\u{0}b", "statements": []], ["article": "Text.", "statements": []])
    recipe.negativesPerPositive = nil
    let error = #expect(throws: DataError.self) { try recipe.byteExamples() }
    #expect(error?.message.contains("rows.jsonl:1: article: 1 of 3 characters") == true)
    recipe.skipsBadRows = true
    let (examples, report) = try recipe.byteExamples()
    #expect(examples.count == 1 && report.problems.count == 1)
  }

  @Test func controlCharactersAreCleanedAwayAndCounted() throws {
    var recipe = try recipe(
      ["article": "Pro\u{0}les.\n\nFunded by\u{2} X.", "statements": ["Funded by\u{2} X."]],
      ["statement": "Funded by the \u{0} Xavier Fund.", "funders": [["funder_name": "Xavier Fund"]]],
      ["statement": "X\u{0}", "funders": []])
    let error = #expect(throws: DataError.self) { try recipe.byteExamples() }
    #expect(error?.message.contains("rows.jsonl:3: statement: 1 of 2 characters") == true)
    recipe.skipsBadRows = true
    let (examples, report) = try recipe.byteExamples()
    #expect(examples.count == 2 && report.controlCharacters == 3)
    #expect(examples.allSatisfy { !$0.input(tokenizer).contains { "\u{0}\u{2}".contains($0) } })
  }

  @Test func negativesAreKeptByRatioAndHardOnesFirst() throws {
    let statement = "Supported by X."
    let plain = article(statementAt: 99, "")
    let rows: [JSON] =
      (0..<4).map { _ in ["article": .string(article(statementAt: 0, statement)), "statements": [.string(statement)]] }
      + [
        ["article": .string(plain.replacingOccurrences(of: "Paragraph", with: "Grant text")), "statements": []],
        ["article": .string(plain), "statements": []],
      ]
    var recipe = DataRecipe(files: [DataFile(try folder.write("rows.jsonl", rows: rows))])
    recipe.noise = .none
    recipe.chunkTokens = 600
    recipe.overlapTokens = 0
    recipe.negativesPerPositive = 1.5
    var report = try recipe.byteExamples().report
    #expect(report[.statements].answered == 4)
    #expect(report.extract.negativesKept == 6)
    #expect(report.extract.hardNegativesKept == 5)  // 0.75 of 6 are 4.5, rounded up
    // The four statements, and the five chunks of the article whose every paragraph speaks of grants.
    #expect(report.extract.answeredChunks == 4 && report.extract.likelyAnsweredChunks == 4)
    #expect(report.extract.likelyChunks == 4 + 5)
    #expect(report[.statements].examples == 10)
    recipe.negativesPerPositive = 0
    report = try recipe.byteExamples().report
    #expect(report[.statements].examples == 4)
    for ratio in [nil, 1e300, Double.greatestFiniteMagnitude] as [Double?] {
      recipe.negativesPerPositive = ratio
      report = try recipe.byteExamples().report
      #expect(report.extract.negativesKept == report.extract.negatives)
    }
  }

  @Test func copiesOfAnArticleAreCutElsewhere() throws {
    let statement = "Supported by X."
    var recipe = try recipe([
      "id": "r", "article": .string(article(statementAt: 10, statement)), "statements": [.string(statement)],
    ])
    recipe.files[0].weight = 4
    recipe.chunkTokens = 800
    recipe.overlapTokens = 100
    recipe.negativesPerPositive = 0
    let (examples, _) = try recipe.byteExamples()
    let inputs = Set(examples.map { $0.input(tokenizer) })
    #expect(inputs.count > 2)
    #expect(inputs.allSatisfy { $0.contains(statement) })
    #expect(examples.contains { $0.id.hasPrefix("r~3#") })
  }

  @Test func examplesHoldTheirTextsWhereThatIsAskedFor() throws {
    let recipe = try recipe(
      ["id": "a", "article": "Text.\n\nFunded by X.", "statements": ["Funded by X."]],
      ["id": "s", "statement": " By\nX. ", "funders": []])
    func sources(_ keepsSources: Bool) throws -> [[String]] {
      try recipe.examples(
        tokenizer: tokenizer, template: .smolLM2, shuffled: false, keepsSources: keepsSources
      ).examples.map(\.sources)
    }
    #expect(try sources(true) == [["Text.\n\nFunded by X."], ["By X."]])
    #expect(try sources(false) == [[], []])
  }

  // MARK: Values

  @Test func valuesTakeTheSpellingOfTheText() throws {
    var values = StatementValues(
      "By the Wolfson Centre for Young People’s Health, grants R01HL112986 and XY1 (EU-FP 7).")
    func spelled(_ id: String) -> String? {
      values.spelled(Funder(name: nil, awards: [Award(awardIDs: [id])]), clean: { $0 }).awards[0].awardIDs[0]
    }
    #expect(spelled("Wolfson Centre for Young People's Health") == "Wolfson Centre for Young People’s Health")
    #expect(spelled("R01-HL112986") == "R01HL112986")
    #expect(spelled("(EU-FP7)") == "EU-FP 7)")
    #expect(values.respelled == 3)
    // Part of another number is no place.
    #expect(spelled("HL-112986") == "HL-112986")
    #expect(spelled("NIH") == "NIH")
    #expect(values.notVerbatim == 2)
    #expect(values.kinds == [.awardID: .init(values: 5, verbatim: 0)])
    #expect(spelled("XY1") == "XY1")
    #expect(values.kinds[.awardID]?.verbatim == 1)
  }

  @Test func rowsWithAValueThatIsNotThereAreLeftOut() throws {
    let good: JSON = ["statement": "By X.", "funders": [["funder_name": "X"]]]
    let bad: JSON = ["statement": "By X.", "funders": [["funder_name": "Y Foundation"]]]
    var recipe = try recipe(good, bad)
    var (examples, report) = try recipe.byteExamples()
    #expect(examples.count == 1)
    #expect(report.parse.rowsNotVerbatim == 1)
    recipe.requiresVerbatimValues = false
    (examples, report) = try recipe.byteExamples()
    #expect(examples.count == 2)
    #expect(report.parse.notVerbatim == 1)
    #expect(report.parse.kinds == [.funderName: .init(values: 2, verbatim: 1)])
  }

  @Test func fundersStandInTheOrderOfTheText() throws {
    let recipe = try recipe([
      "statement": "By the B Fund, C (1), and A.",
      "funders": [["funder_name": "A"], ["funder_name": .null, "award_ids": ["1"]], ["funder_name": "B Fund"]],
    ])
    let (examples, report) = try recipe.byteExamples()
    let answer = try JSON.parse(try #require(examples.first).answer(tokenizer))
    #expect(answer.array?.map { $0["funder_name"] } == ["B Fund", .null, "A"])
    #expect(report.parse.reordered == 1)
  }

  @Test func statementsAreJoinedAsThoseOfAnArticle() throws {
    var recipe = try recipe(
      [
        "id": "a", "statement": "By X (1) and Y.",
        "funders": [["funder_name": "X", "award_ids": ["1"]], ["funder_name": "Y"]],
      ],
      [
        "id": "b", "statement": "By Y (2),\nX (3).",
        "funders": [["funder_name": "Y", "award_ids": ["2"]], ["funder_name": "X", "award_ids": ["3"]]],
      ]
    )
    recipe.joinedShare = 1
    let (examples, report) = try recipe.byteExamples()
    #expect(examples.count == 2)
    for example in examples where example.id == "a+b" {
      #expect(example.input(tokenizer) == "By X (1) and Y.\nBy Y (2), X (3).")
      #expect(
        try FunderReader.funders(in: example.answer(tokenizer)) == [
          Funder(name: "X", awards: [Award(awardIDs: ["1", "3"])]), Funder(name: "Y", awards: [Award(awardIDs: ["2"])]),
        ])
    }
    #expect(report.parse.joined == examples.count { $0.id.contains("+") })
  }

  // MARK: Settings

  @Test func longExamplesAreLeftOut() throws {
    var recipe = try recipe(
      ["statement": "By X.", "funders": []],
      ["statement": .string("By X" + String(repeating: " x", count: 300)), "funders": []])
    recipe.maximumLength = 800
    let (examples, report) = try recipe.byteExamples()
    #expect(examples.count == 1)
    #expect(report[.funders].tooLong == 1)
  }

  @Test func weightsRepeatRows() throws {
    let rows: [JSON] = (0..<200).map { ["id": .number($0), "statement": "By X.", "funders": []] }
    var recipe = DataRecipe(files: [DataFile(try folder.write("rows.jsonl", rows: rows), weight: 1.5)])
    let count = try recipe.byteExamples().examples.count
    #expect(260...340 ~= count)
    recipe.taskWeights[.funders] = 2
    #expect(try recipe.byteExamples().examples.count == 600)
    recipe.taskWeights[.funders] = 0
    #expect(throws: DataError.self) { try recipe.byteExamples() }
  }

  @Test func theSeedDecidesTheOrderAndNothingElseDoes() throws {
    let rows: [JSON] = (0..<50).map { ["id": .number($0), "statement": "By X.", "funders": []] }
    var recipe = DataRecipe(files: [DataFile(try folder.write("rows.jsonl", rows: rows))])
    recipe.joinedShare = 0
    let first = try recipe.examples(tokenizer: tokenizer, template: .smolLM2).examples
    #expect(try recipe.examples(tokenizer: tokenizer, template: .smolLM2).examples == first)
    recipe.seed = 1
    let second = try recipe.examples(tokenizer: tokenizer, template: .smolLM2).examples
    #expect(second.map(\.id) != first.map(\.id))
    #expect(Set(second.map(\.id)) == Set(first.map(\.id)))
  }

  @Test func wrongRecipesAreRefused() throws {
    let changes: [((inout DataRecipe) -> Void, String)] = [
      ({ $0.files = [] }, "found no data files"), ({ $0.files[0].weight = 0 }, "the weight 0.0"),
      ({ $0.overlapTokens = 9_000 }, "an overlap of 9000"), ({ $0.negativesPerPositive = -1 }, "-1.0 negatives"),
      ({ $0.taskWeights = [.funders: -1] }, "the weight -1.0 for parse"),
      ({ $0.hardNegativeShare = 2 }, "share of 2.0"),
      ({ $0.joinedShare = -0.1 }, "a joined share of -0.1"), ({ $0.noise.share = 1.5 }, "a noise share of 1.5"),
      ({ $0.maximumLength = 15 }, "a maximum length of 15"),
    ]
    for (change, words) in changes {
      var recipe = DataRecipe(files: [DataFile("a")])
      try recipe.check()
      change(&recipe)
      let error = #expect(throws: DataError.self) { try recipe.check() }
      #expect(error?.message.contains(words) == true, "\(words): \(error?.message ?? "")")
    }
  }

  @Test func rowsToMeasureOnAreTheSameForEveryRecipe() {
    var recipe = DataRecipe(files: [DataFile("d.jsonl", weight: 3)])
    recipe.taskWeights = [.funders: 2]
    recipe.seed = 7
    (recipe.joinedShare, recipe.noise.share) = (0.5, 1)
    (recipe.chunkTokens, recipe.overlapTokens) = (900, 90)
    var expected = DataRecipe(files: [DataFile("d.jsonl")])
    (expected.chunkTokens, expected.overlapTokens, expected.maximumLength) = (900, 90, 2_048)
    (expected.joinedShare, expected.noise.share) = (0, 0)
    #expect(recipe.limited(toContext: 2_048).forMeasuring == expected)
    #expect(recipe.limited(toContext: 1 << 20).maximumLength == recipe.maximumLength)
  }

  @Test func chunksAreThoseOfAnExtraction() {
    let (recipe, options) = (DataRecipe(files: []), ExtractionOptions())
    #expect((recipe.chunkTokens, recipe.overlapTokens) == (options.chunkTokens, options.overlapTokens))
    #expect((recipe.chunkTokens, recipe.overlapTokens) == (7_500, 1_024), "the published recipe")
  }
}
