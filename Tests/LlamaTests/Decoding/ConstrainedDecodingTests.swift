import Generation
import JSON
import TestSupport
import Testing
import Tokenizer

@testable import Llama

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct ConstrainedDecodingTests {
  static let text = """
    # Über \u{1F600} "quotes" & C:\\paths

    This work was supported by the National Science Foundation (grant DMS-1855568). We thank all.\tThe Wellcome
    Trust (203141/Z/16/Z) paid, too! 数学研究所资助(12345)。
    """

  enum Mode: CaseIterable { case jsonStatements, jsonFunders, copiedStatements, copiedFunders }

  static func constraint(_ mode: Mode, _ text: String = text) -> OutputConstraint {
    switch mode {
    case .jsonStatements: OutputConstraint(shape: TestShape.statements(.free))
    case .jsonFunders: OutputConstraint(shape: TestShape.funders(ids: .free, values: .free))
    case .copiedStatements: OutputConstraint(shape: TestShape.statements(.copied(.sentences)), sources: [text])
    case .copiedFunders:
      OutputConstraint(shape: TestShape.funders(ids: .copied(.words), values: .copied(.words)), sources: [text])
    }
  }

  static func request(_ mode: Mode, number: Int, limit: Int = 56, sampling: Sampling = .greedy) -> CompletionRequest {
    CompletionRequest(
      messages: [Message(.user, "\(number) \(number &* 7919)")], maximumNewTokens: limit, sampling: sampling,
      constraint: constraint(mode))
  }

  /// All strings of a value but keys.
  static func strings(in value: JSON) -> [String] {
    if let string = value.string { return [string] }
    return (value.array ?? []).flatMap(strings) + (value.object?.members ?? []).flatMap { strings(in: $0.value) }
  }

  /// A model that babbles cannot break the shape, nor make up what is to be copied: 1,000 outputs for each mode, greedy
  /// and at temperature 1.5. What it babbles is its own affair: it may copy nothing at all.
  @Test(arguments: Mode.allCases, [0, 1.5])
  func babbleIsHeldToTheConstraint(_ mode: Mode, temperature: Double) async throws {
    let generator = try TinyGenerator.make()
    for first in stride(from: 0, to: 500, by: 50) {
      let requests = (first..<first + 50).map { number in
        Self.request(
          mode, number: number, limit: 16 + number % 28,
          sampling: Sampling(temperature: temperature, seed: UInt64(number)))
      }
      for (request, completion) in zip(requests, try await generator.complete(requests, onProgress: nil)) {
        let value = try JSON.parse(completion.text)
        #expect(completion.tokens.count <= request.maximumNewTokens)
        #expect(completion.tokens.reduce(0) { $0 + $1.byteCount } == completion.text.utf8.count)
        #expect(completion.finishReason == (completion.closedAtLimit ? .length : .stop))
        #expect(
          completion.tokens.allSatisfy { token in
            guard let free = token.logProbability, let held = token.constrainedLogProbability else { return false }
            return held >= free - 1e-3
          })
        switch mode {
        case .jsonStatements, .copiedStatements: #expect(value.object?.keys == ["statements"])
        case .jsonFunders, .copiedFunders:
          for funder in value.array ?? [] { #expect(funder.object?.keys == ["funder_name", "awards"]) }
        }
        guard mode == .copiedStatements || mode == .copiedFunders else { continue }
        for string in Self.strings(in: value) { #expect(ByteText(Self.text).contains(string), "\(string)") }
      }
    }
  }

  /// Where the shape leaves no choice but to copy, each output has as many copies as the shape, whatever the weights.
  /// The limit lets each of them go on to the end of the text.
  @Test(arguments: [0, 1.5])
  func aShapeThatAsksForCopiesGetsThem(temperature: Double) async throws {
    let generator = try TinyGenerator.make()
    let constraint = OutputConstraint(
      shape: .object([
        ("statement", .string(.copied(.sentences))), ("name", .string(.copied(.words))),
        ("id", .string(.copied(.words))),
      ]), sources: [Self.text])
    let requests = (0..<40).map { number in
      CompletionRequest(
        messages: [Message(.user, "\(number) \(number &* 7919)")], maximumNewTokens: 4 * Self.text.utf8.count,
        sampling: Sampling(temperature: temperature, seed: UInt64(number)), constraint: constraint)
    }
    for completion in try await generator.complete(requests, onProgress: nil) {
      let value = try JSON.parse(completion.text)
      #expect(value.object?.keys == ["statement", "name", "id"] && !completion.closedAtLimit)
      let copies = Self.strings(in: value)
      #expect(copies.count == 3 && copies.allSatisfy { !$0.isEmpty && ByteText(Self.text).contains($0) }, "\(copies)")
    }
  }

  /// Tokens without choice that go through the model together change nothing but the time.
  @Test(arguments: Mode.allCases)
  func plannedTokensTogetherOrOneByOne(_ mode: Mode) async throws {
    let together = try TinyGenerator.make()
    let oneByOne = try TinyGenerator.make(readsPlannedTokensTogether: false)
    let requests = (0..<40).map { Self.request(mode, number: $0, limit: 120) }
    let first = try await together.complete(requests, onProgress: nil)
    let second = try await oneByOne.complete(requests, onProgress: nil)
    for (a, b) in zip(first, second) { expectSameGreedyText(a, b) }
  }

  /// Alone and in company a constrained output is the same, and streamed text is the text.
  @Test func batchesEqualSingles() async throws {
    let generator = try TinyGenerator.make()
    var requests = Mode.allCases.enumerated().map { Self.request($1, number: $0, limit: 60) }
    requests.append(CompletionRequest(messages: [Message(.user, "free")], maximumNewTokens: 30))
    final class Log: @unchecked Sendable { var texts = [Int: String]() }
    let log = Log()
    let together = try await generator.complete(requests) { progress in
      if case .token(_, let text) = progress.event { log.texts[progress.request, default: ""] += text }
      return true
    }
    for (index, request) in requests.enumerated() {
      #expect(log.texts[index] == together[index].text)
      expectSameGreedyText(try await generator.complete([request], onProgress: nil)[0], together[index])
    }
  }

  /// Whatever the limit, the output is closed within it; below the shortest output there is an error. Who would write
  /// more is closed.
  @Test(arguments: Mode.allCases)
  func everyLimitIsKept(_ mode: Mode) async throws {
    let generator = try TinyGenerator.make()
    let whole = try await generator.complete([Self.request(mode, number: 3, limit: 300)], onProgress: nil)[0]
    var shortest = 0
    for limit in 1...70 {
      do {
        let completion = try await generator.complete([Self.request(mode, number: 3, limit: limit)], onProgress: nil)[0]
        #expect(completion.tokens.count <= limit)
        if limit < whole.tokens.count { #expect(completion.closedAtLimit) }
        _ = try JSON.parse(completion.text)
      } catch let error as LlamaError {
        #expect(error.code == .prompt && limit == shortest + 1)
        shortest = limit
      }
    }
    #expect((1...20).contains(shortest))
  }

  @Test func constraintsThatCannotBeKeptAreErrors() async throws {
    let generator = try TinyGenerator.make()
    let nothing = OutputConstraint(shape: .string(.copied(.words)), sources: [" \n"])
    let twice = OutputConstraint(shape: .nullOr(.nullOr(.string(.free))))
    for constraint in [nothing, twice] {
      await #expect(throws: (any Error).self) {
        try await generator.complete(
          [CompletionRequest(messages: [Message(.user, "x")], maximumNewTokens: 20, constraint: constraint)],
          onProgress: nil)
      }
    }
  }
}

/// Search by bytes: `String` would find canonically equivalent text.
struct ByteText {
  let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  func contains(_ part: String) -> Bool {
    let part = Array(part.utf8)
    return part.isEmpty || bytes.indices.contains { bytes[$0...].starts(with: part) }
  }
}
