/// A row of a file.
public struct JSONRow: Sendable {
  /// The element of an array, from 1; otherwise the line that the row begins on, or that could not be read.
  public var number: Int
  /// The offset of an error counts from the beginning of the line in JSON Lines, otherwise of the file.
  public var value: Result<JSON, JSONError>
  /// The row as it stands in the file, without white space around it; of what cannot be read, its line or nothing.
  public var bytes: ArraySlice<UInt8>
}

/// Rows in any of the forms in which they are handed on: JSON Lines, one array, a single value over several lines, or
/// values one behind another. White space, empty lines and a byte order mark around them do not count.
public enum JSONRows {
  /// What Python reads, and control characters in strings.
  private static let options = JSON.ParseOptions(allowNonFinite: true, allowControlCharacters: true)

  /// Whether a text begins as objects and arrays of rows do: with a key, or with an array of objects, arrays or
  /// strings.
  ///
  ///     JSONRows.looksLikeRows(Array(#"[{"id": 1"#.utf8))  // true
  ///     JSONRows.looksLikeRows(Array("[1] See {b}.".utf8))  // false
  public static func looksLikeRows(_ bytes: [UInt8]) -> Bool {
    let rest = withoutMark(bytes).drop(while: JSONLines.isWhitespace)
    let next = rest.dropFirst().first { !JSONLines.isWhitespace($0) }
    return switch rest.first {
    case UInt8(ascii: "{"): next.map("\"}".utf8.contains) ?? true
    case UInt8(ascii: "["): next.map("{[\"]".utf8.contains) ?? true
    default: false
    }
  }

  /// The rows of a file, and in their place what could not be read. A broken line of JSON Lines fails alone; what
  /// follows an error in an array or in values over several lines is not read.
  public static func read(_ bytes: [UInt8]) -> [JSONRow] {
    let text = Array(withoutMark(bytes))
    let rows = values(in: text)
    guard rows.contains(where: \.isFailure) else { return rows }
    let lines = JSONLines.lines(of: text)
    let parsed = lines.map { line in
      JSONRow(number: line.number, value: parse(line.bytes), bytes: trimmed(line.bytes))
    }
    // Lines that parse may also be parts of something longer, which begins with a line that does not, or is indented.
    let isLines = zip(lines, parsed).contains { line, row in
      !row.isFailure && line.bytes.first.map("{[\"".utf8.contains) ?? false
    }
    let isArray = text.first { !JSONLines.isWhitespace($0) } == UInt8(ascii: "[")
    return isLines && !(isArray && parsed.first?.isFailure ?? true) ? parsed : rows
  }

  private static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.dropFirst(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
  }

  private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let rest = line.drop(while: JSONLines.isWhitespace)
    return rest.dropLast(rest.reversed().prefix(while: JSONLines.isWhitespace).count)
  }

  private static func parse(_ line: ArraySlice<UInt8>) -> Result<JSON, JSONError> {
    Result { () throws(JSONError) in try JSON.parse(line, options: options) }
  }

  /// Values one behind another, the elements of an array if there is only that, up to the first error.
  private static func values(in text: [UInt8]) -> [JSONRow] {
    text.withUnsafeBufferPointer { buffer in
      var rows: [JSONRow] = []
      var isArray = false
      var line = 1
      var counted = 0
      /// Moves `line` to the one in which an offset is.
      func count(to offset: Int) {
        for index in counted..<max(offset, counted) where buffer[index] == UInt8(ascii: "\n") {
          line += 1
        }
        counted = max(offset, counted)
      }
      /// The next value, which does not stand at the end.
      func row(_ number: Int, _ scanner: inout JSONScanner) throws(JSONError) -> JSONRow {
        _ = try scanner.peek()
        let start = scanner.offset
        let value = try scanner.value()
        return JSONRow(number: number, value: .success(value), bytes: text[start..<scanner.offset])
      }
      var scanner = JSONScanner(buffer, options: options)
      do throws(JSONError) {
        while !scanner.isAtEnd {
          if try scanner.peek() == .array, rows.isEmpty {
            isArray = true
            var elements = scanner
            try elements.beginArray()
            while try elements.nextElement() {
              rows.append(try row(rows.count + 1, &elements))
            }
            if elements.isAtEnd { return rows }
            (isArray, rows) = (false, [])
          }
          count(to: scanner.offset)
          rows.append(try row(line, &scanner))
        }
      } catch {
        count(to: min(error.offset, buffer.count))
        let place = JSONError(offset: error.offset, message: error.message + " in line \(line)")
        rows.append(JSONRow(number: isArray ? rows.count + 1 : line, value: .failure(place), bytes: []))
      }
      return rows
    }
  }
}

extension JSONRow {
  fileprivate var isFailure: Bool { if case .failure = value { true } else { false } }
}
