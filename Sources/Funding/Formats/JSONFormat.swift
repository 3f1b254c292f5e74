import JSON

/// Records as one JSON array, indented.
public struct JSONFormat: RecordFormat {
  public init() {}

  public var header: String { "[\n" }
  public var separator: String { ",\n" }
  public var footer: String { "\n]\n" }
  public var empty: String { "[]\n" }

  public func record(_ record: ExtractionRecord) -> String { Self.element(record.json) }

  public func failure(_ message: String, of id: String) -> String? {
    Self.element(JSONLinesFormat.failure(message, of: id))
  }

  /// An element of the array as it stands in the whole, so that no more than one record is held.
  private static func element(_ value: JSON) -> String {
    // Line feeds inside strings are escaped: each one here is layout.
    value.text(.pretty).split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
      .joined(separator: "\n")
  }
}
