import Foundation
import JSON
import TestSupport
import Testing
import Text

@testable import Funding

/// The examples, with what is right for each of them (`Examples/expected`).
@Suite struct ExampleTests {
  private static let names = ["article", "long-review", "many-funders", "no-funding", "odd-characters"]

  private struct Example {
    var file: [UInt8]
    var statements: [String]
    var funders: [Funder]

    init(_ name: String) throws {
      let folder = Checkout.root.appendingPathComponent("Examples")
      file = Array(try Data(contentsOf: folder.appendingPathComponent("\(name).md")))
      let expected = try JSON.parse(Array(Data(contentsOf: folder.appendingPathComponent("expected/\(name).json"))))
      statements = (expected["statements"]?.array ?? []).compactMap(\.string)
      funders = FunderReader.read(expected["funders"]?.text(.compact) ?? "").elements.map {
        $0.map { value, _ in value.text }
      }
    }
  }

  /// A statement is a stretch of the file and, unwrapped, a paragraph that stage 1 reads whole; the values stand in it.
  @Test(arguments: names)
  func theExpectedCanBeFound(name: String) throws {
    let example = try Example(name)
    let article = try ArticleText(example.file).unwrapped()
    var inputs: [ReadStatement] = []
    let paragraphs = Paragraphs.ranges(in: article.bytes)
    for statement in example.statements {
      let place = try #require(ByteSearch(Array(statement.utf8)).firstRange(in: example.file), "\(statement)")
      let range = article.cleanedRange(ofOriginal: place)
      #expect(article.originalText(article.span(ofCleaned: range)) == statement)
      let paragraph = try #require(paragraphs.first { $0.contains(range.lowerBound) })
      #expect(paragraph.contains(range.upperBound - 1))
      let text = String(decoding: article.bytes[range], as: UTF8.self)
      #expect(ChunkSelection.likely.includes(text) && !text.contains("\n"))
      inputs.append(ReadStatement(FundingStatement(text: statement, status: .exact)))
    }
    for (evidence, funder) in zip(Evidence.places(of: example.funders, in: inputs), example.funders) {
      var values = 0
      var found = 0
      _ = funder.map { _, _ in values += 1 }
      _ = evidence.map { place, _ in found += place == nil ? 0 : 1 }
      #expect(found == values, "\(funder)")
    }
  }

  /// Statements that the default model does not find: a footnote to the names of the authors.
  private static let missed = ["long-review": 1]

  /// What the default model copies out of the examples. Its funders are its own business (`Models/*/README.md`).
  @Test(.enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence), arguments: names)
  func theDefaultModelFindsTheStatements(name: String) throws {
    let example = try Example(name)
    let path = Checkout.root.appendingPathComponent("Examples/\(name).md").path
    // In float32 no processor rounds a near tie to the other side.
    let result = try Executable.run(
      ["extract", "--stage", "statements", "--dtype", "float32", "--format", "json", path])
    #expect(result.status == 0)
    let found = try JSON.parse(result.output).array?.first?["statements"]?.array ?? []
    #expect(found.compactMap { $0["text"]?.string } == Array(example.statements.dropFirst(Self.missed[name] ?? 0)))
    #expect(found.allSatisfy { $0["status"] == "exact" })
  }
}
