import ArgumentParser
import Funding
import JSON
import Runs

enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
  /// For people.
  case text
  /// One array of records.
  case json
  /// A record a line.
  case jsonl
  /// A row per funder and award.
  case csv
}

/// Writes records one by one in a format.
struct RecordWriter {
  private let format: OutputFormat
  private let file: OutputFile
  private let text: TextRenderer
  private let namesFailures: Bool
  private var count = 0

  /// - Parameter namesFailures: whether text holds a line for each input without a result; superfluous where standard error
  ///   goes to the same terminal.
  init(
    _ format: OutputFormat, to file: OutputFile, text: TextRenderer = TextRenderer(), namesFailures: Bool = true
  ) {
    self.format = format
    self.file = file
    self.text = text
    self.namesFailures = namesFailures
  }

  mutating func write(_ record: ExtractionRecord) throws {
    switch format {
    case .text: try write(text.render(record), before: "", between: "\n")
    case .json: try write(element(record.json), before: "[\n", between: ",\n")
    case .jsonl: try write(JSONRenderer.jsonLine(record))
    case .csv: try write(CSVRenderer().render(record), before: CSVRenderer().header)
    }
  }

  /// Notes an input without a result: `{"id": …, "error": …}`, or a line of text. CSV has no place for it.
  mutating func write(failure message: String, of id: String) throws {
    let record = JSON.object([("id", .string(id)), ("error", .string(message))])
    switch format {
    case .text where namesFailures:
      try write(Console.printable("\(id)  error: \(message)") + "\n", before: "", between: "\n")
    case .json: try write(element(record), before: "[\n", between: ",\n")
    case .jsonl: try write(record.text() + "\n")
    case .text, .csv: break
    }
  }

  /// Ends the output and puts the file under its name.
  mutating func finish() throws {
    switch format {
    case .json: try file.write(count == 0 ? "[]\n" : "\n]\n")
    case .csv where count == 0: try file.write(CSVRenderer().header)
    case .text, .jsonl, .csv: break
    }
    try file.commit()
  }

  /// Ends the output early: an older file of the name stays if there is nothing to put into it.
  mutating func abandon() throws { if count > 0 { try finish() } }

  private mutating func write(_ piece: String, before: String = "", between: String = "") throws {
    try file.write((count == 0 ? before : between) + piece)
    count += 1
  }

  /// An element of the array as it stands in the whole, so that no more than one record is held.
  private func element(_ value: JSON) -> String {
    // Line feeds inside strings are escaped: each one here is layout.
    value.text(.pretty).split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
      .joined(separator: "\n")
  }
}
