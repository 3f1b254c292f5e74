import ArgumentParser
import Files
import Foundation
import PatronKit
import Text
import TrainingData

/// `patron data split`
struct DataSplitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Divides data files into parts that share no document.",
    discussion: """
      All rows of a document fall into the same part: rows that share an id, a DOI (doi, ref), a title or a text, \
      nearly equal texts (more than nine tenths of the words), and articles with the statements in them. So give all \
      files of the same documents in one call. A hash of the text picks the part. The order of the files does not \
      matter, and a later call divides the same rows in the same way.

      The output folder gets a folder for each part, with files of the same names: OUTPUT/train/rows.jsonl, \
      OUTPUT/dev/rows.jsonl. Rows are copied as they are. Statements may lack funders.
      """)

  @Argument(help: "Data files.", completion: .file())
  var files: [String]

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A part and its share of the documents; repeat it for several. (default: dev=0.1)", valueName: "name=share"))
  var part: [PartArgument] = []

  @Option(name: .long, help: ArgumentHelp("The name of the part that gets the rest.", valueName: "name"))
  var rest = "train"

  @Option(name: .long, help: ArgumentHelp("Another seed gives other parts.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The folder to make.", valueName: "folder"), completion: .directory)
  var output: String

  /// `dev=0.1`
  struct PartArgument: ExpressibleByArgument, Equatable {
    let part: DataSplit.Part

    init(name: String, share: Double) { part = DataSplit.Part(name: name, share: share) }

    init?(argument: String) {
      let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let share = Double(parts[1]) else { return nil }
      self.init(name: String(parts[0]), share: share)
    }
  }

  func run() throws {
    let names = files.map { URL(fileURLWithPath: $0).lastPathComponent }
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw InputError("found two files called \(twice), expected names that differ, which the parts' files get, too")
    }
    let writer = try FolderWriter(URL(fileURLWithPath: output))
    let parts = part.isEmpty ? [PartArgument(name: "dev", share: 0.1)] : part
    let split = try DataSplit(paths: files, parts: parts.map(\.part), rest: rest, seed: seed)
    for (index, name) in split.partNames.enumerated() {
      try FileManager.default.createDirectory(at: writer.url(for: name), withIntermediateDirectories: true)
      for (file, fileName) in zip(split.files, names) {
        try writer.write(file.rows[index].flatMap { $0 + [UInt8(ascii: "\n")] }, to: "\(name)/\(fileName)")
      }
    }
    try writer.commit()
    try OutputFile().write(text(of: split, names))
  }

  private func text(of split: DataSplit, _ names: [String]) -> String {
    var table = TextTable(["rows"] + split.partNames, leftColumns: 1)
    for (file, name) in zip(split.files, names) {
      table.add([TextTable.label(name)] + file.rows.map { NumberText.grouped($0.count) })
    }
    table.add(["documents"] + split.clusterCounts.map { NumberText.grouped($0) })
    return table.text() + "\n\nlargest document: \(TextTable.counted(split.largestCluster, "row"))\n"
  }
}
