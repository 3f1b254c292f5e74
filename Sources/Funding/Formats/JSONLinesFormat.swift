import JSON

/// A record a line, as JSON.
public struct JSONLinesFormat: RecordFormat {
  public init() {}

  public func record(_ record: ExtractionRecord) -> String { record.json.text() + "\n" }

  public func failure(_ message: String, of id: String) -> String? { Self.failure(message, of: id).text() + "\n" }

  /// `{"id": …, "error": …}` in place of a record.
  static func failure(_ message: String, of id: String) -> JSON {
    .object([("id", .string(id)), ("error", .string(message))])
  }
}
