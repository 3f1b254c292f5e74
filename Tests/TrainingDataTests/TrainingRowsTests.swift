import Generation
import JSON
import TestSupport
import Testing
import Tokenizer

@testable import TrainingData

@Suite struct TrainingRowsTests {
  private func row(_ id: String, _ task: Stage?) -> TrainingExample {
    TrainingExample(id: id, task: task, tokens: [1, 2], isSupervised: [false, true])
  }

  @Test func filesOfTheSameNameAreToldApart() {
    let files = [
      ("a/train/parse.jsonl", "1"), ("a/dev/parse.jsonl", "2"), ("x.jsonl", "3"), ("a/./dev/parse.jsonl", "2"),
    ]
    #expect(
      TrainingRows.hashesByName(files.map { (path: $0.0, hash: $0.1) })
        == ["train/parse.jsonl": "1", "dev/parse.jsonl": "2", "x.jsonl": "3"])
    #expect(TrainingRows.hashesByName([]) == [:])
  }

  @Test func devRowsThatAreTrainedOnAreFound() {
    let other = TrainingExample(id: "c", task: nil, tokens: [1, 3], isSupervised: [false, true])
    let rows = TrainingRows(rows: [row("a", nil), other], devRows: [row("b", nil), row("d", nil), other])
    #expect(rows.devRowsInTraining.map(\.id) == ["b", "d", "c"])
    #expect(TrainingRows(rows: [other], devRows: [row("b", nil)]).devRowsInTraining == [])
  }

  @Test func theyTellWhatTheyAre() {
    let rows = TrainingRows(
      rows: [row("a", .funders), row("b", .statements), row("c", .funders)], devRows: [row("d", nil)])
    #expect(rows.summary == "3 rows (1 extract, 2 parse) of 6 tokens, 3 of them learnt; 1 dev rows")
  }

  @Test func theyAreMadeOfRecipesAndFilesOfTokens() throws {
    let folder = try TemporaryFolder()
    func recipe(_ name: String, _ count: Int) throws -> DataRecipe {
      let rows: [JSON] = (0..<count).map { index in
        [
          "id": .string("\(name)\(index)"), "statement": "By the Moss Fund.",
          "funders": [["funder_name": "Moss Fund", "awards": []]],
        ]
      }
      var recipe = DataRecipe(files: [DataFile(try folder.write(name + ".jsonl", rows: rows))]).forMeasuring
      recipe.maximumLength = 8_192
      return recipe
    }
    let path = try folder.write("tokens.jsonl", #"{"input_ids":[1,2],"labels":[-100,2]}"#)
    let tokenizer = try ByteTokenizer.tokenizer.get()
    var rows = TrainingRows()
    rows.add(try TokenFile(path: path))
    rows.addDev(try TokenFile(path: path))
    #expect(rows.template == nil && rows.report == nil && rows.devReport == nil)
    var seen: [Int] = []
    try rows.add(recipe("train", 3), tokenizer: tokenizer, template: .smolLM2) { _, done, total in
      seen.append(done)
      #expect(total == 3)
    }
    try rows.addDev(recipe("dev", 4), limit: 2, keepsSources: true, tokenizer: tokenizer, template: .smolLM2)
    #expect(seen == [0, 1, 2] && rows.rows.count == 4 && rows.devRows.count == 3)
    #expect(rows.rows.allSatisfy { $0.sources.isEmpty } && rows.devRows.last?.sources == ["By the Moss Fund."])
    #expect(rows.template == .smolLM2 && rows.report?.examples == 3 && rows.devReport?.examples == 4)
    #expect(Set(rows.hashes.keys) == ["tokens.jsonl", "train.jsonl", "dev.jsonl"])
    #expect(rows.json["tokenized"]?.array?.first?["rows"]?.int == 1)
    #expect(rows.json["dev_tokenized"]?.array?.first?["path"]?.string == path)
    #expect(rows.json["dev"]?["tasks"]?["parse"]?["rows"]?.int == 4)
  }
}

@Suite struct TokenFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func rowsKeepTheirTaskAndAreNamedByTheirLine() throws {
    let ids = #""input_ids":[1,2],"labels":[-100,2]"#
    let path = try folder.write(
      "rows.jsonl", #"{"id":"a","task":"parse",\#(ids)}"# + "\n" + #"{\#(ids)}"# + "\n\n \n" + #"{"task":"x",\#(ids)}"#)
    let rows = try TokenFile(path: path).rows
    #expect(rows.map(\.task) == [.funders, nil, nil] && rows.map(\.id) == ["a", "2", "5"])
  }

  @Test func whatIsWrittenReadsBack() throws {
    let example = TrainingExample(id: "é", task: .statements, tokens: [5, 6, 7], isSupervised: [false, true, false])
    #expect(
      TokenFile.line(example).text()
        == #"{"id":"é","task":"extract","input_ids":[5,6,7],"labels":[-100,6,-100]}"#)
    let path = try folder.write("rows.jsonl", rows: [TokenFile.line(example)])
    #expect(try TokenFile(path: path).rows == [example])
  }

  @Test(arguments: [
    ("{", "rows.jsonl:2: offset 1"), (#"{"input_ids":[1],"labels":[1,2]}"#, "as many \"labels\""),
    (#"{"input_ids":[],"labels":[]}"#, "lists of whole numbers"),
    (#"{"input_ids":[1,2],"labels":[-100,3]}"#, "found the label 3 at a token 2, expected -100"),
  ])
  func wrongRowsAreNamed(_ text: String, _ words: String) throws {
    let path = try folder.write("rows.jsonl", "\n" + text)
    let error = #expect(throws: DataError.self) { try TokenFile(path: path) }
    #expect(error?.code == .unreadableRow && error?.message.contains(words) == true, "\(error?.message ?? "")")
  }
}
