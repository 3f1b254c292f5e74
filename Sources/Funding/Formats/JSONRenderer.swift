import JSON

/// Records as JSON text.
public enum JSONRenderer {
  /// An array of records, indented, ended by a line feed.
  public static func json(_ records: [ExtractionRecord]) -> String {
    JSON.array(records.map(\.json)).text(.pretty) + "\n"
  }

  /// One record, indented, ended by a line feed.
  public static func json(_ record: ExtractionRecord) -> String { record.json.text(.pretty) + "\n" }

  /// One record on a line of its own, the line feed included.
  public static func jsonLine(_ record: ExtractionRecord) -> String { record.json.text() + "\n" }
}
