/// The ends of lines in UTF-8: LF, CR, CR LF, and those of Unicode's guidelines for line breaks (The Unicode Standard,
/// 5.8): U+000B (vertical tab), U+000C (form feed), U+0085 (next line), U+2028 and U+2029 (separators of lines and
/// paragraphs).
enum LineEnd {
  /// The length of the line end that begins at a byte; nil where none begins.
  static func length(at index: Int, in bytes: [UInt8]) -> Int? {
    func follows(_ expected: UInt8, _ distance: Int = 1) -> Bool {
      index + distance < bytes.count && bytes[index + distance] == expected
    }
    return switch bytes[index] {
    case 0x0D: follows(0x0A) ? 2 : 1
    case 0x0A...0x0C: 1
    case 0xC2: follows(0x85) ? 2 : nil
    case 0xE2: follows(0x80) && (follows(0xA8, 2) || follows(0xA9, 2)) ? 3 : nil
    default: nil
    }
  }

  /// What the model reads in place of the line end at a byte; nil: the line end itself.
  ///
  /// Line feeds stand for the ends that models, and the places where chunks end, do not know: two for the end of a
  /// paragraph. None stands for a form feed behind another line end: where a page ends, the paragraph may go on.
  static func replacement(at index: Int, in bytes: [UInt8]) -> [UInt8]? {
    switch bytes[index] {
    case 0x0A, 0x0D: nil
    case 0x0C: index > 0 && (0x0A...0x0D).contains(bytes[index - 1]) ? [] : [0x0A]
    case 0xE2: bytes[index + 2] == 0xA9 ? [0x0A, 0x0A] : [0x0A]
    default: [0x0A]
    }
  }

  /// How many lines end in a text.
  static func count(in bytes: [UInt8]) -> Int {
    var count = 0
    var index = 0
    while index < bytes.count {
      let length = length(at: index, in: bytes)
      count += length == nil ? 0 : 1
      index += length ?? 1
    }
    return count
  }
}

/// The lines of a text.
package enum TextLines {
  /// Those that hold more than white space, with their numbers from 1; without their ends. A byte order mark is left
  /// out.
  package static func lines(of bytes: [UInt8]) -> [(number: Int, bytes: [UInt8])] {
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    var lines: [(number: Int, bytes: [UInt8])] = []
    var number = 1
    var start = 0
    var index = 0
    func end(at end: Int) {
      let line = bytes[start..<end]
      if !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { lines.append((number, Array(line))) }
    }
    while index < bytes.count {
      guard let length = LineEnd.length(at: index, in: bytes) else {
        index += 1
        continue
      }
      end(at: index)
      number += 1
      index += length
      start = index
    }
    end(at: bytes.count)
    return lines
  }
}
