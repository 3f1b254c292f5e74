import Generation
import Foundation
import Funding
import JSON
import Text
import TrainingData

extension DataReport {
  /// Upper ends of the bins of example lengths.
  private static let bins = [256, 512, 1_024, 2_048, 4_096, 8_192, Int.max]

  /// Examples by their number of tokens.
  private func histogram(_ examples: [TrainingExample]) -> [(upTo: Int, count: Int)] {
    var counts = Self.bins.map { (upTo: $0, count: 0) }
    for example in examples {
      counts[Self.bins.firstIndex { example.tokens.count <= $0 } ?? Self.bins.count - 1].count += 1
    }
    return counts
  }

  /// A table for people.
  func text(of examples: [TrainingExample]) -> String {
    var text = ""
    for file in files {
      text += "\(file.path)\n"
      text += "  \(NumberText.grouped(file.rows)) rows"
      if file.refusedLicenses > 0 { text += ", \(NumberText.grouped(file.refusedLicenses)) left out for their licence" }
      if file.unstatedLicenses > 0 { text += ", \(NumberText.grouped(file.unstatedLicenses)) without a stated licence" }
      let unreadable = problems.count { $0.path == file.path }
      if unreadable > 0 { text += ", \(NumberText.grouped(unreadable)) more unreadable" }
      text += "\n  sha256 \(file.hash)\n"
      for (license, count) in file.rowsByLicense.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
        text += "  \(Self.padded(count, 8))  \(license)\n"
      }
    }
    text +=
      "\n"
      + Self.table(
        ["task", "rows", "examples", "answered", "noisy", "tokens", "learnt", "longest", "too long"],
        Stage?.tasks.compactMap { task in
          tasks[task].map { counts in
            [
              task.taskName, NumberText.grouped(counts.rows), NumberText.grouped(counts.examples),
              NumberText.grouped(counts.answered),
              NumberText.grouped(counts.noisy), NumberText.grouped(counts.tokens),
              NumberText.grouped(counts.supervisedTokens),
              NumberText.grouped(counts.longest), NumberText.grouped(counts.tooLong),
            ]
          }
        } + [
          [
            "all", "", NumberText.grouped(self.examples), "", "", NumberText.grouped(tokens),
            NumberText.grouped(supervisedTokens), "",
            "",
          ]
        ])
    for line in remarks { text += "\n" + line }
    text += "\n\nexamples by tokens\n"
    let bins = histogram(examples)
    let most = max(bins.map(\.count).max() ?? 1, 1)
    for (upTo, count) in bins where count > 0 || upTo < Int.max {
      let label = upTo == Int.max ? "more" : "≤ \(NumberText.grouped(upTo))"
      let bar = String(repeating: "█", count: count * 40 / most)
      text += "  \(String(repeating: " ", count: max(0, 8 - label.count)))\(label) \(Self.padded(count, 8))"
      text += (bar.isEmpty ? "" : " " + bar) + "\n"
    }
    return text
  }

  /// What was left out and changed, in words.
  private var remarks: [String] {
    var lines: [String] = []
    if tasks[.statements] != nil {
      lines.append(
        "extract: \(NumberText.grouped(extract.chunks)) chunks, \(NumberText.grouped(extract.cutChunks)) left out because their border "
          + "cuts a statement, \(NumberText.grouped(extract.negativesKept)) of \(NumberText.grouped(extract.negatives)) without "
          + "statement kept (\(NumberText.grouped(extract.hardNegativesKept)) of them hard)")
      let kinds = NegativeKind.allCases.compactMap { kind in
        extract.negativesKeptByKind[kind].map {
          "\(kind.rawValue.replacing("_", with: " ")) \(NumberText.grouped($0))"
        }
      }
      if !kinds.isEmpty { lines.append("extract: kept without statement, by kind: \(kinds.joined(separator: ", "))") }
      lines.append(
        "extract: --chunks likely reads \(NumberText.grouped(extract.likelyChunks)) of \(NumberText.grouped(extract.chunks)) chunks, "
          + "\(NumberText.grouped(extract.likelyAnsweredChunks)) of \(NumberText.grouped(extract.answeredChunks)) with a whole statement"
      )
      lines.append(
        "extract: \(NumberText.grouped(extract.statements)) statements, \(NumberText.grouped(extract.statementsNotFound)) not found in "
          + "the article (\(NumberText.grouped(extract.uncertainChunks)) chunks left out for it), "
          + "\(NumberText.grouped(extract.statementsNeverWhole)) whole in no chunk")
    }
    if tasks[.funders] != nil {
      lines.append(
        "parse: \(NumberText.grouped(parse.funders)) funders, \(NumberText.grouped(parse.values)) values, "
          + "\(NumberText.grouped(parse.respelled)) spelled as in the text, \(NumberText.grouped(parse.notVerbatim)) not verbatim "
          + "(\(NumberText.grouped(parse.rowsNotVerbatim)) rows left out for it), \(NumberText.grouped(parse.reordered)) rows put in "
          + "order, \(NumberText.grouped(parse.joined)) joined by another")
      let kinds = ValueKind.allCases.compactMap { kind in
        parse.kinds[kind].map {
          "\(kind.rawValue) \(NumberText.grouped($0.verbatim)) of \(NumberText.grouped($0.values))"
        }
      }
      if !kinds.isEmpty { lines.append("parse: word for word in the statement: \(kinds.joined(separator: ", "))") }
    }
    let inexpressible = tasks.values.reduce(0) { $0 + $1.inexpressible }
    if inexpressible > 0 { lines.append("\(inexpressible) left out: the vocabulary lacks a character of the answer") }
    if controlCharacters > 0 {
      lines.append("\(NumberText.grouped(controlCharacters)) control characters left out of articles and statements")
    }
    return lines
  }

  /// The report, the histogram and what the files share as JSON.
  func json(of examples: [TrainingExample], overlaps: [DataOverlap]) -> JSON {
    guard case .object(var object) = json else { return json }
    object["examples_by_tokens"] = .array(
      histogram(examples).map {
        .object([("up_to", $0.upTo == Int.max ? .null : .number($0.upTo)), ("examples", .number($0.count))])
      })
    object["overlaps"] = .array(overlaps.map(\.json))
    return .object(object)
  }

  // MARK: Layout

  private static func table(_ header: [String], _ rows: [[String]]) -> String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      var line = zip(row, widths).enumerated().map { index, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 ? cell.0 + space : space + cell.0
      }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let text = NumberText.grouped(number)
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
