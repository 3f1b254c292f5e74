import Generation
import Files
import Foundation
import JSON
import ModelFiles
import PatronKit
import Runs
import Tokenizer
import Training
import TrainingData

/// What a model is trained and measured on.
struct TrainingRows {
  var rows: [TrainingExample]
  var devRows: [TrainingExample]
  /// What became of the rows of `--train`, and of `--dev`.
  var report: DataReport?
  var devReport: DataReport?
  /// The chat template that they were written with.
  var template: ChatTemplate?
  /// The files of token ids.
  private var tokenFiles: [TokenFile.Record]
  private var devTokenFiles: [TokenFile.Record]

  init(rows: [TrainingExample], devRows: [TrainingExample]) {
    self.rows = rows
    self.devRows = devRows
    tokenFiles = []
    devTokenFiles = []
  }

  init(tokenized: [TokenFile], dev: [TokenFile]) {
    self.init(rows: tokenized.flatMap(\.rows), devRows: dev.flatMap(\.rows))
    tokenFiles = tokenized.map(\.record)
    devTokenFiles = dev.map(\.record)
  }

  /// The stages that rows of `--train` are of.
  var stages: Set<Stage> { Set(Stage.allCases.filter { (report?.tasks[$0]?.examples ?? 0) > 0 }) }

  /// For example `24 rows (20 extract, 4 parse) of 8120 tokens, 910 of them learnt; 5 dev rows`.
  var summary: String {
    let tasks = Stage?.tasks.compactMap { task -> String? in
      let count = rows.count { $0.task == task }
      return count > 0 ? "\(count) \(task.taskName)" : nil
    }
    let tokens = rows.reduce(0) { $0 + $1.tokens.count }
    let learnt = rows.reduce(0) { $0 + $1.supervisedCount }
    return "\(rows.count) rows (\(tasks.joined(separator: ", "))) of \(tokens) tokens, \(learnt) of them learnt; "
      + "\(devRows.count) dev rows"
  }

  // MARK: Records

  /// For `data.json`: what became of the rows of `--train`, beside it those of the other files.
  var json: JSON {
    var object = report?.json.object ?? JSONObject()
    if let devReport { object["dev"] = devReport.json }
    if !tokenFiles.isEmpty { object["tokenized"] = .array(tokenFiles.map(\.json)) }
    if !devTokenFiles.isEmpty { object["dev_tokenized"] = .array(devTokenFiles.map(\.json)) }
    return .object(object)
  }

  /// SHA-256 of all files, by name.
  var hashes: [String: String] {
    let reports = [report, devReport].flatMap { $0?.files ?? [] }.map { (path: $0.path, hash: $0.hash) }
    return Self.hashesByName(reports + (tokenFiles + devTokenFiles).map { (path: $0.path, hash: $0.hash) })
  }

  /// Files of the same name have the names of their folders before it, as many as tell them apart.
  static func hashesByName(_ files: [(path: String, hash: String)]) -> [String: String] {
    let parts = files.map { file in
      URL(fileURLWithPath: file.path).standardizedFileURL.pathComponents.filter { $0 != "/" && $0 != "." }
    }
    var hashes: [String: String] = [:]
    for (file, own) in zip(files, parts) {
      let others = parts.filter { $0 != own }
      var length = 1
      while length < own.count, others.contains(where: { $0.suffix(length) == own.suffix(length) }) { length += 1 }
      hashes[own.suffix(length).joined(separator: "/")] = file.hash
    }
    return hashes
  }

  // MARK: Checks

  /// Dev rows that are also trained on, token by token: figures of them say nothing of other rows.
  var devRowsInTraining: [TrainingExample] {
    let asked = Set(devRows.map(\.tokens))
    let found = Set(rows.lazy.map(\.tokens).filter { asked.contains($0) })
    return devRows.filter { found.contains($0.tokens) }
  }

  /// Of dev rows that are also trained on; nil where there are none.
  var warning: String? {
    let shared = devRowsInTraining
    guard let first = shared.first else { return nil }
    return
      "found \(shared.count) of \(devRows.count) dev rows, such as \(first.id), also among the rows to train on; figures of "
      + "them are too good: take them out of --dev or of --train"
  }

  /// - Parameters:
  ///   - figure: what the best checkpoint is chosen by.
  ///   - count: dev rows that the model answers.
  /// - Throws: `InputError` where there is nothing to answer, and where these rows never give the figure: the last checkpoint
  ///   would be taken for the best one.
  func check(figure: String, devWritten count: Int) throws {
    guard count == 0 || !devRows.isEmpty else {
      throw InputError("found no dev rows, expected some to answer for --dev-written \(count)")
    }
    // Without dev rows the loss asks for nothing: the last checkpoint it is, as the help says.
    guard figure != MetricName.devLoss else { return }
    let figures = DevGeneration.figures(of: DevGeneration.sample(of: devRows, count: count))
    guard figures.contains(figure) else {
      throw InputError(
        "found --best-by \(figure), expected a figure of the dev rows that are answered "
          + "(\(([MetricName.devLoss] + figures).joined(separator: ", "))); add rows of its task to --dev")
    }
  }
}

/// A file of rows of token ids, as trainers of transformers take them. Those of `patron data tokenize` say what task they
/// are of.
struct TokenFile {
  /// What the records of a run say of the file.
  struct Record {
    var path: String
    /// SHA-256 of the bytes, in hexadecimal.
    var hash: String
    var rowCount: Int

    var json: JSON {
      .object([("path", .string(path)), ("sha256", .string(hash)), ("rows", .number(rowCount))])
    }
  }

  let record: Record
  let rows: [TrainingExample]

  init(path: String) throws {
    let bytes: [UInt8]
    do { bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) } catch {
      throw TrainingError(.data, "\(path): \(error.localizedDescription)")
    }
    rows = try bytes.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
      try Self.row(line, number: index + 1, path: path)
    }
    record = Record(path: path, hash: FileHash.sha256(of: bytes), rowCount: rows.count)
  }

  private static func row(_ line: ArraySlice<UInt8>, number: Int, path: String) throws -> TrainingExample {
    func wrong(_ what: String) -> TrainingError { TrainingError(.data, "\(path):\(number): \(what)") }
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(Array(line)) } catch {
      throw wrong("offset \(error.offset): \(error.message)")
    }
    guard let ids = json["input_ids"]?.array?.map(\.int), let labels = json["labels"]?.array?.map(\.int),
      !ids.isEmpty, ids.count == labels.count, !ids.contains(nil), !labels.contains(nil)
    else { throw wrong("expected \"input_ids\" and as many \"labels\", lists of whole numbers") }
    for (id, label) in zip(ids, labels) where label != -100 && label != id {
      throw wrong("found the label \(label!) at a token \(id!), expected -100 or the token itself")
    }
    return TrainingExample(
      id: json["id"]?.string ?? "\(number)",
      task: json["task"]?.string.flatMap { Stage?.task(named: $0) } ?? nil, tokens: ids.map { $0! },
      isSupervised: labels.map { $0 != -100 })
  }
}
