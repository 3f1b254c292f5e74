import Foundation
import JSON

/// A curve.
struct ChartSeries {
  var name: String
  /// By step; a value that is not finite is a gap and a mark at the bottom.
  var points: [(step: Int, value: Double)]
  /// Drawn behind the others, thin: the figures that a smoothed curve is made from.
  var isBackground = false

  /// The series as TensorBoard smooths it: an exponential moving average whose start is corrected.
  func smoothed(_ weight: Double) -> ChartSeries {
    var (sum, total) = (0.0, 0.0)
    var result = self
    result.points = points.compactMap { step, value in
      guard value.isFinite else { return nil }
      sum = weight * sum + (1 - weight) * value
      total = weight * total + (1 - weight)
      return (step, sum / total)
    }
    return result
  }

  /// At most about `limit` points that look the same: the lowest and the highest of each stretch.
  func thinned(_ limit: Int = 800) -> ChartSeries {
    guard points.count > limit else { return self }
    var result = self
    result.points = []
    let stretch = (points.count * 2 + limit - 1) / limit
    for first in stride(from: 0, to: points.count, by: stretch) {
      let part = first..<min(first + stretch, points.count)
      if let gap = part.first(where: { !points[$0].value.isFinite }) {
        result.points.append(points[gap])
        continue
      }
      guard let low = part.min(by: { points[$0].value < points[$1].value }),
        let high = part.max(by: { points[$0].value < points[$1].value })
      else { continue }
      result.points += Set([low, high]).sorted().map { points[$0] }
    }
    if let last = points.last, result.points.last?.step != last.step { result.points.append(last) }
    return result
  }
}

/// Curves over the steps as an SVG, readable without any script.
struct Chart {
  var title: String
  var series: [ChartSeries]
  /// A step to mark with a line, and what stands at it.
  var mark: (step: Int, label: String)?

  static let (width, height) = (640.0, 250.0)
  private static let plot = (left: 58.0, right: 628.0, top: 12.0, bottom: 222.0)

  private let steps: (low: Double, high: Double)
  private let values: (low: Double, high: Double)
  let isLogarithmic: Bool

  /// - Returns: nil where there is no finite value to draw.
  init?(_ title: String, _ series: [ChartSeries], mark: (step: Int, label: String)? = nil) {
    let series = series.filter { !$0.points.isEmpty }.map(Self.drawable)
    let finite = series.flatMap(\.points).filter(\.value.isFinite)
    guard let low = finite.map(\.value).min(), let high = finite.map(\.value).max() else { return nil }
    self.title = title
    self.series = series.map { $0.thinned() }
    let all = series.flatMap(\.points).map { Double($0.step) }
    let (first, last) = (all.min() ?? 0, all.max() ?? 1)
    steps = first < last ? (first, last) : (first - 1, last + 1)
    if let mark, Double(mark.step) >= steps.low, Double(mark.step) <= steps.high { self.mark = mark }
    isLogarithmic = low > 0 && high / low > 20
    values = Self.padded(low, high, isLogarithmic)
  }

  /// Beyond these sizes the arithmetic of an axis overflows, and nothing is left to read from a curve.
  private static func drawable(_ series: ChartSeries) -> ChartSeries {
    var result = series
    result.points = series.points.map { step, value in
      (step, abs(value) > 1e100 ? .nan : abs(value) < 1e-100 ? 0 : value)
    }
    return result
  }

  private static func padded(_ low: Double, _ high: Double, _ isLogarithmic: Bool) -> (low: Double, high: Double) {
    if isLogarithmic { return (low / pow(high / low, 0.05), high * pow(high / low, 0.05)) }
    guard low < high else {
      let margin = low == 0 ? 1 : abs(low) * 0.1
      return (low - margin, high + margin)
    }
    let margin = (high - low) * 0.06
    // A curve that never falls below 0 is not given an axis that does.
    return (low >= 0 ? max(0, low - margin) : low - margin, high + margin)
  }

  // MARK: Places

  private func x(_ step: Double) -> Double {
    Self.plot.left + (step - steps.low) / (steps.high - steps.low) * (Self.plot.right - Self.plot.left)
  }

  private func y(_ value: Double) -> Double {
    let share =
      isLogarithmic
      ? log(value / values.low) / log(values.high / values.low) : (value - values.low) / (values.high - values.low)
    return Self.plot.bottom - share * (Self.plot.bottom - Self.plot.top)
  }

  private func coordinate(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
  }

  /// Round numbers from `low` to `high`, about five.
  static func ticks(_ low: Double, _ high: Double) -> [Double] {
    guard high > low, (high - low).isFinite else { return [low] }
    let rough = (high - low) / 5
    let power = pow(10, log10(rough).rounded(.down))
    let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
    let first = (low / step).rounded(.up)
    return (0..<12).map { (first + Double($0)) * step }.filter { $0 <= high }
  }

  private var valueTicks: [Double] {
    guard isLogarithmic else { return Self.ticks(values.low, values.high) }
    let powers = Int(log10(values.low).rounded(.down))...Int(log10(values.high).rounded(.up))
    let factors: [Double] = powers.count <= 3 ? [1, 2, 5] : powers.count <= 5 ? [1, 3] : [1]
    let stride = max(1, powers.count / 6)
    return powers.enumerated().filter { $0.offset % stride == 0 }.flatMap { power in
      factors.map { $0 * pow(10, Double(power.element)) }
    }.filter { $0 >= values.low && $0 <= values.high }
  }

  // MARK: Drawing

  /// The SVG element; colours are those of the page's style.
  func svg(number: Int) -> String {
    var parts: [String] = []
    for tick in valueTicks {
      let place = coordinate(y(tick))
      parts.append(
        "<line class=\"grid\" x1=\"\(coordinate(Self.plot.left))\" x2=\"\(coordinate(Self.plot.right))\" y1=\"\(place)\" "
          + "y2=\"\(place)\"/><text class=\"tick\" x=\"\(coordinate(Self.plot.left - 7))\" y=\"\(place)\" "
          + "text-anchor=\"end\" dominant-baseline=\"middle\">\(Figures.value(tick))</text>")
    }
    for tick in Self.ticks(steps.low, steps.high) where tick == tick.rounded() && tick >= 0 {
      let place = coordinate(x(tick))
      parts.append(
        "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(coordinate(Self.plot.top))\" "
          + "y2=\"\(coordinate(Self.plot.bottom))\"/><text class=\"tick\" x=\"\(place)\" "
          + "y=\"\(coordinate(Self.plot.bottom + 17))\" text-anchor=\"middle\">\(Figures.count(Int(tick)))</text>")
    }
    if let mark {
      let place = x(Double(mark.step))
      let isRight = place > (Self.plot.left + Self.plot.right) / 2
      parts.append(
        "<line class=\"mark\" x1=\"\(coordinate(place))\" x2=\"\(coordinate(place))\" y1=\"\(coordinate(Self.plot.top))\" "
          + "y2=\"\(coordinate(Self.plot.bottom))\"/><text class=\"mark\" x=\"\(coordinate(place + (isRight ? -5 : 5)))\" "
          + "y=\"\(coordinate(Self.plot.top + 9))\" text-anchor=\"\(isRight ? "end" : "start")\">"
          + "\(HTML.escaped(mark.label))</text>")
    }
    parts += series.map { drawing(of: $0, colour: colour(of: $0)) }
    return """
      <svg class="chart" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" data-chart="\(number)" role="img" \
      aria-label="\(HTML.escaped(title))">\(parts.joined(separator: "\n"))<g class="cursor"></g></svg>
      """
  }

  /// Place of the series' colour in the page's palette: by name, so that a curve and the figures behind it share one.
  func colour(of line: ChartSeries) -> Int {
    var names: [String] = []
    for line in series where !names.contains(line.name) { names.append(line.name) }
    return (names.firstIndex(of: line.name) ?? 0) % 6
  }

  private func drawing(of line: ChartSeries, colour: Int) -> String {
    var path = ""
    var isDown = false
    var marks: [String] = []
    for (step, value) in line.points {
      guard value.isFinite, !isLogarithmic || value > 0 else {
        isDown = false
        let place = coordinate(x(Double(step)))
        marks.append(
          "<line class=\"gap\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(coordinate(Self.plot.bottom - 8))\" "
            + "y2=\"\(coordinate(Self.plot.bottom))\"/>")
        continue
      }
      path += "\(isDown ? "L" : "M")\(coordinate(x(Double(step)))) \(coordinate(y(value)))"
      isDown = true
    }
    let classes = "line c\(colour)" + (line.isBackground ? " back" : "")
    if line.points.count <= 40, !line.isBackground {
      marks += line.points.filter(\.value.isFinite).filter { !isLogarithmic || $0.value > 0 }.map {
        "<circle class=\"dot c\(colour)\" cx=\"\(coordinate(x(Double($0.step))))\" cy=\"\(coordinate(y($0.value)))\" r=\"3\"/>"
      }
    }
    return "<path class=\"\(classes)\" d=\"\(path)\"/>" + marks.joined()
  }

  private func isSmoothed(_ line: ChartSeries) -> Bool {
    !line.isBackground && series.contains { $0.isBackground && $0.name == line.name }
  }

  /// What the page's script needs to show values.
  var json: JSON {
    func pair(_ range: (low: Double, high: Double)) -> JSON { [.number(range.low), .number(range.high)] }
    let lines = series.map { line in
      let finite = line.points.filter(\.value.isFinite)
      return JSON.object([
        ("name", .string(HTML.visible(line.name) + (isSmoothed(line) ? ", smoothed" : ""))),
        ("colour", .number(colour(of: line))),
        ("steps", .array(finite.map { .number($0.step) })),
        ("values", .array(finite.map { .number(Double(Figures.rounded($0.value))) })),
      ])
    }
    return .object([
      ("steps", pair(steps)), ("values", pair(values)), ("log", .bool(isLogarithmic)),
      ("plot", [.number(Self.plot.left), .number(Self.plot.right), .number(Self.plot.top), .number(Self.plot.bottom)]),
      ("series", .array(lines)),
    ])
  }
}

extension Figures {
  /// To five significant digits, which keeps the page small.
  static func rounded(_ value: Double) -> Double { Double(String(format: "%.5g", value)) ?? value }
}
