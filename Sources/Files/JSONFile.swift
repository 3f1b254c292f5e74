import Foundation
import JSON

/// Parses a JSON file of a model folder; an error names the file and the byte offset.
package func parseJSONFile(_ url: URL, rejectDuplicateKeys: Bool = false) throws -> JSON {
  let bytes = try readSmallFile(url)
  guard !bytes.isEmpty else { throw FileError(.malformed, "\(url.path): the file is empty") }
  if bytes.starts(with: "version https://git-lfs".utf8) {
    throw FileError(.wrongKind, "\(url.path): a Git-LFS pointer, not the file itself; run `git lfs pull`")
  }
  do {
    // Python writes NaN and Infinity, and some published configurations contain them.
    return try JSON.parse(
      bytes, options: JSON.ParseOptions(allowNonFinite: true, rejectDuplicateKeys: rejectDuplicateKeys))
  } catch {
    throw FileError(.malformed, "\(url.path): offset \(error.offset): \(error.message)")
  }
}

package func fileExists(_ path: String) -> Bool {
  FileManager.default.fileExists(atPath: path)
}

/// Reads typed fields of one JSON object; errors name the file and the field.
package struct JSONFields {
  package let object: JSONObject
  /// The file, and the path inside it, for messages.
  package let place: String

  package init(_ json: JSON, place: String) throws {
    guard let object = json.object else {
      throw FileError(.malformed, "\(place): \(json.kindDescription), expected an object")
    }
    self.object = object
    self.place = place
  }

  /// The value, nil where it is absent or null.
  package subscript(_ key: String) -> JSON? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  package func wrong(_ key: String, _ expected: String) -> FileError {
    let found =
      object[key].map { value in String(value.text().unicodeScalars.prefix(60).map(Character.init)) } ?? "nothing"
    return FileError(.malformed, "\(place): \(quoted(key)) is \(found), expected \(expected)")
  }

  package func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = self[key] else { return nil }
    guard let integer = value.int, range.contains(integer) else {
      throw wrong(key, "an integer in \(range.lowerBound)...\(range.upperBound)")
    }
    return integer
  }

  package func requiredInteger(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    guard let integer = try integer(key, in: range) else { throw missing(key) }
    return integer
  }

  /// A finite number above zero.
  package func positiveNumber(_ key: String) throws -> Double? {
    guard let value = self[key] else { return nil }
    guard let number = value.double, number.isFinite, number > 0 else { throw wrong(key, "a number above 0") }
    return number
  }

  package func requiredPositiveNumber(_ key: String) throws -> Double {
    guard let number = try positiveNumber(key) else { throw missing(key) }
    return number
  }

  package func text(_ key: String) throws -> String? {
    guard let value = self[key] else { return nil }
    guard let text = value.string else { throw wrong(key, "a string") }
    return text
  }

  package func flag(_ key: String) throws -> Bool? {
    guard let value = self[key] else { return nil }
    guard let flag = value.bool else { throw wrong(key, "true or false") }
    return flag
  }

  /// One integer or a list of integers, as token ids are written.
  package func integerOrList(_ key: String, in range: ClosedRange<Int>) throws -> [Int]? {
    guard let value = self[key] else { return nil }
    let list = value.array ?? [value]
    return try list.map {
      guard let integer = $0.int, range.contains(integer) else {
        throw wrong(key, "an integer or a list of integers in \(range.lowerBound)...\(range.upperBound)")
      }
      return integer
    }
  }

  package func missing(_ key: String) -> FileError {
    FileError(.malformed, "\(place): \(quoted(key)) is missing")
  }
}
