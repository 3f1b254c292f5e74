import Funding
import JSON

extension ExampleBuilder {
  /// A funding statement as stage 2 reads it, and its funders in the order of the text.
  mutating func addStatement(_ text: String, _ funders: [Funder], id: String) throws {
    let statement = pipeline.stage2Text(text)
    var values = StatementValues(statement)
    var funders = funders.map { values.spelled($0, clean: pipeline.stage2Text) }
    if values.putInOrder(&funders) { report.parse.reordered += 1 }
    report.parse.funders += funders.count
    report.parse.values += values.count
    report.parse.respelled += values.respelled
    report.parse.notVerbatim += values.notVerbatim
    if values.notVerbatim > 0, recipe.requiresVerbatimValues {
      report.parse.rowsNotVerbatim += 1
      return
    }
    try add(
      id: id, task: .parse, prompt: Prompts.funders(in: statement), answer: .array(funders.map(\.json)),
      isAnswered: !funders.isEmpty)
  }
}

/// Finds the values of an annotation in their statement.
struct StatementValues {
  private(set) var count = 0
  private(set) var respelled = 0
  private(set) var notVerbatim = 0
  private let bytes: [UInt8]
  /// The statement's letters and digits in lower case, and the byte range that each byte of them stands for.
  private let folded: (bytes: [UInt8], ranges: [Range<Int>])

  /// - Parameter statement: as the model reads it.
  init(_ statement: String) {
    bytes = Array(statement.utf8)
    folded = Self.folded(statement)
  }

  /// A funder with its values as the statement spells them.
  mutating func spelled(_ funder: Funder, clean: (String) -> String) -> Funder {
    Funder(
      name: funder.name.map { spelled(clean($0)) },
      awards: funder.awards.map { award in
        Award(
          awardIDs: award.awardIDs.map { spelled(clean($0)) },
          fundingSchemes: award.fundingSchemes.map { spelled(clean($0)) },
          awardTitles: award.awardTitles.map { spelled(clean($0)) })
      })
  }

  /// The value if it is in the statement; else what stands there with the same letters and digits; else the value.
  private mutating func spelled(_ value: String) -> String {
    count += 1
    let wanted = Array(value.utf8)
    if place(of: wanted, from: 0) != nil { return value }
    let key = Self.folded(value)
    // Within a word or a number it would be another value.
    let found = ByteSearch(key.bytes).firstRange(in: folded.bytes, within: folded.bytes.indices) { range in
      isWordBoundary(before: folded.ranges[range.lowerBound].lowerBound)
        && isWordBoundary(before: folded.ranges[range.upperBound - 1].upperBound)
    }
    guard let found else {
      notVerbatim += 1
      return value
    }
    respelled += 1
    let start = folded.ranges[found.lowerBound].lowerBound
    var end = folded.ranges[found.upperBound - 1].upperBound
    // What closes the value, such as a parenthesis.
    if let last = wanted.last, end < bytes.count, bytes[end] == last { end += 1 }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// Sorts funders by place, unless the order they have can be read in the text already.
  /// - Returns: whether that changed the order.
  func putInOrder(_ funders: inout [Funder]) -> Bool {
    let keys = funders.map { Array(($0.name ?? $0.awards.first.flatMap(Self.firstValue) ?? "").utf8) }
    var start = 0
    let isInOrder = keys.allSatisfy { key in
      guard let place = place(of: key, from: start) else { return place(of: key, from: 0) == nil }
      start = place.lowerBound
      return true
    }
    if isInOrder { return false }
    var last = 0
    let places = keys.map { key in
      last = place(of: key, from: 0)?.lowerBound ?? last
      return last
    }
    let order = funders.indices.sorted { (places[$0], $0) < (places[$1], $1) }
    funders = order.map { funders[$0] }
    return order != Array(order.indices)
  }

  private static func firstValue(of award: Award) -> String? {
    award.fundingSchemes.first ?? award.awardTitles.first ?? award.awardIDs.first
  }

  private func place(of value: [UInt8], from start: Int) -> Range<Int>? {
    ByteSearch(value).firstRange(in: bytes, within: start..<bytes.count)
  }

  private func isWordBoundary(before offset: Int) -> Bool {
    guard offset > 0, offset < bytes.count else { return true }
    return !(Self.isWordByte(bytes[offset - 1]) && Self.isWordByte(bytes[offset]))
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private static func folded(_ text: String) -> (bytes: [UInt8], ranges: [Range<Int>]) {
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    var offset = 0
    for scalar in text.unicodeScalars {
      let length = UTF8.width(scalar)
      if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
        for byte in scalar.properties.lowercaseMapping.utf8 {
          bytes.append(byte)
          ranges.append(offset..<offset + length)
        }
      }
      offset += length
    }
    return (bytes, ranges)
  }
}
