import Generation
import JSON
import TestSupport
import Testing
import Text
import Tokenizer

@testable import Constraints

/// Allowed are exactly the tokens whose bytes keep the output the beginning of a valid one.
@Suite struct AllowedTokensTests {
  /// Texts that copying can go wrong on.
  static let sources: [[String]] = [
    ["We thank \"A\" and C:\\temp.\nThe NSF (grant 12-34/5) paid.\n\n- Second item. Third; 1234 12345"],
    ["数学基金。国家自然科学基金(12345678)资助。 Grant 1234！\r\nEnd😀 of e\u{301}te\u{301} and \u{A0}\u{2003}x"],
    ["a\u{1}b\u{7F}\u{85}c\u{2028}d \t\u{8}\u{C}e  f", "banana. Banana! (Banana?) \"Banana.\" banana: an\tana…\n"],
    ["Fund-\ning by the DMS-\n2308440 pro-\ngramme  of co-\nordination.\n\nNew \u{AD}\npara- graph", "  \n "],
    [" \n\t "],
    ["## 3. Funding: This work, e.g. No. 5, was paid.] Next\n| a | b. |\n12 34 (5) Word", "x"],
    ["grant1234-12/34and theNSFgrant DMS-\n1234, 1234a/1212a", "ทุนNSF12และ34", "34-123–34-124 An1234"],
  ]

  static let contents: [StringContent] = [.free] + CopyEdges.allCases.map { .copied($0) }

  /// A random constraint.
  static func constraint(_ random: inout SplitMix64) -> OutputConstraint {
    func content() -> StringContent { contents.randomElement(using: &random)! }
    let shape: OutputShape =
      switch Int.random(in: 0..<5, using: &random) {
      case 0: TestShape.statements(content(), atMost: Int.random(in: 0...4, using: &random))
      case 1, 2: TestShape.funders(ids: content(), values: content(), atMost: Int.random(in: 1...3, using: &random))
      case 3: .array(of: .string(content()), atMost: 3)
      default:
        .array(
          of: .nullOr(.object([("a\"é", .array(of: .string(content()), atMost: 2)), ("b", .string(.free))])), atMost: 2)
      }
    return OutputConstraint(
      shape: shape, sources: sources.randomElement(using: &random)!, foldsLines: Bool.random(using: &random))
  }

  @Test func aSmallOneByHand() throws {
    let trie = TestVocabulary.mixed.trie
    let constraint = OutputConstraint(
      shape: TestShape.statements(.copied(.words), atMost: 4), sources: ["NSF grant 1234"])
    var guide = try ConstraintEngine(trie).guide(for: constraint)
    func allowed() -> Set<String> {
      Set(guide.allowedTokens().tokens.map { String(decoding: TestVocabulary.mixed.tokens[$0], as: UTF8.self) })
    }
    func append(_ text: String) -> Bool { guide.append(text.utf8) }
    #expect(allowed() == ["{", "{\""])
    #expect(append("{\"statements"))
    #expect(allowed() == ["\"", "\":", "\":[", "\":[\"", "\": ", "\": [\""])
    #expect(append("\":["))
    #expect(allowed() == ["\"", "]", "]}"])
    #expect(append("\""))
    #expect(allowed() == ["N", "NSF", "g", "grant", "1", "12", "1234"])
    #expect(append("12"))
    #expect(allowed() == ["3", "34"])
    #expect(append("34"))
    #expect(allowed() == ["\"", "\"]", "\",\""])
    // What repeats an earlier item ends the list.
    #expect(append("\",\"1234"))
    #expect(allowed() == ["\"", "\"]"])
    #expect(!append("\","))
    #expect(append("\"]}"))
    #expect(guide.isComplete && allowed().isEmpty)
  }

  /// More than 100,000 steps with small vocabularies; at each a sample of the tokens is compared, at some all of them.
  @Test(arguments: ["bytes", "mixed"])
  func equalsTheReference(_ name: String) throws {
    let vocabulary = name == "bytes" ? TestVocabulary.bytes : TestVocabulary.mixed
    var walk = ComparedWalk(vocabulary.tokens, vocabulary.trie, seed: name == "bytes" ? 1 : 2)
    var completed = 0
    while walk.steps < 52_000 {
      let constraint = Self.constraint(&walk.random)
      let reference = Reference(constraint)
      guard let guide = try walk.guide(for: constraint, reference) else { continue }
      for _ in 0..<4 where try walk.run(guide, reference, fullCheckEvery: 25) { completed += 1 }
    }
    #expect(completed > 300)
  }

  /// The same with the two real vocabularies: here a step has tens of thousands of tokens.
  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: ["llama3_tokenizer", "smollm2_tokenizer"])
  func equalsTheReferenceWithRealVocabularies(_ name: String) throws {
    let tokenizer = try Golden.tokenizer(name)
    let tokens = (0..<tokenizer.vocabularySize).map { id in
      tokenizer.isAddedToken(id) ? [] : Array(tokenizer.tokenBytes(id) ?? [])
    }
    var walk = ComparedWalk(tokens, TokenTrie(tokenizer), seed: 3)
    while walk.steps < 3_000 {
      let constraint = Self.constraint(&walk.random)
      // What the vocabulary cannot write, nobody can copy: the reference knows nothing of that.
      let single = walk.engine.trie.singleBytes
      guard constraint.sources.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x20 || single.contains($0) } }) else { continue }
      let reference = Reference(constraint)
      guard let guide = try walk.guide(for: constraint, reference) else { continue }
      _ = try walk.run(guide, reference, fullCheckEvery: 500)
    }
  }
}

/// Random walks on which the guide and the reference are compared.
struct ComparedWalk {
  let tokens: [[UInt8]]
  let engine: ConstraintEngine
  var random: SplitMix64
  var steps = 0

  init(_ tokens: [[UInt8]], _ trie: TokenTrie, seed: UInt64) {
    self.tokens = tokens
    engine = ConstraintEngine(trie)
    random = SplitMix64(state: seed)
  }

  /// Nil where a copy is needed and there is nothing to copy: then the reference allows nothing.
  func guide(for constraint: OutputConstraint, _ reference: Reference) throws -> OutputGuide? {
    do {
      return try engine.guide(for: constraint)
    } catch let error where error.code == .shape {
      return nil
    }
  }

  /// One output. - Returns: whether it was completed; it parses then.
  mutating func run(_ guide: OutputGuide, _ reference: Reference, fullCheckEvery interval: Int) throws -> Bool {
    var guide = guide
    var state = reference.start
    let mostSteps = Int.random(in: 20...160, using: &random)
    for step in 0..<mostSteps {
      steps += 1
      #expect(guide.isComplete == reference.isComplete(state))
      if guide.isComplete {
        #expect(guide.allowedTokens().count == 0)
        let value = try JSON.parse(state.output)
        #expect(!value.isNull)
        return true
      }
      let set = guide.allowedTokens()
      let isFull = state.output.count < 400 && Int.random(in: 0..<interval, using: &random) == 0
      if isFull { #expect(Set(set.tokens).count == set.count) }
      guard set.count > 0 else {
        Issue.record("no token is allowed after \(String(decoding: state.output, as: UTF8.self))")
        return false
      }
      let members = isFull ? Set(set.tokens) : nil
      let candidates =
        isFull
        ? Array(tokens.indices)
        : (0..<12).flatMap { _ in [randomToken(of: set), tokens.indices.randomElement(using: &random)!] }
      for token in candidates {
        var next = state
        let isRight = !tokens[token].isEmpty && reference.feed(tokens[token], to: &next)
        let isAllowed = members?.contains(token) ?? set.contains(token)
        guard isRight == isAllowed else {
          Issue.record(
            """
            \(tokens[token]) "\(String(decoding: tokens[token], as: UTF8.self))" is \(isAllowed ? "" : "not ")allowed after \
            \(String(decoding: state.output, as: UTF8.self)); shape \(reference.shape), texts \
            \(reference.texts.map { String(String.UnicodeScalarView($0.scalars)) })
            """)
          return false
        }
      }
      let forced = guide.forcedBytes(atMost: 64)
      if let byte = forced.bytes.first {
        #expect(set.shared == nil && set.listed.allSatisfy { tokens[Int($0)][0] == byte })
      }
      // Late in the walk closing tokens are preferred, so that many outputs are completed.
      let enders = set.listed.filter { "\"]}".utf8.contains(tokens[Int($0)].last!) }
      let token =
        step > mostSteps / 2
        ? enders.randomElement(using: &random).map(Int.init) ?? randomToken(of: set) : randomToken(of: set)
      let isTaken = guide.append(tokens[token])
      let isRight = reference.feed(tokens[token], to: &state)
      #expect(isTaken && isRight)
      checkClosing(guide, state)
    }
    return false
  }

  private mutating func randomToken(of set: TokenSet) -> Int {
    guard let shared = set.shared, Int.random(in: 0..<set.count, using: &random) >= set.listed.count else {
      return Int(set.listed.randomElement(using: &random)!)
    }
    while true {
      let token = tokens.indices.randomElement(using: &random)!
      if shared.contains(token) { return token }
    }
  }

  /// Closing makes well-formed JSON of every beginning.
  private func checkClosing(_ guide: OutputGuide, _ state: Reference.State) {
    let closing = guide.closingBytes()
    #expect(closing.count <= guide.closingBound)
    #expect(throws: Never.self, "\(String(decoding: state.output + closing, as: UTF8.self))") {
      try JSON.parse(state.output + closing)
    }
  }
}
