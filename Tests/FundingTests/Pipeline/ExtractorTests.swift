import Generation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Funding

@Suite struct ExtractorTests {
  private static let article = """
    \u{FEFF}# A study

    Some text about é things.\r
    This work was supported by the National Science\u{200B} Foun-
    dation (grant 12-34). Thanks to all.
    The Wellcome Trust paid too.

    """
  private static let statementsOutput = """
    {"statements": ["The Wellcome Trust paid too.", "This work was supported by the National Science Foundation (grant 12-34).", \
    "We thank nobody."]}
    """
  private static let fundersOutput = """
    [{"funder_name": "National Science Foundation", "awards": [{"award_ids": ["12-34", "99"], "funding_scheme": [], \
    "award_title": []}]}, {"funder_name": "Wellcome Trust", "awards": []}]
    """

  private func script(_ request: CompletionRequest, _: Int) -> String {
    request.messages[0].content == Prompts.statementsSystem ? Self.statementsOutput : Self.fundersOutput
  }

  private func extract(
    _ text: String = Self.article, generator: FakeGenerator, options: ExtractionOptions = ExtractionOptions()
  ) async throws -> ExtractionRecord {
    try await Extractor(generator: generator, options: options, version: "1.0").extract(
      id: "a.md", contents: Array(text.utf8))
  }

  @Test func bothStages() async throws {
    let generator = FakeGenerator(answer: script)
    let record = try await extract(generator: generator)
    #expect(record.statements.map(\.status) == [.exact, .exact, .unverified])
    let file = Array(Self.article.utf8)
    let scalars = Array(Self.article.unicodeScalars)
    for statement in record.statements.dropLast() {
      let span = try #require(statement.span)
      #expect(Array(statement.text.utf8) == Array(file[span.bytes]))
      #expect(Array(statement.text.unicodeScalars) == Array(scalars[span.scalars]))
    }
    #expect(record.statements.map(\.span?.line) == [4, 6, nil])
    #expect(record.statements.last?.text == "We thank nobody.")

    // Stage 2 reads the article's own words, cleaned.
    #expect(
      generator.requests.last?.messages
        == Prompts.funders(
          in:
            "This work was supported by the National Science Foundation (grant 12-34).\nThe Wellcome Trust paid too.\n"
            + "We thank nobody."))
    #expect(generator.requests.map(\.maximumNewTokens) == [512, 1024])

    #expect(record.funders.map(\.name) == ["National Science Foundation", "Wellcome Trust"])
    let evidence = try #require(record.evidence)
    let name = try #require(evidence[0].name??.span)
    #expect(String(decoding: file[name.bytes], as: UTF8.self) == "National Science\u{200B} Foun-\ndation")
    let id = try #require(evidence[0].awards[0].awardIDs[0]?.span)
    #expect(String(decoding: file[id.bytes], as: UTF8.self) == "12-34")
    #expect(id.line == 5)
    #expect(evidence[0].awards[0].awardIDs[1] == nil)
    #expect(evidence[1].name??.statement == 1)
    #expect(record.calls?.map(\.output) == [Self.statementsOutput, Self.fundersOutput])
    #expect(record.provenance.contains(ExtractionRecord.Entry("model", "fake")))
    #expect(record.warnings.isEmpty)
  }

  /// A generator that tells no probabilities, or those of another temperature, leaves confidences out; nothing reads as
  /// certain.
  @Test(arguments: [nil, 0.7])
  func withoutTheModelsProbabilities(temperature: Double?) async throws {
    let told = try await extract(generator: FakeGenerator(answer: script))
    #expect(told.statements.contains { $0.confidence != nil })
    #expect(told.calls?.allSatisfy { $0.logProbability != nil && $0.constrainedLogProbability == 0 } == true)

    let record = try await extract(
      generator: FakeGenerator(logProbabilityTemperature: temperature, answer: script))
    #expect(record.statements.map(\.text) == told.statements.map(\.text) && record.funders == told.funders)
    #expect(record.statements.allSatisfy { $0.confidence == nil })
    #expect(record.confidences == record.funders.map { $0.map { _, _ in Confidence?.none } })
    for call in record.json["calls"]?.array ?? [] {
      #expect(call["log_probability"]?.isNull == true && call["constrained_log_probability"]?.isNull == true)
    }
    #expect(record.calls?.count == 2)
    #expect(try ExtractionRecord(json: record.json).calls == record.calls)
  }

  @Test func noStatementsNoStage2() async throws {
    let generator = FakeGenerator { _, _ in #"{"statements": []}"# }
    let record = try await extract(generator: generator)
    #expect(record.statements.isEmpty && record.funders.isEmpty && record.warnings.isEmpty)
    #expect(generator.requests.count == 1)
  }

  @Test func stagesAlone() async throws {
    var options = ExtractionOptions()
    options.stages = [.statements]
    let first = FakeGenerator(answer: script)
    #expect(try await extract(generator: first, options: options).funders.isEmpty)
    #expect(first.requests.count == 1)

    let second = FakeGenerator(answer: script)
    let record = try await Extractor(generator: second, options: options, version: "1.0").parse(
      id: "a", contents: Array("\n Supported by the Wellcome Trust.\n".utf8))
    #expect(record.provenance.contains(.init("stages", "parse")))
    #expect(second.requests.map(\.messages) == [Prompts.funders(in: "Supported by the Wellcome Trust.")])
    #expect(record.statements.first?.span?.bytes == 2..<34)
    #expect(record.funders.count == 2)
  }

  @Test func withoutEvidence() async throws {
    var options = ExtractionOptions()
    options.includesEvidence = false
    let record = try await extract(generator: FakeGenerator(answer: script), options: options)
    #expect(record.evidence == nil && record.calls == nil)
    #expect(record.json["calls"] == nil && record.json["funders"]?.array?.first?["evidence"] == nil)
  }

  /// Lines broken at a width: the model reads paragraphs, the record has the file's own text, and places lead there.
  @Test(arguments: [40, 60, 80])
  func wrappedText(width: Int) async throws {
    let statement =
      "This work was supported by the Swedish Research Council under project 2016-04512 and by the U.S. Department of "
      + "Energy under contract DE-FG02-97ER41014. We thank the wardens of the reserve."
    let filler = "The lake was shallow until the last century, and its shores moved with the seasons of the basin. "
    let article =
      "Abstract\n\n" + TextWrapping.wrapped(String(repeating: filler, count: 4), width: width)
      + "\n\nAcknowledgements\n\n"
      + TextWrapping.wrapped(statement, width: width) + "\n\nReferences\n"
    let generator = FakeGenerator { request, _ in
      request.messages[0].content == Prompts.statementsSystem
        ? JSON.object([("statements", .array([.string(statement)]))]).text()
        : """
        [{"funder_name": "Swedish Research Council", "awards": [{"award_ids": ["2016-04512"], "funding_scheme": [], \
        "award_title": []}]}, {"funder_name": "U.S. Department of Energy", "awards": [{"award_ids": \
        ["DE-FG02-97ER41014"], "funding_scheme": [], "award_title": []}]}]
        """
    }
    let record = try await extract(article, generator: generator)
    #expect(generator.requests[0].messages[1].content.contains("\n\n\(statement)\n\n"))
    #expect(generator.requests.last?.messages == Prompts.funders(in: statement))
    let found = try #require(record.statements.first)
    #expect(record.statements.count == 1 && found.status == .exact && found.text.contains("\n"))
    let span = try #require(found.span)
    #expect(Array(article.utf8)[span.bytes].elementsEqual(found.text.utf8))
    for (evidence, funder) in zip(try #require(record.evidence), record.funders) {
      let place = try #require(evidence.name ?? nil)
      let bytes = try #require(place.span).bytes
      let inFile = String(decoding: Array(article.utf8)[bytes], as: UTF8.self)
      #expect(inFile.split(whereSeparator: \.isWhitespace).joined(separator: " ") == funder.name)
      #expect(Array(found.text.utf8)[place.inStatement].elementsEqual(inFile.utf8))
    }
  }

  /// All chunks of an article go to the generator in one call.
  @Test func chunksOfAnArticle() async throws {
    var options = ExtractionOptions()
    options.chunking = .overlapping
    options.chunkTokens = 50
    options.overlapTokens = 10
    let filler = (0..<200).map { "word\($0)" }.joined(separator: " ")
    let text = filler + ". Funded by X (1). " + filler + ". Funded by Y. " + filler
    let generator = FakeGenerator { request, _ in
      let content = request.messages[1].content
      let found = ["Funded by X (1).", "Funded by Y."].filter(content.contains)
      return JSON.object([("statements", .array(found.map(JSON.string)))]).text()
    }
    let parts = Mutex<[Int]>([])
    let record = try await Extractor(generator: generator, options: options, version: "1").extract(
      id: "x", contents: Array(text.utf8)
    ) { progress in
      if progress.stage == .statements, progress.event == .finished { parts.withLock { $0.append(progress.part) } }
      return true
    }
    #expect(record.statements.map(\.text) == ["Funded by X (1).", "Funded by Y."])
    let chunkCount = record.calls?.count { $0.stage == .statements } ?? 0
    #expect(chunkCount > 12)
    #expect(parts.withLock { $0 } == Array(0..<chunkCount))
    #expect(generator.calls == [chunkCount, 1])
    #expect(generator.requests.dropLast().allSatisfy { generator.tokenOffsets(in: $0.messages[1].content).count <= 50 })
  }

  @Test func smallContext() async throws {
    // 10 tokens of frame and 512 new ones leave 78 for a chunk.
    let text = (0..<500).map { "word\($0)" }.joined(separator: " ")
    let generator = FakeGenerator(contextLength: 600) { _, _ in "[]" }
    _ = try await extract(text, generator: generator)
    #expect(generator.requests.allSatisfy { generator.tokenOffsets(in: $0.messages[1].content).count <= 78 })
    #expect(generator.requests.count > 6)

    let size = try StageInputs(tokenizer: generator, options: ExtractionOptions()).chunkSize()
    #expect(size.tokens == 78 && size.overlap == 39)
    let whole = try StageInputs(tokenizer: FakeGenerator(), options: ExtractionOptions()).chunkSize()
    #expect(whole.tokens == 7_500 && whole.overlap == 1_024)

    let tooSmall = FakeGenerator(contextLength: 522)
    let error = await #expect(throws: FundingError.self) { try await extract(text, generator: tooSmall) }
    #expect(error?.code == .contextTooSmall)
  }

  @Test func longStatementsAreReadInSeveralCalls() async throws {
    var options = ExtractionOptions()
    options.maximumFunderTokens = 540
    options.statementWords = .any
    let words = (0..<20).map { "w\($0)" }.joined(separator: " ")
    let statements = (0..<5).map { "S\($0) \(words)." }
    let generator = FakeGenerator(contextLength: 600) { request, number in
      if request.messages[0].content == Prompts.statementsSystem {
        let found = statements.filter(request.messages[1].content.contains)
        return JSON.array(found.map(JSON.string)).text()
      }
      return
        #"[{"funder_name": "X", "awards": [{"award_ids": ["\#(number % 2)"]}]}, {"funder_name": null, "funding_scheme": "S"}]"#
    }
    let record = try await extract(statements.joined(separator: "\n\n"), generator: generator, options: options)
    let calls = generator.requests.filter { $0.messages[0].content == Prompts.fundersSystem }
    #expect(calls.count == 3)
    #expect(record.warnings.count == 1)
    #expect(
      record.funders == [
        Funder(name: "X", awards: record.funders.first?.awards ?? []),
        Funder(name: nil, awards: [Award(fundingSchemes: ["S"])]),
      ])
    #expect(Set(record.funders.first?.awards.map(\.awardIDs) ?? []) == [["0"], ["1"]])
  }

  /// A model that is sure of an address does not make it a statement.
  @Test func statementsWithoutAWordOfFunding() async throws {
    let address = "Fen Road 3, Fen."
    let text = "# A study\n\nWe thank the Moss Fund.\n\n# Address\n\n\(address)\n"
    let generator = FakeGenerator { request, _ in
      request.messages[0].content == Prompts.statementsSystem
        ? JSON.array(["We thank the Moss Fund.", .string(address)]).text() : "[]"
    }
    let record = try await extract(text, generator: generator)
    #expect(record.statements.map(\.text) == ["We thank the Moss Fund."])
    #expect(record.warnings == ["stage 1, chunk 0: left out a statement without a word of funding: \(address)"])
    #expect(record.provenance.contains { $0.key == "statement_words" && $0.value == "funding" })

    var options = ExtractionOptions()
    options.statementWords = .any
    let all = try await extract(text, generator: generator, options: options)
    #expect(all.statements.count == 2 && all.warnings.isEmpty)
  }

  @Test func brokenOutputIsAWarning() async throws {
    let generator = FakeGenerator { request, _ in
      request.messages[0].content == Prompts.statementsSystem ? #"["The Wellcome Trust paid too.", "cut of"# : "Sorry."
    }
    let record = try await extract(generator: generator)
    #expect(record.statements.count == 1 && record.funders.isEmpty)
    #expect(record.warnings.count == 2)
  }

  @Test func cancellation() async throws {
    let generator = FakeGenerator { _, _ in "[]" }
    await #expect(throws: CancellationError.self) {
      try await Extractor(generator: generator, version: "1").extract(id: "x", contents: Array("text".utf8)) { _ in
        false
      }
    }
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await Extractor(generator: generator, version: "1").extract(id: "x", contents: Array("text".utf8))
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func unlikelyChunksAreNotRead() async throws {
    let article =
      (0..<200).map { "Mouse \($0) ran." }.joined(separator: " ") + "\n\nThe Wellcome Trust supported us.\n\n"
      + (200..<400).map { "Mouse \($0) ran." }.joined(separator: " ")
    var calls: [ChunkSelection: [ModelCall]] = [:]
    var counts: [ChunkSelection: ChunkCounts] = [:]
    for selection in ChunkSelection.allCases {
      var options = ExtractionOptions()
      options.stages = [.statements]
      (options.chunkTokens, options.overlapTokens, options.chunkSelection) = (300, 30, selection)
      let generator = FakeGenerator { request, _ in
        request.messages[1].content.contains("Wellcome")
          ? #"{"statements": ["The Wellcome Trust supported us."]}"# : #"{"statements": []}"#
      }
      let record = try await extract(article, generator: generator, options: options)
      #expect(record.statements.map(\.text) == ["The Wellcome Trust supported us."])
      #expect(record.statements.first?.span?.line == 3)
      #expect(record.provenance.contains(.init("chunks", selection.rawValue)))
      calls[selection] = record.calls
      counts[selection] = record.chunks
      #expect(generator.requests.allSatisfy { selection.includes($0.messages[1].content) })
    }
    let (all, likely) = (calls[.all] ?? [], calls[.likely] ?? [])
    #expect(counts[.likely] == ChunkCounts(read: 1, leftOut: all.count - 1))
    #expect(counts[.all] == ChunkCounts(read: all.count, leftOut: 0))
    #expect(likely.count == 1 && all.count == 3 && all.map(\.span).contains(likely[0].span))

    var options = ExtractionOptions()
    options.chunkSelection = .likely
    let generator = FakeGenerator(answer: script)
    let unread = try await extract("Nothing of it.", generator: generator, options: options)
    #expect(unread.statements.isEmpty && unread.chunks == ChunkCounts(read: 0, leftOut: 1))
    #expect(
      unread.warnings
        == ["stage 1: the article was not read: no word of funding or thanks was found in its 1 chunk"])
    #expect(generator.requests.isEmpty)
  }

  @Test func controlCharactersAreCounted() async throws {
    let record = try await extract(
      "The di\u{0}erence of pro\u{2}les.\n\nThe Wellcome Tr\u{0}ust paid too.\n",
      generator: FakeGenerator(answer: script))
    #expect(record.warnings[0].hasPrefix("3 control characters left out of the text: "))
    #expect(record.statements.first?.text == "The Wellcome Tr\u{0}ust paid too.")
    #expect(record.statements.first?.status == .exact && record.evidence?[1].name??.inStatement == 4..<19)
  }

  /// Several statements of an article are read in one call, as after stage 1.
  @Test func statementsOfAnArticle() async throws {
    let generator = FakeGenerator(answer: script)
    let extractor = Extractor(generator: generator, version: "1")
    let statements = [" By the National\nScience Foundation (12-34).\n", " ", "By the\u{200B} Wellcome Trust."]
    let record = try await extractor.parse(id: "a", statements: statements)
    #expect(generator.requests.count == 1)
    #expect(
      generator.requests[0].messages
        == Prompts.funders(in: "By the National Science Foundation (12-34).\nBy the Wellcome Trust."))
    #expect(
      record.statements.map(\.text) == [
        "By the National\nScience Foundation (12-34).", "By the\u{200B} Wellcome Trust.",
      ])
    #expect(record.statements.map(\.span?.line) == [1, 5] && record.chunks == nil)
    let file = Array(statements.joined(separator: "\n").utf8)
    for statement in record.statements {
      #expect(Array(file[statement.span?.bytes ?? 0..<0]) == Array(statement.text.utf8))
    }
    let nothing = try await extractor.parse(id: "a", statements: [])
    #expect(
      nothing.statements.isEmpty && nothing.funders.isEmpty && nothing.calls == [] && generator.requests.count == 1)
  }

  /// Stage 1 now and stage 2 later give what both give at once.
  @Test func recordsOfStage1AreReadOn() async throws {
    var options = ExtractionOptions()
    let both = try await extract(generator: FakeGenerator(answer: script))
    options.stages = [.statements]
    let first = try await extract(generator: FakeGenerator(answer: script), options: options)
    let stored = try ExtractionRecord(json: JSON.parse(JSONLinesFormat().record(first)))
    let generator = FakeGenerator(answer: script)
    let second = try await Extractor(generator: generator, version: "2").parse(stored)
    #expect(generator.requests.count == 1)
    #expect(second.statements == both.statements && second.funders == both.funders && second.evidence == both.evidence)
    #expect(second.sha256 == both.sha256 && second.warnings == both.warnings && second.chunks == both.chunks)
    #expect(second.calls?.map(\.stage) == both.calls?.map(\.stage))
    #expect(
      second.provenance.contains(.init("version", "2")) && second.provenance.contains(.init("stage_1_version", "1.0")))
    // And once more, with another model.
    #expect(try await Extractor(generator: generator, version: "3").parse(second).funders == both.funders)

    var empty = first
    empty.statements = []
    let none = try await Extractor(generator: generator, version: "2").parse(empty)
    #expect(none.funders.isEmpty && generator.requests.count == 2)
  }

  @Test func badOptions() async {
    for change: @Sendable (inout ExtractionOptions) -> Void in [
      { $0.chunkTokens = 0 }, { $0.overlapTokens = -1 }, { $0.overlapTokens = 7_500 },
      { $0.maximumStatementTokens = 0 }, { $0.maximumFunderTokens = Int.min },
    ] {
      var options = ExtractionOptions()
      change(&options)
      let invalid = options
      let error = await #expect(throws: FundingError.self) {
        try await extract(generator: FakeGenerator(), options: invalid)
      }
      #expect(error?.code == .invalidOption)
    }
  }
}
