import Funding
import Generation
import JSON
import TestSupport
import Testing
import Tokenizer

@testable import TrainingData

/// Facts about the real rows under the default model's tokenizer.
@Suite(.enabled(if: SharedData.isHere, SharedData.absence)) struct SharedDataTests {
  private func checked(_ recipe: DataRecipe) throws -> DataReport {
    let (tokenizer, template) = try SharedData.tokenizer.get()
    let (examples, report) = try recipe.examples(tokenizer: tokenizer, template: template)
    let endOfTurn = try #require(template.endOfTurnToken(in: tokenizer))
    for example in examples {
      let input = example.input(tokenizer)
      let answer = example.answer(tokenizer)
      let messages = example.task == .funders ? Prompts.funders(in: input) : Prompts.statements(in: input)
      // What is decoded encodes to the same prompt: nothing was lost, and it is the prompt of generation.
      #expect(
        example.prompt == (try template.encode(messages, with: tokenizer, specialTokens: .plain)), "\(example.id)")
      #expect(example.tokens.count <= recipe.maximumLength)
      #expect(example.tokens.last == endOfTurn && example.isSupervised.last == true)
      #expect(Array(example.tokens.dropFirst(example.prompt.count)) == tokenizer.encode(answer) + [endOfTurn])
      let json = try JSON.parse(answer)
      #expect(json.text(.compact) == answer)
      switch example.task {
      case .statements:
        for statement in json["statements"]?.array ?? [] {
          #expect(input.utf8.firstRange(of: try #require(statement.string).utf8) != nil, "\(example.id)")
        }
      case .funders:
        for funder in try FunderReader.funders(in: answer) {
          let values =
            [funder.name].compactMap(\.self)
            + funder.awards.flatMap { $0.awardIDs + $0.fundingSchemes + $0.awardTitles }
          for value in values { #expect(input.utf8.firstRange(of: value.utf8) != nil, "\(example.id): \(value)") }
        }
      case nil: Issue.record("no chats here")
      }
    }
    return report
  }

  @Test func articles() throws {
    let folder = try TemporaryFolder()
    var recipe = DataRecipe(files: [DataFile(try SharedData.sample("extract.jsonl", every: 40, in: folder))])
    recipe.chunkTokens = 1_024
    recipe.overlapTokens = 256
    let report = try checked(recipe)
    #expect(report[.statements].answered >= 8)
    #expect(report.extract.statementsNotFound == 0)
    #expect(report[.statements].tooLong == 0)
  }

  @Test func statements() throws {
    let folder = try TemporaryFolder()
    let recipe = DataRecipe(files: [DataFile(try SharedData.sample("parse.jsonl", every: 5, in: folder))])
    let report = try checked(recipe)
    #expect(report[.funders].examples >= 200)
    #expect(report[.funders].noisy > 60)
    #expect(report.parse.rowsNotVerbatim <= 10)
  }
}
