import Foundation
import JSON
import Text

/// A piece of text to be read by the model, with the name that its record gets.
package struct InputItem: Sendable, Equatable {
  package var id: String
  package var contents: Result<[UInt8], InputError>

  package init(id: String, contents: Result<[UInt8], InputError>) {
    self.id = id
    self.contents = contents
  }
}

/// Statements for `--stage parse`: one per line, or JSON Lines.
package enum StatementLines {
  /// Members that may hold the statement, in order of preference.
  package static let keys = ["statement", "funding_statement", "text"]

  /// The statements of a file; empty lines are left out.
  ///
  /// A file is JSON Lines if it is called `.jsonl` or `.ndjson`, or if its first line is a JSON object. A record is
  /// named after the `id` of its line, or after file and line number (`statements.txt:12`).
  package static func items(in contents: [UInt8], id: String) -> [InputItem] {
    let lines = lines(of: contents)
    let isJSON =
      [".jsonl", ".ndjson"].contains { id.lowercased().hasSuffix($0) }
      || lines.first.map { (try? JSON.parse(Array($0.bytes)))?.object != nil } ?? false
    return lines.map { line in
      let name = "\(id):\(line.number)"
      return isJSON ? item(json: Array(line.bytes), name) : InputItem(id: name, contents: .success(Array(line.bytes)))
    }
  }

  private static func item(json line: [UInt8], _ name: String) -> InputItem {
    do {
      let value = try JSON.parse(line)
      let id =
        value["id"].flatMap { $0.string ?? $0.number?.literal }.flatMap { PythonText.isBlank($0) ? nil : $0 } ?? name
      let texts = keys.compactMap { value[$0]?.string }
      guard let statement = texts.first(where: { !PythonText.isBlank($0) }) ?? texts.first else {
        return InputItem(
          id: id,
          contents: .failure(
            InputError(
              "found \(value.kindDescription) without a text, expected an object with "
                + keys.map { "\"\($0)\"" }.joined(separator: " or "))))
      }
      return InputItem(id: id, contents: .success(Array(statement.utf8)))
    } catch {
      return InputItem(
        id: name, contents: .failure(InputError("not a line of JSON: \(error.message) at byte \(error.offset)")))
    }
  }

  /// Lines that hold more than spaces, numbered from 1; they end with LF or CR LF. A byte order mark is left out.
  private static func lines(of contents: [UInt8]) -> [(number: Int, bytes: ArraySlice<UInt8>)] {
    let text = contents.starts(with: [0xEF, 0xBB, 0xBF]) ? contents[3...] : contents[...]
    return text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated().compactMap { index, line in
      let line = line.last == 0x0D ? line.dropLast() : line
      return line.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? nil : (index + 1, line)
    }
  }
}
