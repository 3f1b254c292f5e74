import Generation
import Foundation
@testable import Funding
import Synchronization
import Testing

@testable import patron

@Suite struct TerminalTests {
  private func terminal(_ isTerminal: Bool, _ environment: [String: String]) -> Terminal {
    Terminal(2, isTerminal: isTerminal, environment: environment)
  }

  @Test func coloursAreForTerminalsThatWantThem() {
    #expect(terminal(true, ["TERM": "xterm"]).usesColour)
    #expect(!terminal(false, ["TERM": "xterm"]).usesColour)
    #expect(!terminal(true, ["TERM": "xterm", "NO_COLOR": "1"]).usesColour)
    #expect(terminal(true, ["TERM": "xterm", "NO_COLOR": ""]).usesColour)
    #expect(!terminal(true, ["TERM": "dumb"]).usesColour)
  }

  @Test func progressIsForTerminalsThatRedraw() {
    #expect(terminal(true, ["NO_COLOR": "1"]).isAnimated)
    #expect(!terminal(true, ["TERM": "dumb"]).isAnimated)
    #expect(!terminal(false, [:]).isAnimated)
  }
}

@Suite struct ConsoleTests {
  /// What a console of this level writes on a terminal or in a pipe.
  private func written(_ level: Console.Level, isTerminal: Bool, _ body: (Console) -> Void) -> String {
    let text = Text()
    let console = Console(
      level: level, terminal: Terminal(-1, isTerminal: isTerminal, environment: [:]),
      write: { piece in text.value.withLock { $0 += piece } })
    body(console)
    return text.value.withLock { $0 }
  }

  private final class Text: Sendable { let value = Mutex("") }

  private func talk(_ console: Console) {
    console.status("working")
    console.note("note")
    console.notice("notice")
    console.warning("warning")
    console.error("error")
  }

  @Test func levels() {
    #expect(written(.quiet, isTerminal: true, talk) == "patron: error\n")
    #expect(written(.normal, isTerminal: false, talk) == "patron: notice\npatron: warning\npatron: error\n")
    #expect(
      written(.verbose, isTerminal: false, talk)
        == "patron: note\npatron: notice\npatron: warning\npatron: error\n")
    #expect(
      written(.normal, isTerminal: true, talk)
        == "\r\u{1B}[Kworking\r\u{1B}[Kpatron: note\npatron: notice\npatron: warning\npatron: error\n")
  }

  @Test func statusIsNotDrawnTooOften() {
    let text = written(.normal, isTerminal: true) { console in for number in 1...1000 { console.status("\(number)") } }
    #expect(text.hasPrefix("\r\u{1B}[K1\r") || text == "\r\u{1B}[K1")
    #expect(text.count < 200)
  }

  @Test func escapeSequencesAreDisarmed() {
    #expect(
      written(.normal, isTerminal: false) { $0.error("a\u{1B}[31m\u{7}b\tc") } == "patron: a\u{FFFD}[31m\u{FFFD}b\tc\n")
  }
}

@Suite struct ProgressMeterTests {
  private let start = ContinuousClock.now

  private func progress(
    _ stage: Stage, _ part: Int, of count: Int, _ event: ExtractionProgress.Event
  ) -> ExtractionProgress { ExtractionProgress(stage: stage, part: part, partCount: count, event: event) }

  @Test func theShareGrowsFromNothingToAll() {
    var meter = ProgressMeter(weights: [100, 300], options: ExtractionOptions(), now: start)
    var shares = [meter.share]
    for input in 0..<2 {
      meter.begin(input, name: "x", input: input, now: start)
      shares.append(meter.share)
      for stage in Stage.allCases {
        for part in 0..<2 {
          for event: ExtractionProgress.Event in [
            .prefill(done: 5, total: 10), .prefill(done: 10, total: 10), .generated(tokens: 1), .generated(tokens: 50),
            .finished,
          ] {
            meter.update(input, progress(stage, part, of: 2, event), now: start)
            shares.append(meter.share)
          }
        }
      }
      meter.end(input)
      shares.append(meter.share)
    }
    #expect(shares == shares.sorted())
    #expect(shares.first == 0)
    #expect(abs((shares.last ?? 0) - 1) < 1e-9)
    #expect(shares.contains { abs($0 - 0.25) < 1e-9 })
  }

  @Test func theLineSaysWhatIsGoingOn() {
    var meter = ProgressMeter(weights: [100, 100], options: ExtractionOptions(), now: start)
    meter.begin(0, name: "first.md", input: 0, now: start)
    meter.end(0)
    meter.begin(1, name: "paper.md", input: 1, now: start)
    #expect(meter.line(now: start) == "[2/2] paper.md")
    meter.update(1, progress(.statements, 0, of: 3, .prefill(done: 1024, total: 7611)), now: start + .seconds(2))
    #expect(
      meter.line(now: start + .seconds(2))
        == "[2/2] paper.md: statements, chunk 1/3, read 1024 of 7611 tokens, 512 tok/s, ETA 0:02")
    meter.update(1, progress(.statements, 1, of: 3, .generated(tokens: 1)), now: start + .seconds(4))
    meter.update(1, progress(.statements, 1, of: 3, .generated(tokens: 31)), now: start + .seconds(5))
    #expect(
      meter.line(now: start + .seconds(5)).hasPrefix(
        "[2/2] paper.md: statements, chunk 2/3, wrote 31 tokens, 30 tok/s, ETA 0:0"))
    meter.update(1, progress(.funders, 0, of: 1, .prefill(done: 100, total: 100)), now: start + .seconds(6))
    #expect(meter.line(now: start + .seconds(6)).hasPrefix("[2/2] paper.md: funders, read 100 of 100 tokens"))
  }

  @Test func severalAtOnceAreSummedUp() {
    var meter = ProgressMeter(weights: [100, 100, 200], options: ExtractionOptions(), readsSeveral: true, now: start)
    meter.begin(0, name: "a.md", input: 0, now: start)
    meter.begin(1, name: "rows.jsonl:1", input: 1, part: 0, of: 2, now: start)
    meter.begin(2, name: "rows.jsonl:2", input: 1, part: 1, of: 2, now: start)
    #expect(meter.line(now: start) == "[0 of 4 done] 3 at once, 0 %")
    // The first of a thousand tokens sets the clock.
    for number in 0..<3 {
      meter.update(number, progress(.statements, 0, of: 1, .prefill(done: 300, total: 300)), now: start)
    }
    meter.update(0, progress(.statements, 0, of: 1, .generated(tokens: 20)), now: start + .seconds(2))
    meter.end(0)
    meter.end(2)
    #expect(meter.share == 0.25 + 0.125 + 0.125 * 0.8 * 0.6)
    #expect(
      meter.line(now: start + .seconds(2)) == "[2 of 4 done] 1 at once, 43 %, read 450 tok/s, wrote 10 tok/s, ETA 0:03")
    // The pace is that of the last seconds.
    for second in 3..<60 {
      meter.update(1, progress(.funders, 0, of: 1, .generated(tokens: 5 * second)), now: start + .seconds(second))
    }
    #expect(meter.line(now: start + .seconds(60)).contains("read 0 tok/s, wrote 5 tok/s"))
  }

  /// One file is told of as ever, however many could be read at once.
  @Test func oneArticleIsNotSummedUp() {
    var meter = ProgressMeter(weights: [100], options: ExtractionOptions(), readsSeveral: true, now: start)
    meter.begin(0, name: "a.md", input: 0, now: start)
    meter.update(0, progress(.statements, 0, of: 1, .prefill(done: 5, total: 10)), now: start)
    #expect(meter.line(now: start) == "a.md: statements, read 5 of 10 tokens")
  }

  @Test func statementsOfAFileShareItsWeight() {
    var options = ExtractionOptions()
    options.stages = [.funders]
    var meter = ProgressMeter(weights: [100], options: options, now: start)
    for part in 0..<2 {
      meter.begin(part, name: "s.txt:\(part)", input: 0, part: part, of: 4, now: start)
      meter.end(part)
    }
    #expect(meter.share == 0.5)
    meter.begin(2, name: "s.txt:3", input: 0, part: 2, of: 4, now: start)
    meter.update(2, progress(.funders, 0, of: 1, .finished), now: start)
    #expect(meter.share == 0.75)
  }

  @Test func clock() {
    #expect([0, 41.4, 725, 11_220].map(ProgressMeter.clock) == ["0:00", "0:41", "12:05", "3:07:00"])
    #expect(ProgressMeter.clock(.infinity) == "99:59:59" && ProgressMeter.clock(-1) == "0:00")
  }
}
