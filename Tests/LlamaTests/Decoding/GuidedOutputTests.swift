import Constraints
import Foundation
import Generation
import JSON
import TestSupport
import Testing
import Tokenizer

@testable import Llama

/// The tokens that are planned where there is no choice.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GuidedOutputTests {
  private static let article = """
    This work was supported by the Moss Fund (grant M-1234567) and by the "Fen\\Bog" programme of the Société des Tourbières
    (no. 98/765-4).  数学研究所资助(12345)。

    We thank the Fonds für Moore — and they're all fine.\tThe end
    """

  /// Outputs that a trained model would write, in both styles.
  private static let outputs: [(OutputConstraint, JSON)] = {
    let lines = article.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    let statements: JSON = .object([
      ("statements", .array([.string(lines[0] + "\n" + lines[1]), .string(lines[2])]))
    ])
    let none: JSON = .object([("statements", [])])
    func award(_ ids: [String], _ schemes: [String], _ titles: [String]) -> JSON {
      func list(_ values: [String]) -> JSON { .array(values.map(JSON.string)) }
      return .object([("award_ids", list(ids)), ("funding_scheme", list(schemes)), ("award_title", list(titles))])
    }
    let funders: JSON = .array([
      .object([
        ("funder_name", "Moss Fund"), ("awards", [award(["M-1234567", "98/765-4"], ["\"Fen\\Bog\" programme"], [])]),
      ]),
      .object([("funder_name", .null), ("awards", [award([], [], ["Moore"]), award(["12345"], [], [])])]),
      .object([("funder_name", "Société des Tourbières"), ("awards", [])]),
    ])
    let copied = OutputConstraint(shape: TestShape.statements(.copied(.sentences)), sources: [article])
    let values = OutputConstraint(
      shape: TestShape.funders(ids: .copied(.words), values: .copied(.words)), sources: [article])
    return [
      (copied, statements), (copied, none),
      (OutputConstraint(shape: TestShape.statements(.free)), statements),
      (
        OutputConstraint(shape: TestShape.statements(.copied(.lines)), sources: [article], foldsLines: true), statements
      ),
      (values, funders),
      (OutputConstraint(shape: TestShape.funders(ids: .copied(.words), values: .free), sources: [article]), funders),
    ]
  }()

  private static func tokenizer(_ name: String) throws -> Tokenizer {
    if name == "tiny" { return try TinyGenerator.tokenizer() }
    return try Golden.tokenizer(name)
  }

  /// Who chooses the tokenizer's own tokens gets them everywhere: what is planned is what the tokenizer makes of the
  /// text.
  @Test(arguments: ["tiny", "smollm2_tokenizer", "llama3_tokenizer"])
  func plannedTokensAreTheTokenizersOwn(_ name: String) throws {
    let tokenizer = try Self.tokenizer(name)
    let trie = TokenTrie(vocabularySize: tokenizer.vocabularySize) {
      tokenizer.isAddedToken($0) ? nil : tokenizer.tokenBytes($0)
    }
    let engine = ConstraintEngine(trie)
    var plannedCount = 0
    var count = 0
    for (constraint, value) in Self.outputs {
      for style in [JSON.TextStyle.compact, .python] {
        let expected = tokenizer.encode(value.text(style))
        var output = try GuidedOutput(engine.guide(for: constraint), tokenizer: tokenizer, limit: 2_000)
        var tokens: [Int] = []
        while !output.isComplete {
          if let planned = output.takePlanned() {
            tokens.append(planned)
            plannedCount += 1
          } else {
            let next = expected[tokens.count]
            try #require(
              output.allowedTokens.contains(next), "\(tokenizer.decode(tokens)) … \(tokenizer.decode([next]))")
            tokens.append(next)
            let isTaken = output.append(next, remaining: 2_000)
            #expect(isTaken)
          }
          try #require(tokens == Array(expected.prefix(tokens.count)), "\(tokenizer.decode(tokens))")
        }
        #expect(tokens == expected && !output.isClosing)
        count += tokens.count
      }
    }
    #expect(plannedCount > count / 3, "\(plannedCount) of \(count) tokens were planned")
  }

  /// A copy that is longer than the limit goes as far as it can be closed at a sentence's end, not just to the first
  /// one.
  @Test(arguments: [60, 100, 140, 400])
  func longCopiesGoOnNearlyToTheLimit(_ limit: Int) throws {
    let tokenizer = try TinyGenerator.tokenizer()
    let engine = ConstraintEngine(
      TokenTrie(vocabularySize: 512) { tokenizer.isAddedToken($0) ? nil : tokenizer.tokenBytes($0) })
    let sentences = (0..<40).map { "Sentence \($0) thanks fund \($0 * 7)." }
    let constraint = OutputConstraint(
      shape: TestShape.statements(.copied(.lines)), sources: [sentences.joined(separator: " ")])
    var output = try GuidedOutput(engine.guide(for: constraint), tokenizer: tokenizer, limit: limit)
    var tokens: [Int] = []
    while !output.isComplete {
      if let planned = output.takePlanned() {
        tokens.append(planned)
        continue
      }
      // A list rather than an empty one, by the longest tokens.
      let allowed = output.allowedTokens.tokens.sorted()
      let longest = allowed.filter { tokenizer.tokenBytes($0)?.last != UInt8(ascii: "]") }
        .max { tokenizer.tokenBytes($0)!.count < tokenizer.tokenBytes($1)!.count }
      let token = try #require(longest ?? allowed.first)
      if output.append(token, remaining: limit - tokens.count - 1) { tokens.append(token) }
    }
    let text = tokenizer.decode(tokens)
    #expect(output.isClosing && tokens.count <= limit)
    let statement = try #require(JSON.parse(text)["statements"]?.array?.first?.string)
    let count = sentences.indices.last { statement == sentences[...$0].joined(separator: " ") }
    try #require(count != nil, "\(statement)")
    // Another sentence would not have fitted, or hardly: at its end the tokens were the test's, not the tokenizer's.
    let longer = JSON.object([("statements", .array([.string(sentences[...(count! + 1)].joined(separator: " "))]))])
    #expect(tokenizer.encode(longer.text()).count > limit - 4)
  }

  /// A character that is cut between tokens, and a token that ends where the tokenizer would not cut.
  @Test func unusualTokensAreFollowedUp() throws {
    let tokenizer = try TinyGenerator.tokenizer()
    let engine = ConstraintEngine(
      TokenTrie(vocabularySize: 512) { tokenizer.isAddedToken($0) ? nil : tokenizer.tokenBytes($0) })
    let constraint = OutputConstraint(shape: .string(.copied(.lines)), sources: ["数学 research"])
    var output = try GuidedOutput(engine.guide(for: constraint), tokenizer: tokenizer, limit: 100)
    var bytes: [UInt8] = []
    for _ in 0..<100 where !output.isComplete {
      if let planned = output.takePlanned() {
        bytes += tokenizer.tokenBytes(planned) ?? []
      } else {
        // The shortest tokens: single bytes.
        let token = try #require(
          output.allowedTokens.tokens.min { tokenizer.tokenBytes($0)!.count < tokenizer.tokenBytes($1)!.count })
        bytes += tokenizer.tokenBytes(token) ?? []
        let isTaken = output.append(token, remaining: 100)
        #expect(isTaken)
      }
    }
    #expect(String(decoding: bytes, as: UTF8.self) == "\"数学 research\"")
  }
}
