import ArgumentParser
import Funding
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

  /// The format's pieces, as they are written to a file.
  var recordFormat: any RecordFormat {
    switch self {
    case .text: TextFormat()
    case .json: JSONFormat()
    case .jsonl: JSONLinesFormat()
    case .csv: CSVFormat()
    }
  }
}

/// Writes records one by one in a format.
struct RecordWriter {
  private let format: any RecordFormat
  private let file: OutputFile
  private var count = 0

  init(_ format: any RecordFormat, to file: OutputFile) {
    self.format = format
    self.file = file
  }

  mutating func write(_ record: ExtractionRecord) throws { try write(entry: format.record(record)) }

  /// Notes an input without a result, where the format has a place for it.
  mutating func write(failure message: String, of id: String) throws {
    if let entry = format.failure(message, of: id) { try write(entry: entry) }
  }

  private mutating func write(entry: String) throws {
    try file.write((count == 0 ? format.header : format.separator) + entry)
    count += 1
  }

  /// Ends the output and puts the file under its name.
  mutating func finish() throws {
    let end = count == 0 ? format.empty : format.footer
    if !end.isEmpty { try file.write(end) }
    try file.commit()
  }

  /// Ends the output early: an older file of the name stays if there is nothing to put into it.
  mutating func abandon() throws { if count > 0 { try finish() } }
}
