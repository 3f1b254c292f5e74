import Files
import Foundation
import Generation
import JSON

/// A file of rows of token ids, as trainers of transformers take them. Those of `patron data tokenize` say what task
/// they are of.
public struct TokenFile: Sendable {
  /// What the records of a run say of the file.
  public struct Record: Sendable, Equatable {
    public var path: String
    /// SHA-256 of the bytes, in hexadecimal.
    public var hash: String
    public var rowCount: Int

    var json: JSON {
      .object([("path", .string(path)), ("sha256", .string(hash)), ("rows", .number(rowCount))])
    }
  }

  public let record: Record
  public let rows: [TrainingExample]

  /// The label of a token that is not to be learnt.
  private static let silentLabel = -100

  /// - Throws: `FileError` if the file cannot be read; `DataError.unreadableRow` that names the line.
  public init(path: String) throws {
    let bytes = try readSmallFile(URL(fileURLWithPath: path), limit: .max)
    rows = try JSONLines.lines(of: bytes).map { try Self.row($0.bytes, number: $0.number, path: path) }
    record = Record(path: path, hash: FileHash.sha256(of: bytes), rowCount: rows.count)
  }

  private static func row(
    _ line: ArraySlice<UInt8>, number: Int, path: String
  ) throws(DataError) -> TrainingExample {
    func wrong(_ what: String) -> DataError { DataError(.unreadableRow, "\(path):\(number): \(what)") }
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(line) } catch {
      throw wrong("offset \(error.offset): \(error.message)")
    }
    guard let ids = json["input_ids"]?.array?.map(\.int), let labels = json["labels"]?.array?.map(\.int),
      !ids.isEmpty, ids.count == labels.count, !ids.contains(nil), !labels.contains(nil)
    else { throw wrong("expected \"input_ids\" and as many \"labels\", lists of whole numbers") }
    for (id, label) in zip(ids, labels) where label != silentLabel && label != id {
      throw wrong("found the label \(label!) at a token \(id!), expected \(silentLabel) or the token itself")
    }
    return TrainingExample(
      id: json["id"]?.string ?? "\(number)",
      task: json["task"]?.string.flatMap(Stage?.task(named:)) ?? nil, tokens: ids.map { $0! },
      isSupervised: labels.map { $0 != silentLabel })
  }
  /// An example as a line of such a file.
  public static func line(_ example: TrainingExample) -> JSON {
    let labels = zip(example.tokens, example.isSupervised).map { $1 ? $0 : silentLabel }
    return .object([
      ("id", .string(example.id)), ("task", .string(example.task.taskName)),
      ("input_ids", .array(example.tokens.map(JSON.number))), ("labels", .array(labels.map(JSON.number))),
    ])
  }
}
