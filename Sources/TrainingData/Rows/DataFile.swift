import Files
import Foundation
import JSON

/// A file of rows, and how often its rows count.
public struct DataFile: Sendable, Hashable {
  public var path: String
  /// Copies of each row: 2 repeats the file, 0.5 takes half of it, 1.5 takes all and half of it again, chosen by the
  /// seed. Copies differ in noise and in where an article is cut.
  public var weight: Double

  public init(_ path: String, weight: Double = 1) {
    self.path = path
    self.weight = weight
  }
}

/// A row that cannot be used, and why.
public struct DataProblem: Sendable, Equatable, CustomStringConvertible {
  public var path: String
  /// The line, or the element of a JSON array, from 1.
  public var line: Int
  public var message: String

  public var description: String { "\(path):\(line): \(message)" }
}

/// What stands in a data file.
public struct DataFileContents: Sendable {
  public var rows: [(line: Int, row: DataRow)] = []
  public var problems: [DataProblem] = []
  /// SHA-256 of the file's bytes, in hexadecimal.
  public var hash: String

  /// Reads rows in any of the forms of ``JSONRows``. Rows are recognised one by one, so that a file may mix formats.
  ///
  /// - Throws: `FileError` if the file cannot be read, `DataError.unreadableFile` if it holds no rows at all.
  public init(path: String) throws {
    try self.init(MappedFile(path: path).copy(), path: path)
  }

  /// - Parameter path: what messages call the file.
  init(_ bytes: [UInt8], path: String) throws(DataError) {
    hash = FileHash.sha256(of: bytes)
    for row in JSONRows.read(bytes) {
      do throws(DataError) {
        rows.append((row.number, try DataRow(row.json(), number: row.number)))
      } catch {
        problems.append(DataProblem(path: path, line: row.number, message: error.message))
      }
    }
    guard !rows.isEmpty || !problems.isEmpty else {
      throw DataError(.unreadableFile, "\(path): no rows; expected JSON Lines or a JSON array of objects")
    }
    if rows.isEmpty {
      throw DataError(
        .unreadableFile, "\(path): none of \(problems.count) rows can be used; the first: \(problems[0].message)")
    }
  }
}

extension JSONRow {
  /// - Throws: `DataError.unreadableRow` that says what stands there in its place.
  func json() throws(DataError) -> JSON {
    do throws(JSONError) {
      return try value.get()
    } catch {
      throw DataError(
        .unreadableRow, "not JSON (\(error)); expected one JSON object a line, or an array of objects")
    }
  }
}
