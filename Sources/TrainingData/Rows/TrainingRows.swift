import Generation
import Foundation
import JSON
import Tokenizer

/// What a model is trained and measured on.
public struct TrainingRows: Sendable {
  /// Most dev rows that are made of files, unless another number is asked for.
  public static let defaultDevLimit = 200

  /// To learn.
  public private(set) var rows: [TrainingExample] = []
  /// To measure on.
  public private(set) var devRows: [TrainingExample] = []
  /// What became of the rows of the recipes; nil: there was none.
  public private(set) var report: DataReport?
  public private(set) var devReport: DataReport?
  /// The chat template that the rows to learn were written with; nil where they came as token ids.
  public private(set) var template: ChatTemplate?
  /// The files of token ids.
  private var tokenFiles: [TokenFile.Record] = []
  private var devTokenFiles: [TokenFile.Record] = []

  public init() {}

  public init(rows: [TrainingExample], devRows: [TrainingExample]) {
    self.rows = rows
    self.devRows = devRows
  }

  // MARK: Adding

  public mutating func add(_ file: TokenFile) {
    rows += file.rows
    tokenFiles.append(file.record)
  }

  public mutating func addDev(_ file: TokenFile) {
    devRows += file.rows
    devTokenFiles.append(file.record)
  }

  /// Makes the rows to learn.
  /// - Parameter onProgress: as in ``DataRecipe/examples(tokenizer:template:shuffled:keepsSources:onProgress:)``.
  public mutating func add(
    _ recipe: DataRecipe, tokenizer: Tokenizer, template: ChatTemplate, onProgress: DataRecipe.Progress? = nil
  ) throws {
    let (made, report) = try recipe.examples(tokenizer: tokenizer, template: template, onProgress: onProgress)
    rows += made
    self.report = report
    self.template = template
  }

  /// Makes the rows to measure on: the recipe should be one that ``DataRecipe/forMeasuring`` gives.
  /// - Parameters:
  ///   - limit: most rows, taken by chance.
  ///   - keepsSources: whether they hold the texts that they are about, which answers may be held to.
  public mutating func addDev(
    _ recipe: DataRecipe, limit: Int = defaultDevLimit, keepsSources: Bool = false, tokenizer: Tokenizer,
    template: ChatTemplate, onProgress: DataRecipe.Progress? = nil
  ) throws {
    let (made, report) = try recipe.examples(
      tokenizer: tokenizer, template: template, keepsSources: keepsSources, onProgress: onProgress)
    devRows += made.prefix(limit)
    devReport = report
  }

  // MARK: What they are

  /// For example `24 rows (20 extract, 4 parse) of 8120 tokens, 910 of them learnt; 5 dev rows`.
  public var summary: String {
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

  /// For `data.json`: what became of the rows to learn, beside it those of the other files.
  public var json: JSON {
    var object = report?.json.object ?? JSONObject()
    if let devReport { object["dev"] = devReport.json }
    if !tokenFiles.isEmpty { object["tokenized"] = .array(tokenFiles.map(\.json)) }
    if !devTokenFiles.isEmpty { object["dev_tokenized"] = .array(devTokenFiles.map(\.json)) }
    return .object(object)
  }

  /// SHA-256 of all files, by name.
  public var hashes: [String: String] {
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

  /// Dev rows that are also trained on, token by token: figures of them say nothing of other rows.
  public var devRowsInTraining: [TrainingExample] {
    let asked = Set(devRows.map(\.tokens))
    let found = Set(rows.lazy.map(\.tokens).filter { asked.contains($0) })
    return devRows.filter { found.contains($0.tokens) }
  }
}
