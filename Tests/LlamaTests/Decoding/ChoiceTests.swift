import Foundation
import Generation
import Testing
import Text
import Torch

/// Tokens chosen from many rows in one call, beside a plain loop over each row.
@Suite struct ChoiceTests {
  /// One row and its question, with the set of allowed tokens.
  private struct Case {
    var logits: [Float]
    var allowed: [Int]  // ascending
    var missing: [Int32]?  // of a large set
    var listed: [Int32]?
    var sampling: Sampling
    var uniform: Double
    var temperature: Double

    private var candidates: [Float] { allowed.map { logits[$0].isNaN ? -.infinity : logits[$0] } }

    func expectedToken(uniform: Double, topP: Double) -> Int {
      let values = candidates
      let largest = values.max()!
      if largest == -.infinity { return allowed[0] }
      if sampling.temperature <= 0 { return allowed[values.firstIndex(of: largest)!] }
      var sampling = sampling
      sampling.topP = topP
      return allowed[ReferenceSampler.draw(ReferenceSampler.distribution(values, sampling), uniform: uniform)]
    }

    /// What rounding may decide: the tokens just beside the borders, too.
    var possibleTokens: Set<Int> {
      var tokens: Set<Int> = []
      for shift in [-3e-6, 0, 3e-6] {
        for other in [-3e-6, 0, 3e-6] {
          let topP = sampling.topP >= 1 ? 1 : max(0, sampling.topP + other)
          tokens.insert(expectedToken(uniform: min(max(uniform + shift, 0), 0.999_999), topP: topP))
        }
      }
      return tokens
    }

    func expectedLogProbability(of id: Int, among ids: some Sequence<Int>) -> Double {
      let values = ids.map { Double(logits[$0]) / temperature }
      let largest = values.filter { !$0.isNaN }.max() ?? 0
      if largest == -.infinity { return 0 }
      return Double(logits[id]) / temperature - largest - log(values.reduce(0) { $0 + exp($1 - largest) })
    }
  }

  private static let kinds = ["random", "ties", "impossible ones", "all equal", "NaN", "all impossible"]

  private static func cases(_ vocabulary: Int, _ count: Int, seed: UInt64) -> [Case] {
    var random = SplitMix64(state: seed)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    return (0..<count).map { number in
      let kind = kinds[number % kinds.count]
      let logits = (0..<vocabulary).map { _ -> Float in
        let value = Float((random.nextUniform() + random.nextUniform() + random.nextUniform() - 1.5) * 12)
        switch kind {
        case "ties": return value.rounded()
        case "impossible ones": return below(3) == 0 ? -.infinity : value
        case "all equal": return 1.5
        case "NaN": return below(20) == 0 ? .nan : value
        case "all impossible": return -.infinity
        // bfloat16 numbers, which are the same in both dtypes
        default: return Float(bitPattern: value.bitPattern & 0xFFFF_0000)
        }
      }
      var one = Case(
        logits: logits, allowed: Array(0..<vocabulary),
        sampling: Sampling(
          temperature: below(3) == 0 ? 0 : 0.2 + 2 * random.nextUniform(),
          topP: [1, 0.9, 1e-7, random.nextUniform()][below(4)], topK: [0, 0, 1 + below(9), vocabulary + 3][below(4)]),
        uniform: random.nextUniform(), temperature: below(2) == 0 ? 1 : 0.7)
      var shuffled = Array(0..<vocabulary)
      for index in shuffled.indices.dropLast() { shuffled.swapAt(index, index + below(vocabulary - index)) }
      let split = [1, 1 + below(vocabulary - 1)][below(2)]
      switch number / kinds.count % 3 {
      case 1:
        one.listed = shuffled[..<split].map(Int32.init)
        one.allowed = shuffled[..<split].sorted()
      case 2:
        one.missing = shuffled[..<split].map(Int32.init).sorted()
        one.listed = shuffled[..<below(split + 1)].map(Int32.init)
        one.allowed = (shuffled[split...] + one.listed!.map(Int.init)).sorted()
      default: break
      }
      return one
    }
  }

  private static func questions(_ cases: [Case]) -> (questions: [RowQuestion], ids: [Int32]) {
    var ids: [Int32] = []
    func place(_ more: [Int32]) -> Range<Int> {
      ids += more
      return ids.count - more.count..<ids.count
    }
    let questions = cases.enumerated().map { row, one in
      var allowed = RowQuestion.Allowed.all
      if let missing = one.missing {
        allowed = .others(missing: place(missing), listed: place(one.listed!))
      } else if let listed = one.listed {
        allowed = .listed(place(listed))
      }
      return RowQuestion(
        row: row, .chosen(allowed, one.sampling.draw(one.uniform)), logProbabilityTemperature: one.temperature)
    }
    return (questions, ids)
  }

  private static func tensor(_ cases: [Case]) throws -> Tensor {
    try Tensor(cases.flatMap(\.logits), shape: [cases.count, cases[0].logits.count])
  }

  private static func isNear(_ a: Double, _ b: Float) -> Bool {
    (a.isNaN && b.isNaN) || a == Double(b) || abs(a - Double(b)) < 1e-4 * (1 + abs(a))
  }

  @Test(arguments: ProcessorPaths.runnable)
  func answersAreThoseOfAPlainLoop(_ paths: ProcessorPaths) throws {
    let cases = Self.cases(301, 180, seed: 5)
    let (questions, ids) = Self.questions(cases)
    let answers = try withProcessorPaths(paths) { try Self.tensor(cases).answers(to: questions, ids: ids) }
    for (number, (one, answer)) in zip(cases, answers).enumerated() {
      let comment: Comment = "\(paths): case \(number), \(Self.kinds[number % Self.kinds.count])"
      #expect(one.possibleTokens.contains(answer.id), comment)
      let hasNaN = one.logits.contains(where: \.isNaN)
      if one.logits.contains(where: { $0 > -.infinity }), !hasNaN {
        let own = one.expectedLogProbability(of: answer.id, among: one.logits.indices)
        #expect(Self.isNear(own, answer.logProbability), comment)
      }
      if hasNaN { #expect(answer.logProbability.isNaN, comment) }
      if one.listed != nil, !one.allowed.contains(where: { one.logits[$0].isNaN }) {
        let held = one.expectedLogProbability(of: answer.id, among: one.allowed)
        #expect(Self.isNear(held, answer.constrainedLogProbability), comment)
        #expect(answer.constrainedLogProbability <= 0, comment)
      }
    }
  }

  /// Bit for bit: a row alone, in company, in another place, on one thread or more, and read where it lies.
  @Test(arguments: ProcessorPaths.runnable.filter { $0.rowKernels == .own }, [DType.float32, .bfloat16])
  func aRowsAnswerIsItsOwn(_ paths: ProcessorPaths, _ dtype: DType) throws {
    // More than one part of a vocabulary.
    var cases = Self.cases(20_003, 24, seed: 6)
    // Log-probabilities that are no numbers do not equal themselves.
    cases.removeAll { $0.logits.contains(where: \.isNaN) || $0.logits.allSatisfy { $0 == -.infinity } }
    let logits = try Self.tensor(cases).to(dtype)
    let (questions, ids) = Self.questions(cases)
    try withProcessorPaths(paths) { () throws in
      let together = try logits.answers(to: questions, ids: ids)
      for (row, question) in questions.enumerated() {
        var alone = question
        alone.row = 0
        #expect(try logits[row..<row + 1].answers(to: [alone], ids: ids) == [together[row]], "\(paths)")
      }
      #expect(try logits.answers(to: questions.reversed(), ids: ids) == together.reversed())
      let columns = try logits.transposed(0, 1).contiguous().transposed(0, 1)
      #expect(try columns.answers(to: questions, ids: ids) == together)
    }
  }

  @Test func givenTokensAreToldOf() throws {
    let logits = try Tensor([0, 1, 2, -.infinity, 5, 5] as [Float], shape: [2, 3])
    let answers = try logits.answers(to: [
      RowQuestion(row: 0, .given(2)), RowQuestion(row: 1, .given(0)), RowQuestion(row: 0, .given(2)),
      RowQuestion(row: 0, .given(1), logProbabilityTemperature: 2),
    ])
    #expect(answers.map(\.id) == [2, 0, 2, 1])
    #expect(Self.isNear(2 - log(1 + exp(1) + exp(2)), answers[0].logProbability) && answers[0] == answers[2])
    #expect(answers[1].logProbability == -.infinity)
    #expect(Self.isNear(0.5 - log(1 + exp(0.5) + exp(1)), answers[3].logProbability))
  }

  @Test func nothingAskedNothingAnswered() throws {
    #expect(try Tensor.zeros([0, 5]).answers(to: []).isEmpty)
  }

  @Test func badArgumentsAreErrors() throws {
    let logits = try Tensor.zeros([2, 4])
    func refused(_ questions: RowQuestion..., ids: [Int32] = [], logits other: Tensor? = nil) {
      let logits = other ?? logits
      #expect(throws: TorchError.self) { try logits.answers(to: questions, ids: ids) }
    }
    let question = RowQuestion(row: 0, .chosen(.all))
    refused(RowQuestion(row: 2, .chosen(.all)))
    refused(RowQuestion(row: -1, .chosen(.all)))
    refused(RowQuestion(row: 0, .given(4)))
    refused(RowQuestion(row: 0, .given(-1)))
    for temperature in [0, -1, .nan, .infinity, 1e-60] {
      refused(RowQuestion(row: 0, .chosen(.all), logProbabilityTemperature: temperature))
    }
    for uniform in [-0.1, 1, .nan] {
      refused(RowQuestion(row: 0, .chosen(.all, .init(temperature: 1, uniform: uniform))))
    }
    refused(RowQuestion(row: 0, .chosen(.all, .init(temperature: .nan, uniform: 0))))
    refused(RowQuestion(row: 0, .chosen(.all, .init(temperature: 1, topP: .nan, uniform: 0))))
    refused(RowQuestion(row: 0, .chosen(.listed(0..<0))))
    refused(RowQuestion(row: 0, .chosen(.listed(0..<2))), ids: [1])
    refused(RowQuestion(row: 0, .chosen(.listed(0..<2))), ids: [1, 4])
    refused(RowQuestion(row: 0, .chosen(.listed(0..<2))), ids: [-1, 1])
    refused(RowQuestion(row: 0, .chosen(.others(missing: 0..<2, listed: 0..<0))), ids: [2, 1])
    refused(RowQuestion(row: 0, .chosen(.others(missing: 0..<2, listed: 0..<0))), ids: [2, 2])
    refused(RowQuestion(row: 0, .chosen(.others(missing: 0..<2, listed: 0..<0))), ids: [2, 4])
    refused(RowQuestion(row: 0, .chosen(.others(missing: 0..<4, listed: 0..<0))), ids: [0, 1, 2, 3])
    refused(question, logits: try Tensor.zeros([4]))
    refused(question, logits: try Tensor.zeros([2, 0]))
    refused(question, logits: try Tensor.zeros([2, 4], dtype: .int64))
  }
}
