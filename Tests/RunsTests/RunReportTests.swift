import Foundation
import JSON
import TestSupport
import Testing

@testable import Runs

@Suite struct RunReportTests {
  /// What would do harm if it were not text any more.
  private static let hostile =
    "</script><script>alert(1)</script><img src=x onerror='alert(2)'>\"onload=\"&amp;--><!--\u{0}\u{202E}]]>"

  private func run(_ folder: TemporaryFolder, text: String, steps: Int = 5) throws -> RunFolder {
    let run = try folder.open()
    var status = RunStatus(kind: text, version: text, plannedSteps: 10)
    status.state = .failed
    status.note = text
    try status.write(to: run)
    let settings: [(String, JSON)] = [(text, .string(text)), ("list", [.string(text), 1]), ("none", .null)]
    try write(JSON.object(settings).text(), to: run.configuration)
    let data: [(String, JSON)] = [
      ("files", [.object([("path", .string(text)), ("rows", 3)])]),
      ("tasks", ["a": .object([(text, JSON.number(1))]), "b": .object([(text, JSON.number(2))])]),
    ]
    try write(JSON.object(data).text(), to: run.data)
    let log = try MetricLog(run, resumingAt: nil)
    let samples = try SampleLog(run, resumingAt: nil)
    for step in 1...steps {
      try log.record(
        step: step,
        [
          (MetricName.loss, 1 / Double(step)), ("dev/" + text, 0.5), (text, Double(step)),
          (MetricName.gradientNorm, step == 3 ? .infinity : 1),
        ])
    }
    try samples.record(
      RunSample(step: 2, id: text, task: text, promptExcerpt: text, expected: "a" + text, generated: text + "b"))
    try CheckpointStore(run, ranking: CheckpointRanking(metric: "dev/" + text, prefers: .lowest))
      .save(step: 5, metrics: ["dev/" + text: 0.5]) { try write("x", to: $0.appendingPathComponent("x")) }
    return run
  }

  /// Names of all tags and their attributes' names, in order; fails where they do not nest.
  private func structure(_ page: String) throws -> [String] {
    var open: [String] = []
    var result: [String] = []
    let style = try #require(page.range(of: "<style>")), end = try #require(page.range(of: "</style>"))
    var rest = page[...]
    rest.replaceSubrange(style.upperBound..<end.lowerBound, with: "")
    while let start = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: start)...]
      let tag = rest.prefix { $0 != ">" }
      rest = rest[tag.endIndex...].dropFirst()
      let name = tag.prefix { !" />".contains($0) }
      if tag.hasPrefix("!") { continue }
      if tag.hasPrefix("/") {
        let closed = tag.dropFirst()
        #expect(open.popLast() == String(closed), "</\(closed)> closes something else")
        continue
      }
      // An attribute begins after a space outside of quotes.
      let attributes = tag.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 0 }.map { String($0.element) }.joined()
      result.append(attributes)
      if tag.hasSuffix("/") || name == "meta" { continue }
      open.append(String(name))
      if name == "script" {
        let close = try #require(rest.range(of: "</script>"))
        rest = rest[close.lowerBound...]
      }
    }
    #expect(open == [])
    return result
  }

  @Test func whateverTheRunHoldsStaysText() throws {
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try run(first, text: String(repeating: "h", count: Self.hostile.unicodeScalars.count))
    _ = try run(second, text: Self.hostile)
    let page = try RunReport(second.run).html()
    let (found, expected) = (try structure(page), try structure(RunReport(first.run).html()))
    #expect(found == expected, "\(found.difference(from: expected).prefix(6))")
    #expect(page.components(separatedBy: "<script").count == 3, "the figures and the page's own")
    #expect(!page.contains("\u{202E}") && !page.contains("\u{0}") && !page.contains("<img"))
    #expect(
      page.contains("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(2)&#39;&gt;"))
  }

  @Test func thePageNeedsNothingElse() throws {
    let folder = try TemporaryFolder()
    _ = try run(folder, text: "x")
    let page = try RunReport(folder.run).html()
    let addresses = page.components(separatedBy: "http").dropFirst()
    // The name of a header, and of the namespace of SVG: neither is fetched.
    #expect(addresses.allSatisfy { $0.hasPrefix("-equiv=") || $0.hasPrefix("://www.w3.org/2000/svg'") })
    #expect(!page.contains("src=") && !page.contains("@import") && !page.contains("url("))
    #expect(page.contains("default-src 'none'") && page.contains("script-src 'sha256-"))
  }

  @Test func theFiguresForTheScriptReadBack() throws {
    let folder = try TemporaryFolder()
    _ = try run(folder, text: Self.hostile)
    let page = try RunReport(folder.run).html()
    let start = try #require(page.range(of: "id=\"charts\">")), end = try #require(page.range(of: "</script>"))
    let charts = try #require(try JSON.parse(String(page[start.upperBound..<end.lowerBound])).array)
    #expect(charts[0]["series"]?.array?[0]["steps"] == [1, 2, 3, 4, 5])
    #expect(charts[0]["series"]?.array?[0]["values"]?.array?.map { $0.double ?? 0 } == [1, 0.5, 0.33333, 0.25, 0.2])
    #expect(charts.contains { $0["series"]?.array?[0]["name"]?.string == HTML.visible(Self.hostile) })
  }

  @Test func aRunIsShownAsFarAsItCame() throws {
    let folder = try TemporaryFolder()
    #expect(failure(RunError.self) { _ = try RunReport(folder.run) }?.code == .notFound)
    try FileManager.default.createDirectory(at: folder.run, withIntermediateDirectories: true)
    let error = failure(RunError.self) { _ = try RunReport(folder.run) }
    #expect(
      error?.message.hasSuffix("(run.json, metrics.jsonl, checkpoints are all missing); name a run's folder") == true)

    var held: RunFolder? = try folder.open()
    if let held { try RunStatus(kind: "sft", version: "1", plannedSteps: 10).write(to: held) }
    var page = try RunReport(folder.run).html()
    #expect(page.contains(">running</span>") && page.contains("Nothing has been measured yet"))
    _ = try structure(page)

    // The process is gone, in the middle of a line.
    held = nil
    try write(
      #"{"step":1,"seconds":2,"train/loss":1.5}"# + "\n" + #"{"step":2,"train/lo"#,
      to: folder.run.appendingPathComponent("metrics.jsonl"))
    page = try RunReport(folder.run).html()
    #expect(page.contains(">ended without notice</span>") && page.contains("<b>1.5</b>"))
    _ = try structure(page)

    try write("{", to: folder.run.appendingPathComponent("config.json"))
    try write("[", to: folder.run.appendingPathComponent("run.json"))
    page = try RunReport(folder.run).html()
    #expect(page.contains("config.json: offset 1") && page.contains("run.json: offset 1"))
    _ = try structure(page)
  }

  @Test func stepsAndTimesLeft() throws {
    let folder = try TemporaryFolder()
    let held = try folder.open()
    try RunStatus(kind: "sft", version: "1", plannedSteps: 100).write(to: held)
    let lines = (1...50).map { #"{"step":\#($0),"seconds":\#($0 * 2),"train/loss":1}"# }
    try write(lines.joined(separator: "\n"), to: held.metrics)
    let report = try RunReport(folder.run)
    #expect(report.secondsLeft == 100 && report.lastStep == 50 && report.seconds == 100)
  }

  // MARK: Charts

  @Test func ticksAreRoundNumbers() {
    #expect(Chart.ticks(0, 1) == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1])
    #expect(Chart.ticks(1, 600) == [200, 400, 600])
    #expect(Chart.ticks(-3, 7) == [-2, 0, 2, 4, 6])
    #expect(Chart.ticks(5, 5) == [5])
    for (low, high) in [(1e-9, 2e-9), (0, 1e300), (-1e300, 1e300), (0.1, 0.1000001)] {
      #expect(Chart.ticks(low, high).allSatisfy { $0.isFinite && $0 >= low && $0 <= high })
    }
  }

  @Test func everyRangeOfValuesCanBeDrawn() throws {
    let ranges: [[Double]] = [
      [0], [1, 1], [0, 0], [-1, -1], [1e-300, 1e300], [-1e99, 1e99], [1e-99, 1e99], [.nan, 1],
      [.infinity, 1, -.infinity], [.leastNonzeroMagnitude, 1],
      [1e16, 1e16 + 2], [-5, 0, 5],
    ]
    for values in ranges {
      let points = values.enumerated().map { (step: $0.offset * 1_000_000_000_000, value: $0.element) }
      let chart = try #require(Chart("x", [ChartSeries(name: "x", points: points)]))
      let svg = chart.svg(number: 0)
      #expect(svg.firstMatch(of: /[ "ML-](nan|inf)/) == nil, "\(values)")
    }
    #expect(Chart("x", [ChartSeries(name: "x", points: [(1, .nan)])]) == nil)
    #expect(Chart("x", []) == nil)
  }

  @Test func thinningKeepsThePeaks() {
    var points = (0..<100_000).map { (step: $0, value: Double($0 % 7)) }
    points[54_321].value = 1000
    points[12_345].value = -1000
    points[77_777].value = .nan
    let thin = ChartSeries(name: "x", points: points).thinned().points
    #expect(thin.count <= 801 && thin.map(\.value).filter(\.isFinite).max() == 1000)
    #expect(thin.contains { $0.value == -1000 } && thin.contains { $0.value.isNaN } && thin.last?.step == 99_999)
    #expect(zip(thin, thin.dropFirst()).allSatisfy { $0.step < $1.step })
  }

  /// TensorBoard's smoothing: of a constant it is that constant, from the first point on.
  @Test func smoothing() {
    let flat = ChartSeries(name: "x", points: (0..<50).map { ($0, 3) }).smoothed(0.9)
    #expect(flat.points.allSatisfy { abs($0.value - 3) < 1e-12 })
    let two = ChartSeries(name: "x", points: [(0, 1), (1, .nan), (2, 4)]).smoothed(0.5)
    #expect(two.points.map(\.step) == [0, 2] && two.points.map(\.value) == [1, 3])
  }

  @Test func figures() {
    #expect(
      [0, 1, 0.12345, 123.456, 1234.56, 2e-5, 1e6, -0.5].map(Figures.value) == [
        "0", "1", "0.1235", "123.5", "1235", "2e-5", "1e6", "-0.5",
      ])
    #expect(Figures.value(.nan) == "not finite")
    #expect(Figures.count(1_234_567) == "1\u{202F}234\u{202F}567" && Figures.count(-999) == "−999")
    #expect(
      [0, 59.6, 61, 3661, 200_000].map(Figures.duration) == ["0 s", "1 min 0 s", "1 min 1 s", "1 h 01 min", "2 d 7 h"])
    #expect(Figures.duration(.infinity) == "–" && Figures.duration(-1) == "–")
    #expect(
      Figures.date(1_709_164_800) == "2024-02-29 00:00 UTC" && Figures.date(951_782_399) == "2000-02-28 23:59 UTC")
    #expect(Figures.date(0) == "–" && Figures.date(.nan) == "–" && Figures.date(1e300) == "–")
  }

  @Test func theDifferenceIsMarked() {
    let marked = RunReport.marked("[1,2,3]", "[1,<,3]")
    #expect(marked.expected == "[1,<mark>2</mark>,3]" && marked.generated == "[1,<mark>&lt;</mark>,3]")
    #expect(RunReport.marked("aa", "aaa").generated == "aa<mark>a</mark>")
    #expect(RunReport.marked("", "x").expected == "<span class=\"quiet\">nothing</span>")
    #expect(
      RunReport.marked(String(repeating: "x", count: 5000), "").expected.hasSuffix(" … 1000 more characters</span>"))
  }
}
