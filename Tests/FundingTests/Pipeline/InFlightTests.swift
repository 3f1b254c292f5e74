import Foundation
import Generation
import JSON
import Synchronization
import Testing

@testable import Funding

/// Whatever is waited for comes, unless the order of things is broken.
@Suite(.timeLimit(.minutes(1))) struct InFlightTests {
  /// What happened to inputs, and doors that hold work up until a test opens them.
  private final class Log: Sendable {
    struct State {
      var taken = 0
      var begun: [Int] = []
      var running = 0
      var mostRunning = 0
      var delivered: [Int] = []
      /// Most results that were there and not delivered.
      var finished = 0
      var mostHeld = 0
      var cancelled = 0
      var open: Set<Int> = []
      var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    let state = Mutex(State())

    func begin(_ number: Int) {
      state.withLock {
        $0.begun.append(number)
        $0.running += 1
        $0.mostRunning = max($0.mostRunning, $0.running)
      }
    }

    func end(_ number: Int) {
      state.withLock {
        $0.running -= 1
        $0.finished += 1
        $0.mostHeld = max($0.mostHeld, $0.finished - $0.delivered.count)
      }
    }

    /// Returns when the door is opened, or the task is cancelled.
    func wait(at door: Int) async {
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isOpen = state.withLock { state in
            if state.open.contains(door) { return true }
            state.waiting[door] = continuation
            return false
          }
          if isOpen { continuation.resume() }
        }
      } onCancel: {
        open(door)
      }
    }

    func open(_ door: Int) {
      let continuation = state.withLock { state in
        state.open.insert(door)
        return state.waiting.removeValue(forKey: door)
      }
      continuation?.resume()
    }

    /// Waits until it holds; what is waited for must come.
    func until(_ holds: @Sendable (borrowing State) -> Bool) async {
      while !state.withLock({ holds($0) }) { await Task.yield() }
    }
  }

  /// Runs inputs 0 ..< `count` through their doors.
  private func run(_ count: Int, limit: Int, _ log: Log) async throws {
    var input = 0
    try await InFlight(limit: limit).run { () -> InFlight.Step<Int, Int>? in
      guard input < count else { return nil }
      defer { input += 1 }
      log.state.withLock { $0.taken += 1 }
      return .work(input)
    } work: { number in
      log.begin(number)
      await log.wait(at: number)
      log.end(number)
      if Task.isCancelled {
        log.state.withLock { $0.cancelled += 1 }
        throw CancellationError()
      }
      return number
    } deliver: { number in
      log.state.withLock { $0.delivered.append(number) }
    }
  }

  /// The last of those that run always ends first.
  @Test(arguments: [1, 2, 5, 40]) func resultsComeInOrder(limit: Int) async throws {
    let log = Log()
    let count = 20
    async let done: Void = run(count, limit: limit, log)
    for first in stride(from: 0, to: count, by: limit) {
      let group = first..<min(first + limit, count)
      await log.until { $0.begun.count == group.upperBound }
      for number in group.reversed() {
        await log.until { $0.finished == first + group.upperBound - 1 - number }
        log.open(number)
      }
    }
    try await done
    log.state.withLock {
      #expect($0.delivered == Array(0..<count))
      #expect($0.begun == Array(0..<count))
      #expect($0.mostRunning == min(limit, count) && $0.mostHeld == min(limit, count))
    }
  }

  /// However many could go on, nothing piles up behind the first.
  @Test func aSlowFirstInputHoldsTheOthersBack() async throws {
    let log = Log()
    for number in 1..<50 { log.open(number) }
    async let done: Void = run(50, limit: 4, log)
    await log.until { $0.finished == 3 }
    for _ in 0..<1_000 { await Task.yield() }
    log.state.withLock { #expect($0.taken == 4 && $0.begun.count == 4 && $0.delivered.isEmpty) }
    log.open(0)
    try await done
    log.state.withLock { #expect($0.delivered == Array(0..<50) && $0.mostHeld <= 4) }
  }

  @Test func workBeginsInOrder() async throws {
    for _ in 0..<50 {
      let log = Log()
      for number in 0..<30 { log.open(number) }
      try await run(30, limit: 16, log)
      log.state.withLock { #expect($0.begun == Array(0..<30)) }
    }
  }

  @Test func whatIsKnownWithoutWorkWaitsForItsTurn() async throws {
    var steps: [InFlight.Step<Int, String>] = [.done("a"), .work(1), .done("c"), .done("d"), .work(4), .done("f")]
    var found: [String] = []
    try await InFlight(limit: 3).run {
      steps.isEmpty ? nil : steps.removeFirst()
    } work: { number in
      if number == 1 { for _ in 0..<100 { await Task.yield() } }
      return "\(number)"
    } deliver: { text in
      found.append(text)
    }
    #expect(found == ["a", "1", "c", "d", "4", "f"])
  }

  /// An error ends everything, and nothing runs any more then.
  @Test func anErrorCancelsTheOthers() async throws {
    struct Broken: Error {}
    let log = Log()
    var input = 0
    log.open(0)
    await #expect(throws: Broken.self) {
      try await InFlight(limit: 4).run { () -> InFlight.Step<Int, Int>? in
        defer { input += 1 }
        return input < 20 ? .work(input) : nil
      } work: { number in
        log.begin(number)
        defer { log.end(number) }
        if number == 3 { throw Broken() }
        await log.wait(at: number)
        if Task.isCancelled { log.state.withLock { $0.cancelled += 1 } }
        return number
      } deliver: { number in
        log.state.withLock { $0.delivered.append(number) }
      }
    }
    log.state.withLock { #expect($0.running == 0 && $0.cancelled >= 2 && $0.delivered.count <= 1) }

    // One of the delivery, such as a full disk.
    let other = Log()
    other.open(0)
    await #expect(throws: Broken.self) {
      try await InFlight(limit: 2).run {
        InFlight.Step<Int, Int>.work(other.state.withLock { $0.begun.count })
      } work: { number in
        other.begin(number)
        defer { other.end(number) }
        await other.wait(at: number)
        return number
      } deliver: { _ in
        throw Broken()
      }
    }
    other.state.withLock { #expect($0.running == 0) }
  }

  @Test func cancellationEndsAll() async throws {
    let log = Log()
    let task = Task { try await run(20, limit: 4, log) }
    await log.until { $0.begun.count == 4 }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    log.state.withLock { #expect($0.running == 0 && $0.begun.count == 4 && $0.delivered.isEmpty) }
  }

  // MARK: With an extractor

  private static func script(_ request: CompletionRequest) -> String {
    guard request.messages[0].content == Prompts.statementsSystem else {
      return #"[{"funder_name": "the Moss Fund", "awards": []}]"#
    }
    let text = request.messages[1].content
    guard let start = text.range(of: "Funded by"), let end = text[start.lowerBound...].firstIndex(of: ".") else {
      return #"{"statements": []}"#
    }
    return JSON.object([("statements", [.string(String(text[start.lowerBound...end]))])]).text()
  }

  /// A stand-in that notes which calls come, and may let one wait for another.
  private final class MeetingGenerator: ChatGenerator {
    let contextLength = 100_000
    let provenance: [(key: String, value: String)] = []
    /// Calls, such as `funders 0`, and those that they wait for.
    private let meetings: [String: String]
    private let failing: Set<String>
    private let arrived = Mutex<[String]>([])

    init(meetings: [String: String] = [:], failing: Set<String> = []) {
      self.meetings = meetings
      self.failing = failing
    }

    var calls: [String] { arrived.withLock { $0 } }

    func tokenOffsets(in text: String) -> [Int] { Array(0..<text.utf8.count) }
    func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) -> Int {
      messages.reduce(0) { $0 + $1.content.utf8.count }
    }

    func complete(
      _ requests: [CompletionRequest], onProgress: (@Sendable (CompletionProgress) -> Bool)?
    ) async throws -> [Completion] {
      let isStage1 = requests[0].messages[0].content == Prompts.statementsSystem
      let number = requests[0].messages[1].content.split(separator: "(").last?.prefix { $0 != ")" } ?? ""
      let call = (isStage1 ? "statements " : "funders ") + number
      arrived.withLock { $0.append(call) }
      if let other = meetings[call] {
        while !calls.contains(other) {
          try Task.checkCancellation()
          await Task.yield()
        }
      }
      struct Failure: Error {}
      if failing.contains(call) { throw Failure() }
      return requests.map { request in
        Completion(text: InFlightTests.script(request), tokens: [], finishReason: .stop, promptTokens: [])
      }
    }
  }

  /// Reads articles 0 ..< `count`; a failed one gives nil.
  private func extract(_ count: Int, limit: Int, with generator: MeetingGenerator) async throws -> [String?] {
    let extractor = Extractor(generator: generator, version: "1")
    var number = 0
    var found: [String?] = []
    try await InFlight(limit: limit).run { () -> InFlight.Step<Int, ExtractionRecord?>? in
      defer { number += 1 }
      return number < count ? .work(number) : nil
    } work: { number in
      try? await extractor.extract(
        id: "\(number)", contents: Array("# Lichens\n\nFunded by the Moss Fund (\(number)).\n".utf8))
    } deliver: { record in
      #expect(record == nil || record?.funders.map(\.name) == ["the Moss Fund"])
      found.append(record?.statements.first?.text)
    }
    return found
  }

  /// Neither call could end if it were alone with the generator.
  @Test func stage2OfOneArticleRunsBesideStage1OfTheNext() async throws {
    let generator = MeetingGenerator(meetings: ["funders 0": "statements 1", "statements 1": "funders 0"])
    #expect(
      try await extract(3, limit: 2, with: generator) == (0..<3).map { "Funded by the Moss Fund (\($0))." })
    #expect(generator.calls.count == 6)
  }

  @Test func articlesAreSubmittedInOrder() async throws {
    for _ in 0..<20 {
      let generator = MeetingGenerator()
      #expect(try await extract(12, limit: 12, with: generator).count == 12)
      let stage1 = generator.calls.filter { $0.hasPrefix("statements") }
      #expect(stage1 == (0..<12).map { "statements \($0)" })
    }
  }

  @Test func aFailedArticleLeavesTheOthers() async throws {
    let generator = MeetingGenerator(
      meetings: ["statements 0": "statements 3"], failing: ["statements 0", "funders 2"])
    let found = try await extract(5, limit: 4, with: generator)
    #expect(found.map { $0 == nil } == [true, false, true, false, false])
  }
}
