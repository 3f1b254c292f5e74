import JSON
import TestSupport
import Testing

@testable import TrainingData

@Suite struct ComparedTextTests {
  @Test func lettersAndWordsAreFolded() {
    let text = ComparedText("The  ÉTUDE (no. 12-3):\nthe “étude”")
    #expect(String(decoding: text.letters, as: UTF8.self) == "theétudeno123theétude")
    #expect(text.words.count == 5)  // the, étude, no, 12, 3
    #expect(text.words == text.words.sorted())
    #expect(ComparedText("the no étude; 3, 12").overlap(with: text) == 1)
    #expect(ComparedText("").overlap(with: ComparedText("—")) == 0)
  }

  /// A plain comparison of all pairs finds the same.
  @Test func nearlyEqualPairsAreAllOfThem() {
    var random = DataRandom(seed: 1, "texts")
    let texts = (0..<120).map { index in
      // Texts of a few kinds, each with some words changed.
      ComparedText(
        (0..<8 + 10 * (index % 4)).map { word in
          random.chance(0.03) ? "other\(random.below(50))" : "kind\(index % 6)word\(word)"
        }.joined(separator: " "))
    }
    var expected: [[Int]] = []
    for first in texts.indices {
      for second in texts.indices where second > first && texts[first].overlap(with: texts[second]) > 0.9 {
        expected.append([first, second])
      }
    }
    #expect(expected.count > 50)
    #expect(
      ComparedText.nearlyEqualPairs(of: texts).map { [$0.0, $0.1] }.sorted { $0.lexicographicallyPrecedes($1) }
        == expected)
  }
}

@Suite struct DataSplitTests {
  private static let statement =
    "This work was supported by the Moss Fund under grants 12 and 15, and by the Fern Council of the northern provinces."

  private func rows(_ values: [JSON]) throws -> [ComparedRow] { try values.map(ComparedRow.init) }

  private func link(_ first: JSON, _ second: JSON) throws -> [RowLink] {
    let groups = RowLinks(try rows([first, second])).groups.filter { Set($0.left + $0.right).count == 2 }
    return RowLink.allCases.filter { link in groups.contains { $0.link == link } }
  }

  @Test func rowsOfADocumentAreLinked() throws {
    let title = "The growth of mosses in the shade of northern ferns"
    let statement: JSON = ["id": "a", "statement": .string(Self.statement), "funders": []]
    let other: JSON = ["id": "b", "statement": "By X.", "funders": []]
    #expect(try link(statement, other) == [])
    #expect(try link(statement, ["id": "a", "statement": "By X."]) == [.name])
    #expect(
      try link(["ref": "doi:10.1/A", "statement": "By X."], ["doi": "https://doi.org/10.1/a", "article": "Y"]) == [
        .name
      ])
    #expect(
      try link(["title": .string(title), "statement": "By X."], ["article": .string("# \(title).\n\nText.")]) == [.name]
    )
    // The title of a section is none.
    #expect(try link(["article": "# Introduction\n\nOne."], ["article": "# Introduction\n\nTwo."]) == [])
    let spelled = Self.statement.uppercased().replacing(", and", with: " and")
    #expect(try link(statement, ["funding_statement": .string(spelled)]) == [.equalText])
    let changed = Self.statement.replacing("northern", with: "southern") + " We thank the"
    #expect(try link(statement, ["statement": .string(changed)]) == [])
    #expect(try link(statement, ["statement": .string(Self.statement + " Thanks.")]) == [.nearlyEqualText])
    #expect(
      try link(statement, ["article": .string("Before.\n\n\(Self.statement)\n\nAfter."), "statements": []]) == [
        .statementInArticle
      ])
    // A short statement stands in many articles.
    #expect(try link(other, ["article": "Before. By X. After.", "statements": []]) == [])
    #expect(try link(other, ["article": "Before. By X. After.", "statements": ["By X."]]) == [.equalText])
    #expect(
      try link(["messages": [["role": "user", "content": "q"]]], ["messages": [["role": "user", "content": "Q"]]])
        == [.equalText])
  }

  /// Files of made-up documents: statements, and articles with every second of them.
  private func files(_ folder: TemporaryFolder, count: Int = 300) throws -> [String] {
    let texts = (0..<count).map {
      "Supported by the \($0)th Fund of words \($0 * 7), \($0 * 11) and \($0 * 13), as was agreed upon in the year of \($0)."
    }
    return [
      try folder.write(
        "parse.jsonl",
        rows: texts.enumerated().map { ["id": .string("p\($0)"), "statement": .string($1), "funders": []] }),
      try folder.write(
        "extract.jsonl",
        rows: stride(from: 0, to: count, by: 2).map { index in
          [
            "id": .string("e\(index)"), "article": .string("Text \(index).\n\n\(texts[index])"),
            "statements": [.string(texts[index])],
          ]
        }),
      try folder.write("silver.jsonl", rows: texts.prefix(9).map { ["statement": .string($0.uppercased())] }),
    ]
  }

  private let parts = [DataSplit.Part(name: "tune", share: 0.1), DataSplit.Part(name: "dapo", share: 0.2)]

  /// The part of each row, by the row's own text.
  private func partOfRow(_ split: DataSplit) -> [String: String] {
    var parts: [String: String] = [:]
    for file in split.files {
      for (name, rows) in zip(split.partNames, file.rows) {
        for row in rows { parts[String(decoding: row, as: UTF8.self)] = name }
      }
    }
    return parts
  }

  @Test func rowsOfADocumentFallIntoOnePart() throws {
    let folder = try TemporaryFolder()
    let paths = try files(folder)
    let split = try DataSplit(paths: paths, parts: parts, rest: "sft")
    #expect(split.partNames == ["tune", "dapo", "sft"])
    #expect(split.clusterCounts.reduce(0, +) == 300 && split.largestCluster == 3)
    #expect((15...45).contains(split.clusterCounts[0]) && (40...80).contains(split.clusterCounts[1]))
    let statements = split.files[0].rows.map { Set($0.compactMap { try? JSON.parse($0)["statement"]?.string }) }
    for (part, rows) in split.files[1].rows.enumerated() {
      for row in rows {
        #expect(statements[part].contains(try #require(try JSON.parse(row)["statements"]?.array?.first?.string)))
      }
    }
    // Nothing is lost, and what is written is what was read.
    let written = split.files.map { $0.rows.flatMap { $0.map { String(decoding: $0, as: UTF8.self) } } }
    for (path, rows) in zip(paths, written) {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      #expect(rows.sorted() == (try folder.read(name)).split(separator: "\n").map(String.init).sorted())
    }
  }

  @Test func theOrderOfFilesDoesNotMatterAndTheSeedDoes() throws {
    let folder = try TemporaryFolder()
    let paths = try files(folder, count: 60)
    let split = partOfRow(try DataSplit(paths: paths, parts: parts, rest: "sft"))
    #expect(split == partOfRow(try DataSplit(paths: paths.reversed(), parts: parts, rest: "sft")))
    #expect(split != partOfRow(try DataSplit(paths: paths, parts: parts, rest: "sft", seed: 1)))
  }

  @Test func anArrayIsSplitIntoLines() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("rows.json", #"[{"statement": "By A."}, {"id": 5, "statement": "By B."}]"#)
    let split = try DataSplit(paths: [path], parts: parts, rest: "sft")
    #expect(Set(partOfRow(split).keys) == [#"{"statement": "By A."}"#, #"{"id": 5, "statement": "By B."}"#])
  }

  @Test func whatCannotBeSplitIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("rows.jsonl", "{\"statement\": \"By A.\"}\n{\"text\": 1}\n")
    let error = #expect(throws: DataError.self) { try DataSplit(paths: [path], parts: parts, rest: "sft") }
    #expect(error?.message.hasPrefix("\(path):2: found text, expected article") == true)
    let empty = try folder.write("empty.jsonl", "\n")
    #expect(throws: DataError.self) { try DataSplit(paths: [empty], parts: parts, rest: "sft") }
    for (parts, rest) in [
      ([], "sft"), (parts, "tune"), (parts, "../x"), ([.init(name: "a", share: 1)], "b"),
      ([.init(name: "a", share: 0.5), .init(name: "b", share: 0.5)], "c"), ([.init(name: "a", share: .nan)], "b"),
    ] as [([DataSplit.Part], String)] {
      let error = #expect(throws: DataError.self) { try DataSplit(paths: [path], parts: parts, rest: rest) }
      #expect(error?.code == .invalidRecipe)
    }
  }

  @Test func whatFilesShareIsCounted() throws {
    let folder = try TemporaryFolder()
    let paths = try files(folder, count: 20)
    let overlaps = try DataOverlap.all(paths: paths)
    #expect(
      overlaps.map { [$0.first, $0.second] } == [[paths[0], paths[1]], [paths[0], paths[2]], [paths[1], paths[2]]])
    #expect(overlaps[0].rows == [.equalText: 10, .statementInArticle: 10] && overlaps[0].linkedRows == 10)
    #expect(overlaps[1].rows == [.equalText: 9] && overlaps[2].linkedRows == 5)
    #expect(overlaps[1].json["equal"] == 9 && overlaps[1].json["in_article"] == 0)
    let other = try folder.write("other.jsonl", rows: [["statement": "By somebody else altogether."]])
    #expect(try DataOverlap.all(paths: [paths[0], other]) == [])
  }
}
