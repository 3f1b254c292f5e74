import ArgumentParser
import Constraints
import Foundation
import Funding
import Generation
import JSON
import Tokenizer

/// `patron bench constraints`.
struct BenchConstraintsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "constraints",
    abstract: "Measures what constraints cost for each token, without running the model.")

  @OptionGroup var tokenizerOptions: BenchTokenizerOptions

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func run() throws {
    let bench = ConstraintBench(tokenizer: try tokenizerOptions.open(), name: tokenizerOptions.name)
    print(try json ? bench.json().text(pretty: true) : bench.text())
  }
}

/// What constraints cost for each token with a vocabulary.
private struct ConstraintBench {
  let tokenizer: Tokenizer
  let name: String

  private static let articleLength = 200_000
  private static let statementLength = 1_500
  private static let steps = 20_000

  private struct Row {
    var name: String
    var figures: ConstraintBenchmark.Figures
  }

  private func measure() throws -> [Row] {
    let trie = TokenTrie(vocabularySize: tokenizer.vocabularySize) { [tokenizer] in
      tokenizer.isAddedToken($0) ? nil : tokenizer.tokenBytes($0)
    }
    let bench = ConstraintBenchmark(trie) { [tokenizer] in tokenizer.tokenBytes($0) ?? [] }
    let article = ConstraintBenchmark.text(count: Self.articleLength)
    let statement = String(String.UnicodeScalarView(article.unicodeScalars.prefix(Self.statementLength)))
    var cases: [(String, OutputConstraint?)] = []
    for mode in [ConstraintOptions.Mode.json, .verbatim] {
      var options = ConstraintOptions()
      options.mode = mode
      if mode == .json {
        cases.append(("statements json", options.statements(in: article)))
        cases.append(("funders json", options.funders(in: [statement])))
        continue
      }
      for edges in CopyEdges.ofStatements {
        options.statementEdges = edges
        cases.append(("statements verbatim, \(edges.rawValue)", options.statements(in: article)))
      }
      for values in [ConstraintOptions.CopiedValues.ids, .values] {
        options.copiedValues = values
        cases.append(("funders verbatim, \(values.rawValue)", options.funders(in: [statement])))
      }
    }
    return try cases.compactMap { name, constraint in
      try constraint.map { Row(name: name, figures: try bench.run($0, steps: Self.steps)) }
    }
  }

  func text() throws -> String {
    var lines = [
      "vocabulary    \(tokenizer.vocabularySize) tokens (\(name))",
      "texts         an article of \(Self.articleLength) characters, a statement of \(Self.statementLength)", "",
      "constraint                          median us   99.9 % us   largest us   new text ms   allowed",
    ]
    for row in try measure() {
      let figures = row.figures
      lines.append(
        row.name.padding(toLength: 34, withPad: " ", startingAt: 0)
          + String(
            format: "%11.1f %11.1f %12.1f %13.1f %9d", figures.median, figures.percentile99_9, figures.largest,
            figures.preparation, figures.medianAllowed))
    }
    return lines.joined(separator: "\n")
  }

  func json() throws -> JSON {
    func rounded(_ value: Double) -> JSON { .number((value * 10).rounded() / 10) }
    return .object([
      ("tokenizer", .string(name)), ("vocabulary", .number(tokenizer.vocabularySize)),
      ("article_characters", .number(Self.articleLength)), ("statement_characters", .number(Self.statementLength)),
      (
        "figures",
        .array(
          try measure().map { row in
            .object([
              ("constraint", .string(row.name)), ("steps", .number(row.figures.steps)),
              ("median_us", rounded(row.figures.median)),
              ("percentile_99_9_us", rounded(row.figures.percentile99_9)),
              ("largest_us", rounded(row.figures.largest)), ("new_text_ms", rounded(row.figures.preparation)),
              ("median_allowed", .number(row.figures.medianAllowed)),
            ])
          })
      ),
    ])
  }
}
