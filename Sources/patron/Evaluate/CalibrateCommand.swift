import ArgumentParser
import Files
import Foundation
import Funding
import JSON
import ModelFiles
import PatronKit
import Runs
import Scoring

/// `patron calibrate`: makes the model's confidence a probability.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Fits probabilities to the model's confidence in its values.",
    discussion: """
      Predictions are the records of `patron extract --format jsonl` or json. Gold rows have "statements", "funders" or \
      both, and an "id". They are joined as in `patron evaluate`: the id is that of the record, or the name of its file, \
      with or without the extension.

      For each kind of value (statement, funder name, award id, scheme, title) the command fits the probability that a \
      value is right to the mean probability of its tokens (Platt scaling). It shows how far these probabilities are \
      from the share of values that are right: the expected calibration error (ECE) and a reliability table, raw and \
      calibrated. The calibrated figures are cross-validated.

      A last table shows what `patron extract --least-value-probability` would do to the scores of the funders. "best" \
      is where the mean of the F0.5 of funders and award ids is largest; the cross-validated row judges each document by \
      the best one of other documents. The predictions must have been made with --least-value-probability 0.

      `patron extract --calibration` uses the file that --output names. With --adapter the calibration becomes part of \
      the adapter, and every extraction with that adapter uses it.
      """)

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Records of an extraction.", valueName: "file"), completion: .file())
  var predictions: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Gold annotations.", valueName: "file"), completion: .file())
  var gold: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Where to write the calibration.", valueName: "file"), completion: .file())
  var output: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Adapter folder that the predictions were made with; the calibration is put into its patron.json.",
      valueName: "folder"),
    completion: .directory)
  var adapter: String?

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Messages") var consoleOptions: ConsoleOptions

  /// In MiB: there is no option for it.
  private static let largestFile = 1 << 30

  func run() throws {
    let console = consoleOptions.console
    var card = try adapter.map(Self.card)
    let rows = try ScoringInput.file(gold, mebibytes: Self.largestFile).entries.compactMap { row in
      DocumentName.id(of: row.object).flatMap { DocumentName.candidates($0).first }.map { ($0, row.object) }
    }
    let gold = Dictionary(rows) { first, _ in first }
    var data = CalibrationData()
    var unjoined: [String] = []
    var filteredCount = 0
    let records = try ScoringInput.file(predictions, mebibytes: Self.largestFile).entries
    for row in records where row.object["error"] == nil {
      let record: ExtractionRecord
      do {
        record = try ExtractionRecord(json: .object(row.object))
      } catch {
        throw InputError("\(predictions): record \(row.number): \(error.message)")
      }
      guard let goldRow = DocumentName.candidates(record.id).lazy.compactMap({ gold[$0] }).first else {
        unjoined.append(record.id)
        continue
      }
      if record.leftOutValues { filteredCount += 1 }
      try add(record, goldRow, to: &data, console)
    }
    if filteredCount > 0 {
      console.warning(
        "\(filteredCount) records were made with a --least-value-probability above 0; smaller ones change nothing")
    }
    if !unjoined.isEmpty {
      console.warning("\(unjoined.count) records have no gold row and are left out, such as \(unjoined[0])")
    }
    if data.unknownCount > 0 {
      console.warning("\(data.unknownCount) values have no confidence and are left out")
    }
    guard !data.observations.isEmpty else {
      throw InputError(
        "\(predictions): no value of it can be judged by \(self.gold); expected records with confidences whose ids are "
          + "there")
    }
    let report = CalibrationReport(data)
    print(json ? report.json.text(pretty: true) : report.text(), terminator: json ? "\n" : "")
    if let output {
      let file = try OutputFile(path: output, inPlace: false)
      try file.write(report.calibration.json.text(pretty: true) + "\n")
      try file.commit()
    }
    if let adapter {
      card?.calibration = report.calibration.json
      try card?.write(to: URL(fileURLWithPath: adapter))
    }
  }

  /// - Throws: `InputError` for a folder without `patron.json`: only `patron train` knows what stands in it.
  private static func card(of adapter: String) throws -> AdapterCard {
    guard let card = try AdapterCard(folder: URL(fileURLWithPath: adapter)) else {
      throw InputError(
        "\(adapter): found no \(AdapterCard.fileName), expected an adapter that `patron train` made; write the "
          + "calibration to a file with --output instead")
    }
    return card
  }

  private func add(
    _ record: ExtractionRecord, _ row: JSONObject, to data: inout CalibrationData, _ console: Console
  ) throws {
    let statements = StatementJoin.statementList(of: row)?.compactMap(StatementJoin.text)
    var funders: [Funder]?
    if let value = row["funders"] {
      do {
        funders = try FunderReader.funders(from: value)
      } catch {
        throw InputError("\(gold): \(row["id"]?.string ?? ""): \(ErrorMessage.text(of: error))")
      }
    }
    // A record of --stage parse has its input as its statement: nothing to judge.
    let wroteStatements = record.statements.contains { $0.confidence != nil }
    do {
      try data.add(record, statements: wroteStatements ? statements : nil, funders: funders)
    } catch {
      console.warning("\(record.id) is left out: \(error.message)")
    }
  }
}

extension ExtractionRecord {
  /// Whether values may have been left out because the model was not sure of them.
  fileprivate var leftOutValues: Bool {
    provenance.contains { $0.key == "least_value_probability" && (Double($0.value) ?? 0) > 0 }
  }
}
