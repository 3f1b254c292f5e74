import Generation
import Funding
import JSON
import Text

extension ExampleBuilder {
  /// A funding statement as stage 2 reads it, and its funders in the order of the text.
  /// - Parameter partner: a row whose statement follows on a line of its own, as stage 2 gets an article's statements.
  /// - Throws: `FundingError` also for a text that the pipeline would refuse.
  mutating func addStatement(_ text: String, _ funders: [Funder], id: String, partner: DataRow?) throws {
    report.controlCharacters += try ArticleText(text).controlCharacterCount
    let (part, values, isReordered) = prepared(text, funders, id: id)
    report.parse.reordered += isReordered ? 1 : 0
    report.parse.funders += funders.count
    report.parse.values += values.count
    report.parse.respelled += values.respelled
    report.parse.notVerbatim += values.notVerbatim
    for (kind, counts) in values.kinds {
      report.parse.kinds[kind, default: .init()].values += counts.values
      report.parse.kinds[kind, default: .init()].verbatim += counts.verbatim
    }
    if values.notVerbatim > 0, recipe.requiresVerbatimValues {
      report.parse.rowsNotVerbatim += 1
      return
    }
    var parts = [part]
    var id = id
    if let partner, case .statement(let text, let funders) = partner.content {
      let (other, values, _) = prepared(text, funders, id: "\(id)+\(partner.id)")
      if values.notVerbatim == 0 || !recipe.requiresVerbatimValues {
        parts.append(other)
        id += "+\(partner.id)"
        report.parse.joined += 1
      }
    }
    let all = Fact.funders(from: parts.flatMap { $0.funders.flatMap(Fact.facts) })
    try add(
      id: id, task: .funders, prompt: Prompts.funders(in: parts.map(\.text).joined(separator: "\n")),
      sources: parts.map(\.text), answer: .array(all.map(\.json)), isAnswered: !all.isEmpty,
      isNoisy: parts.contains(where: \.isNoisy))
  }

  /// A statement as stage 2 reads it, with what it says.
  private struct Part {
    var text: String
    var funders: [Funder]
    var isNoisy: Bool
  }

  private func prepared(
    _ text: String, _ funders: [Funder], id: String
  ) -> (part: Part, values: StatementValues, isReordered: Bool) {
    let statement = inputs.stage2Text(text)
    var values = StatementValues(statement)
    var funders = funders.map { values.spelled($0, clean: inputs.stage2Text) }
    let isReordered = values.putInOrder(&funders)
    let noisy = noisyStatement(statement, values, id: id)
    return (Part(text: noisy ?? statement, funders: funders, isNoisy: noisy != nil), values, isReordered)
  }

  /// The statement with training noise outside of its values, as stage 2 reads it; nil if it is left as it is.
  private func noisyStatement(_ statement: String, _ values: StatementValues, id: String) -> String? {
    var random = DataRandom(seed: recipe.seed, "noise", id)
    let scalars = ScalarPlaces(statement)
    guard
      let damaged = recipe.noise.applied(
        to: scalars.text, keeping: values.places.map(scalars.scalars), isFixed: true, &random)
    else { return nil }
    let noisy = inputs.stage2Text(String(damaged.text))
    // The clean-up before stage 2 takes some damage back.
    return noisy != statement && values.areVerbatim(in: noisy) ? noisy : nil
  }
}

/// Finds the values of an annotation in their statement.
struct StatementValues {
  private(set) var count = 0
  private(set) var respelled = 0
  private(set) var notVerbatim = 0
  private(set) var kinds: [ValueKind: DataReport.KindCounts] = [:]
  /// The values that are in the statement, as they are spelled there.
  private var verbatim: Set<[UInt8]> = []
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
      name: funder.name.map { spelled(clean($0), .funderName) },
      awards: funder.awards.map { award in
        Award(
          awardIDs: award.awardIDs.map { spelled(clean($0), .awardID) },
          fundingSchemes: award.fundingSchemes.map { spelled(clean($0), .fundingScheme) },
          awardTitles: award.awardTitles.map { spelled(clean($0), .awardTitle) })
      })
  }

  /// The value if it is in the statement; else what stands there with the same letters and digits; else the value.
  private mutating func spelled(_ value: String, _ kind: ValueKind) -> String {
    count += 1
    kinds[kind, default: .init()].values += 1
    let wanted = Array(value.utf8)
    if place(of: wanted, from: 0) != nil {
      verbatim.insert(wanted)
      kinds[kind, default: .init()].verbatim += 1
      return value
    }
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
    verbatim.insert(Array(bytes[start..<end]))
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// Byte ranges of the values in the statement, wherever they occur, in order; those that overlap are one.
  var places: [Range<Int>] {
    var all: [Range<Int>] = []
    for value in verbatim {
      let search = ByteSearch(value)
      var start = 0
      while let range = search.firstRange(in: bytes, within: start..<bytes.count) {
        all.append(range)
        start = range.upperBound
      }
    }
    all.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
    var merged: [Range<Int>] = []
    for range in all {
      if let last = merged.last, range.lowerBound < last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  /// Whether another form of the statement still has all values that this one has.
  func areVerbatim(in text: String) -> Bool {
    let text = Array(text.utf8)
    return verbatim.allSatisfy { ByteSearch($0).firstRange(in: text, within: text.indices) != nil }
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
