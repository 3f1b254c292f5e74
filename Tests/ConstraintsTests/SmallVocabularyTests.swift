import Generation
import JSON
import TestSupport
import Testing
import Text

@testable import Constraints

/// Vocabularies that lack bytes, as SmolLM2's does: what cannot be written is never begun.
@Suite struct SmallVocabularyTests {
  private static let text = "We thank the Société Générale.\nFund \u{1F600} 1234. The \u{1}third\\ \"line\" paid."
  /// Tokens of several bytes may hold what no single one has.
  private static let longTokens: [[UInt8]] = [[0xC3, 0xA9, 0x20], [0xF0, 0x9F], [0x5C, 0x6E]]

  private static func bytes(of token: Int) -> [UInt8] { token < 256 ? [UInt8(token)] : longTokens[token - 256] }

  private static func trie(without missing: [UInt8]) -> TokenTrie {
    TokenTrie(vocabularySize: 256 + longTokens.count) { token in
      token < 256 && missing.contains(UInt8(token)) ? nil : bytes(of: token)[...]
    }
  }

  @Test(arguments: [
    [], [0xC3], [0xA9], [0xF0], [0x80], [0x5C], [0x75], [0x30], [0x20], [0x41], [0xC3, 0x5C, 0x6E],
    Array(0x80...0xFF) as [UInt8],
  ])
  func everyOutputCanBeCompleted(without missing: [UInt8]) throws {
    let engine = ConstraintEngine(Self.trie(without: missing))
    var random = SplitMix64(state: 7)
    for round in 0..<400 {
      let content = AllowedTokensTests.contents[round % AllowedTokensTests.contents.count]
      let constraint = OutputConstraint(
        shape: .array(of: .string(content), atMost: 3), sources: [Self.text], foldsLines: round % 2 == 0)
      var guide = try engine.guide(for: constraint)
      var output: [UInt8] = []
      for step in 0..<80 where !guide.isComplete {
        let allowed = guide.allowedTokens().tokens
        let closing = step > 40 ? allowed.filter { $0 == 0x22 || $0 == 0x5D } : []
        let token = try #require(
          (closing.isEmpty ? allowed : closing).randomElement(using: &random),
          "nothing follows \(String(decoding: output, as: UTF8.self))")
        guide.append(Self.bytes(of: token))
        output += Self.bytes(of: token)
      }
      let whole = output + guide.closingBytes()
      #expect(throws: Never.self, "\(String(decoding: whole, as: UTF8.self))") { try JSON.parse(whole) }
      #expect(guide.closingBytes().allSatisfy { !missing.contains($0) })
    }
  }

  @Test func whatTheShapeNeedsMustBeThere() throws {
    let constraint = OutputConstraint(shape: .object([("a", .nullOr(.string(.free)))]))
    for byte in Array("{\"a:nul}".utf8) {
      let engine = ConstraintEngine(Self.trie(without: [byte]))
      let error = #expect(throws: ConstraintError.self) { try engine.guide(for: constraint) }
      #expect(error?.code == .vocabulary)
    }
    let nothing = OutputConstraint(shape: .object([("a", .string(.copied(.words)))]), sources: [" \n"])
    let error = #expect(throws: ConstraintError.self) {
      try ConstraintEngine(Self.trie(without: [])).guide(for: nothing)
    }
    #expect(error?.code == .shape)
  }

  @Test func shapesWithoutAMachineAreRefused() {
    let engine = ConstraintEngine(Self.trie(without: []))
    var deep = OutputShape.string(.free)
    for _ in 0..<5 { deep = .array(of: deep, atMost: 2) }
    for shape in [
      deep, .nullOr(.nullOr(.string(.free))), .array(of: .string(.free), atMost: -1),
      .object([("a", .string(.free)), ("a", .string(.free))]),
    ] {
      let error = #expect(throws: ConstraintError.self) { try engine.guide(for: OutputConstraint(shape: shape)) }
      #expect(error?.code == .shape)
    }
  }
}
