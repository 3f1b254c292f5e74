import ArgumentParser
import Foundation
import JSON
import Scoring

/// Where an evaluation goes.
struct ReportOptions: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument { case table, json, csv }

  @Option(
    name: .shortAndLong,
    help: """
      table (for people), json (every figure) or csv (a line for each level; with --compare those of the comparison).
      """)
  var format: Format = .table

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("File to write to (default: standard output).", valueName: "file"), completion: .file())
  var output: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "File for the figures of each document: a JSON object per line, or CSV where it ends in .csv.",
      valueName: "file"),
    completion: .file())
  var documents: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Folder for an error report: errors.csv (what is missing or made up), by_type.csv, documents.csv (the worst first) \
      and side_by_side.md.
      """, valueName: "folder"),
    completion: .directory)
  var errors: String?

  func validate() throws {
    if let output, output == documents { throw ValidationError("--output and --documents name the same file") }
  }
}

/// Writes the report of an evaluation. What cannot be written shows before anything is computed.
struct ReportWriter {
  private let options: ReportOptions
  private let output: OutputFile
  private let documents: OutputFile?

  /// - Parameter inputs: files that must not be written over.
  init(_ options: ReportOptions, inputs: [String]) throws {
    for path in [options.output, options.documents].compactMap({ $0 }) {
      try OutputFile.check(path, isNoneOf: inputs)
    }
    self.options = options
    output = try options.output.map { try OutputFile(path: $0, inPlace: false) } ?? OutputFile()
    documents = try options.documents.map { try OutputFile(path: $0, inPlace: false) }
    if let folder = options.errors {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw OutputError("\(folder): cannot make the folder: \(error.localizedDescription)")
      }
      for name in ["errors.csv", "by_type.csv", "documents.csv", "side_by_side.md"] {
        try OutputFile.check(folder + "/" + name, isNoneOf: inputs)
      }
    }
  }

  /// A person reads the table where the messages would be, too.
  var showsTable: Bool { options.format == .table && options.output == nil }

  func write(_ result: EvaluationResult) throws {
    if let folder = options.errors {
      for (name, contents) in result.errorFiles {
        let file = try OutputFile(path: folder + "/" + name, inPlace: false)
        try file.write(contents)
        try file.commit()
      }
    }
    if let documents, let path = options.documents {
      try documents.write(path.lowercased().hasSuffix(".csv") ? result.documents.csv : result.documents.jsonLines)
      try documents.commit()
    }
    switch options.format {
    case .table: try output.write(Console.printable(result.table))
    case .json: try output.write(result.json.text(pretty: true) + "\n")
    case .csv: try output.write(result.csv)
    }
    try output.commit()
  }
}
