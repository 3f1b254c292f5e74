import Generation
import JSON
import Testing

@testable import Constraints

/// The examples of Guides/Constraints.md.
@Suite struct AnotherShapeTests {
  /// Datasets that an article names, with the accession numbers that it gives for them.
  private static let datasets = OutputShape.array(
    of: .object([
      ("name", .string(.copied(.words))),
      ("accessions", .array(of: .string(.copied(.words)), atMost: 16)),
      ("comment", .nullOr(.string(.free))),
    ]), atMost: 32)

  /// Whether an output can be written token by token, the tokens being bytes, and is complete then.
  private func accepts(_ output: String, _ constraint: OutputConstraint) throws -> Bool {
    var guide = try ConstraintEngine(TestVocabulary.bytes.trie).guide(for: constraint)
    for byte in output.utf8 {
      guard guide.allowedTokens().contains(Int(byte)), guide.append([byte]) else { return false }
    }
    return guide.isComplete
  }

  @Test func datasetsAndTheirAccessions() throws {
    let article = "Sequences are in GenBank (MN908947, MN908948); the maps are in the Fen Archive."
    let constraint = OutputConstraint(shape: Self.datasets, sources: [article])
    for right in [
      #"[{"name":"GenBank","accessions":["MN908947","MN908948"],"comment":null}]"#,
      #"[{"name": "Fen Archive", "accessions": [], "comment": "No number."}]"#, "[]",
    ] {
      #expect(try accepts(right, constraint), "\(right)")
    }
    // A digit cut off, a number that is not there, a name that is not there, a key too few.
    for wrong in [
      #"[{"name":"GenBank","accessions":["MN90894"],"comment":null}]"#,
      #"[{"name":"GenBank","accessions":["MN908949"],"comment":null}]"#,
      #"[{"name":"Dryad","accessions":[],"comment":null}]"#, #"[{"name":"GenBank","accessions":[]}]"#,
    ] {
      #expect(try !accepts(wrong, constraint), "\(wrong)")
    }
    #expect(
      Self.datasets.jsonSchema["items"]?["properties"]?["name"]
        == ["type": "string", "minLength": 1, "x-copied": "words"])
  }

  /// A machine of one's own, for what is no JSON: a year, or a range of years of one millennium.
  private struct Years: ByteConstraint {
    /// The bytes so far.
    var start: [UInt8] { [] }

    func nextBytes(_ state: [UInt8]) -> ByteSet {
      switch state.count {
      case 0: [UInt8(ascii: "1"), UInt8(ascii: "2")]
      case 4: [UInt8(ascii: "-")]
      case 5: [state[0]]
      case 1...8: ByteSet("0123456789".utf8)
      default: []
      }
    }

    func advance(_ state: [UInt8], by byte: UInt8) -> [UInt8]? {
      nextBytes(state).contains(byte) ? state + [byte] : nil
    }

    func isComplete(_ state: [UInt8]) -> Bool { state.count == 4 || state.count == 9 }
  }

  @Test func aMachineOfOnesOwn() {
    let tokens = ["1", "19", "199", "20", "2024", "-", "-2", "-19", "5", "a"]
    let trie = TokenTrie(vocabularySize: tokens.count) { Array(tokens[$0].utf8)[...] }
    let years = Years()
    func allowed(after text: String) -> Set<String> {
      guard let state = years.advance(years.start, by: text.utf8) else { return [] }
      return Set(trie.tokens(allowedBy: years, in: state).map { tokens[Int($0)] })
    }
    #expect(allowed(after: "") == ["1", "19", "199", "20", "2024"])
    #expect(allowed(after: "1995") == ["-", "-19"])
    #expect(allowed(after: "2024") == ["-", "-2"])
    #expect(allowed(after: "1995-1995").isEmpty)
    #expect(years.advance(years.start, by: "2024".utf8).map(years.isComplete) == true)
  }
}
