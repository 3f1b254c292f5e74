import ArgumentParser
import Funding
import JSON

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
  private var count = 0

  init(_ format: OutputFormat, to file: OutputFile, text: TextRenderer = TextRenderer()) throws {
    self.format = format
    self.file = file
    self.text = text
    if format == .csv { try file.write(CSVRenderer().header) }
  }

  mutating func write(_ record: ExtractionRecord) throws {
    switch format {
    case .text: try file.write((count == 0 ? "" : "\n") + text.render(record))
    case .json: try write(element: record.json)
    case .jsonl: try file.write(JSONRenderer.jsonLine(record))
    case .csv: try file.write(CSVRenderer().render(record))
    }
    count += 1
  }

  /// Notes an input without a result: `{"id": …, "error": …}`, or a line of text. CSV has no place for it.
  mutating func write(failure message: String, of id: String) throws {
    let record = JSON.object([("id", .string(id)), ("error", .string(message))])
    switch format {
    case .text: try file.write((count == 0 ? "" : "\n") + Console.printable("\(id)  error: \(message)") + "\n")
    case .json: try write(element: record)
    case .jsonl: try file.write(record.text() + "\n")
    case .csv: return
    }
    count += 1
  }

  /// Ends the output and puts the file under its name.
  func finish() throws {
    if format == .json { try file.write(count == 0 ? "[]\n" : "\n]\n") }
    try file.commit()
  }

  /// One element of the array, so that no more than one record is held.
  private func write(element: JSON) throws {
    // Line feeds inside strings are escaped: each one here is layout.
    let lines = element.text(.pretty).split(separator: "\n", omittingEmptySubsequences: false)
    try file.write((count == 0 ? "[\n" : ",\n") + lines.map { "  " + $0 }.joined(separator: "\n"))
  }
}
