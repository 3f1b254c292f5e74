import Foundation
import JSON
import Text

extension RunReport {
  /// The page: UTF-8, no outside resources.
  public func html() -> String {
    let charts = charts
    let title = HTML.escaped("\(kind) \(name)")
    let parts = [
      header(charts), curves(charts), checkpointTable, sampleList, section("Settings", settings), section("Data", data),
    ]
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="\(ReportStyle.policy)">
      <title>\(title)</title>
      <style>\(ReportStyle.css)</style>
      </head>
      <body>
      <main>
      \(parts.filter { !$0.isEmpty }.joined(separator: "\n"))
      </main>
      <script type="application/json" id="charts">\(HTML.embedded(.array(charts.map(\.json))))</script>
      <script>\(ReportStyle.script)</script>
      </body>
      </html>

      """
  }

  private var kind: String {
    switch status?.kind {
    case "sft"?: "Fine-tuning"
    case let kind?: kind
    case nil: "Training"
    }
  }

  // MARK: Header

  private func header(_ charts: [Chart]) -> String {
    let state = state
    var note = status?.note.map { "<p class=\"note\">\(HTML.excerpt($0, limit: 1000))</p>" } ?? ""
    if state.word == "ended without notice" {
      note =
        "<p class=\"note\">The process was killed or the machine stopped; the run can be resumed from its last "
        + "checkpoint.</p>"
    }
    note += problems.map { "<p class=\"note\">\(HTML.excerpt($0, limit: 1000))</p>" }.joined()
    let planned = status?.plannedSteps
    let share = planned.map { $0 > 0 ? min(1, Double(lastStep) / Double($0)) : 1 }
    let bar = share.map {
      "<div class=\"bar \(state.style)\"><div style=\"width:\(Figures.rounded($0 * 100))%\"></div></div>"
    }
    return """
      <header>
      <p class="over">\(HTML.escaped(kind))</p>
      <h1>\(HTML.escaped(name)) <span class="badge \(state.style)">\(state.word)</span></h1>
      \(note)
      \(bar ?? "")
      <dl class="figures">\(facts(planned).map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }.joined())</dl>
      </header>
      """
  }

  private func facts(_ planned: Int?) -> [(String, String)] {
    var facts = [
      ("Step", Figures.count(lastStep) + (planned.map { " <small>of \(Figures.count($0))</small>" } ?? "")),
      ("Training time", Figures.duration(seconds)),
    ]
    if let secondsLeft { facts.append(("Time left, about", Figures.duration(secondsLeft))) }
    if let epoch = latest(MetricName.epoch) { facts.append(("Epoch", Figures.value(epoch))) }
    let tokens = latest(MetricName.tokens) ?? status?.tokens.map(Double.init)
    if let tokens, tokens.isFinite, abs(tokens) < 1e15 {
      facts.append(("Tokens", Figures.count(Int(tokens))))
      if seconds > 0 { facts.append(("Tokens per second", Figures.value(tokens / seconds))) }
    }
    if let loss = latest(MetricName.loss) { facts.append(("Train loss", Figures.value(loss))) }
    if let loss = latest(MetricName.devLoss) { facts.append(("Dev loss", Figures.value(loss))) }
    if let best, let ranking, let value = best.metrics[ranking.metric] {
      facts.append(
        (
          "Best \(HTML.escaped(ranking.metric))",
          "\(Figures.value(value)) <small>at step \(Figures.count(best.step))</small>"
        ))
    }
    if let skipped = latest(MetricName.skippedSteps) { facts.append(("Skipped steps", Figures.value(skipped))) }
    if let status {
      facts.append(("Started", date(status.started)))
      if state.word != "running" { facts.append(("Ended", date(max(status.updated, records.last?.time ?? 0)))) }
      facts.append(("patron", HTML.escaped(status.version)))
    }
    return facts
  }

  private func date(_ time: Double) -> String { "<span class=\"date\">\(Figures.date(time))</span>" }

  // MARK: Curves

  private func curves(_ charts: [Chart]) -> String {
    guard !charts.isEmpty else { return "<section><p class=\"quiet\">Nothing has been measured yet.</p></section>" }
    let figures = charts.enumerated().map { number, chart in
      """
      <figure>
      <figcaption>\(HTML.escaped(chart.title))\(chart.isLogarithmic ? " <small>logarithmic</small>" : "")\
      <span class="legend">\(legend(chart))</span></figcaption>
      \(chart.svg(number: number))
      </figure>
      """
    }
    return "<section class=\"charts\">\(figures.joined(separator: "\n"))</section>"
  }

  private func legend(_ chart: Chart) -> String {
    chart.series.filter { !$0.isBackground }.map { line in
      let last = line.points.last { $0.value.isFinite }.map { " <b>\(Figures.value($0.value))</b>" } ?? ""
      return "<span class=\"key c\(chart.colour(of: line))\">\(HTML.escaped(line.name))\(last)</span>"
    }.joined(separator: " ")
  }

  // MARK: Tables

  private var checkpointTable: String {
    guard !checkpoints.isEmpty else { return "" }
    let metrics = Set(checkpoints.flatMap(\.metrics.keys)).sorted()
    let rows = checkpoints.map { checkpoint in
      [
        Figures.count(checkpoint.step)
          + (checkpoint.step == best?.step ? " <span class=\"badge finished\">best</span>" : ""),
        Figures.date(checkpoint.time),
      ] + metrics.map { metric in checkpoint.metrics[metric].map(Figures.value) ?? "–" } + [
        NumberText.fileSize(checkpoint.byteCount), "<code>\(HTML.escaped(checkpoint.url.lastPathComponent))</code>",
      ]
    }
    let rule = ranking.map { "the best is the one with the \($0.prefers.rawValue) \(HTML.escaped($0.metric))" }
    return """
      <section><h2>Checkpoints</h2>
      <p class="quiet">Those that were kept\(rule.map { "; " + $0 } ?? "").</p>
      \(HTML.table(["Step", "Saved"] + metrics.map { HTML.escaped($0) } + ["Size", "Folder"], rows, classes: "rows"))
      </section>
      """
  }

  private func section(_ title: String, _ json: JSON?) -> String {
    guard let json, json.object?.isEmpty != true else { return "" }
    return "<section><h2>\(title)</h2>\(HTML.value(json))</section>"
  }

  // MARK: Samples

  private var sampleList: String {
    guard !samples.isEmpty else { return "" }
    let byStep = Dictionary(grouping: samples, by: \.step).sorted { $0.key > $1.key }
    let shown = byStep.prefix(10)
    let lists = shown.enumerated().map { index, group in
      let (step, samples) = group
      let equal = samples.count { $0.generated == $0.expected }
      let more = samples.count > 20 ? "<p class=\"quiet\">\(samples.count - 20) more in samples.jsonl</p>" : ""
      return """
        <details\(index == 0 ? " open" : "")><summary>Step \(Figures.count(step)) \
        <small>\(samples.count) samples, \(equal) as expected</small></summary>
        \(samples.prefix(20).map(article).joined(separator: "\n"))\(more)
        </details>
        """
    }
    let more = byStep.count > 10 ? "<p class=\"quiet\">\(byStep.count - 10) earlier steps in samples.jsonl</p>" : ""
    return "<section><h2>Samples</h2>\(lists.joined(separator: "\n"))\(more)</section>"
  }

  private func article(_ sample: RunSample) -> String {
    let isEqual = sample.generated == sample.expected
    let (expected, generated) = Self.marked(sample.expected, sample.generated)
    let badge =
      isEqual ? "<span class=\"badge finished\">as expected</span>" : "<span class=\"badge stopped\">differs</span>"
    let answers =
      isEqual
      ? "<div><h4>Expected and generated</h4><pre>\(expected)</pre></div>"
      : """
      <div><h4>Expected</h4><pre>\(expected)</pre></div>
      <div><h4>Generated</h4><pre>\(generated)</pre></div>
      """
    return """
      <article>
      <h3>\(HTML.excerpt(sample.id, limit: 200)) <span class="badge">\(HTML.excerpt(sample.task, limit: 40))</span> \(badge)</h3>
      <pre class="prompt">\(HTML.excerpt(sample.promptExcerpt, limit: 1500))</pre>
      <div class="answers">\(answers)</div>
      </article>
      """
  }

  /// Both texts with the stretch marked in which they differ.
  static func marked(_ expected: String, _ generated: String) -> (expected: String, generated: String) {
    let (a, b) = (Array(expected.unicodeScalars.prefix(4_000)), Array(generated.unicodeScalars.prefix(4_000)))
    var start = 0
    while start < a.count, start < b.count, a[start] == b[start] { start += 1 }
    var end = 0
    while end < a.count - start, end < b.count - start, a[a.count - 1 - end] == b[b.count - 1 - end] { end += 1 }
    func text(_ scalars: [Unicode.Scalar], _ whole: String) -> String {
      func part(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return HTML.escaped(String(view))
      }
      let middle = start..<scalars.count - end
      let more = whole.unicodeScalars.count - scalars.count
      return part(0..<start) + (middle.isEmpty ? "" : "<mark>\(part(middle))</mark>")
        + part(scalars.count - end..<scalars.count)
        + (more > 0 ? "<span class=\"more\"> … \(more) more characters</span>" : "")
        + (scalars.isEmpty ? "<span class=\"quiet\">nothing</span>" : "")
    }
    return (text(a, expected), text(b, generated))
  }
}
