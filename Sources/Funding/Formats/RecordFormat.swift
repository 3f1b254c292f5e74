/// An output format: the pieces of which a writer makes an output, one after another.
///
/// An output is the header, the entries (records and failures) with separators between them, and the footer.
public protocol RecordFormat: Sendable {
  /// Before the first entry.
  var header: String { get }
  /// Between two entries.
  var separator: String { get }
  /// Behind the last entry.
  var footer: String { get }
  /// An output without entries.
  var empty: String { get }

  /// The entry of a record.
  func record(_ record: ExtractionRecord) -> String

  /// The entry of an input without a result; nil where the format has no place for it.
  /// - Parameter message: why there is none.
  func failure(_ message: String, of id: String) -> String?
}

extension RecordFormat {
  public var header: String { "" }
  public var separator: String { "" }
  public var footer: String { "" }
  public var empty: String { header + footer }

  /// The whole output for these records.
  public func output(_ records: [ExtractionRecord]) -> String {
    records.isEmpty ? empty : header + records.map(record).joined(separator: separator) + footer
  }
}
