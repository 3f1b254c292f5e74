import Foundation
import Generation
import JSON
import Text

/// How sure the model was of a value that it wrote.
public struct Confidence: Sendable, Equatable {
  /// The geometric mean of the probabilities of the value's tokens under the model (temperature 1, without the
  /// constraint).
  public var mean: Double
  /// The smallest of them.
  public var minimum: Double
  /// The probability that the value is right, as a calibration makes it of `mean`; nil without one.
  public var calibrated: Double?

  public init(mean: Double, minimum: Double, calibrated: Double? = nil) {
    self.mean = mean
    self.minimum = minimum
    self.calibrated = calibrated
  }
}

/// Confidences of a funder's values; parallel to the funder. Nil: the value's tokens are not known.
public struct FunderConfidence: Sendable, Equatable {
  public struct OfAward: Sendable, Equatable {
    public var awardIDs: [Confidence?]
    public var fundingSchemes: [Confidence?]
    public var awardTitles: [Confidence?]

    public init(awardIDs: [Confidence?], fundingSchemes: [Confidence?], awardTitles: [Confidence?]) {
      self.awardIDs = awardIDs
      self.fundingSchemes = fundingSchemes
      self.awardTitles = awardTitles
    }
  }

  public var name: Confidence?
  public var awards: [OfAward]

  public init(name: Confidence?, awards: [OfAward]) {
    self.name = name
    self.awards = awards
  }

  /// Nothing is known of a funder's values.
  init(unknownFor funder: Funder) {
    func unknown(_ values: [String]) -> [Confidence?] { values.map { _ in nil } }
    self.init(
      name: nil,
      awards: funder.awards.map {
        OfAward(
          awardIDs: unknown($0.awardIDs), fundingSchemes: unknown($0.fundingSchemes),
          awardTitles: unknown($0.awardTitles))
      })
  }
}

/// What confidences are of.
public enum ValueKind: String, Sendable, Hashable, CaseIterable {
  case statement
  case funderName = "funder_name"
  case awardID = "award_id"
  case fundingScheme = "funding_scheme"
  case awardTitle = "award_title"
}

/// Confidences of the strings of one completion: where each stands in the output, and which tokens wrote it.
struct OutputConfidence {
  private let calibration: Calibration?
  /// Where each token ends in the output, and its log-probability.
  private let tokens: [(end: Int, logProbability: Double)]
  private let root: Node

  /// JSON whose strings know where they stand.
  private indirect enum Node {
    case string(String, Range<Int>)
    case array([Node])
    case object([(key: String, value: Node)])
    case other
  }

  /// Nil if the output is no JSON, or its tokens do not add up to it (malformed UTF-8 was repaired).
  init?(_ completion: Completion, calibration: Calibration?) {
    self.calibration = calibration
    var end = 0
    tokens = completion.tokens.map { token in
      end += token.byteCount
      return (end, Double(token.logProbability))
    }
    let output = Array(completion.text.utf8)
    guard end == output.count, !output.isEmpty else { return nil }
    let parsed = try? output.withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes)
      let node = try Self.read(&scanner)
      try scanner.finish()
      return node
    }
    guard let parsed else { return nil }
    root = parsed
  }

  private static func read(_ scanner: inout JSONScanner) throws -> Node {
    switch try scanner.peek() {
    case .object:
      var members: [(key: String, value: Node)] = []
      try scanner.beginObject()
      while let key = try scanner.nextKey() { members.append((scanner.text(of: key), try read(&scanner))) }
      return .object(members)
    case .array:
      var elements: [Node] = []
      try scanner.beginArray()
      while try scanner.nextElement() { elements.append(try read(&scanner)) }
      return .array(elements)
    case .string:
      let token = try scanner.stringToken()
      return .string(scanner.text(of: token), token.range)
    default:
      try scanner.skipValue()
      return .other
    }
  }

  /// Of the tokens that wrote these bytes of the output, as a whole or in part.
  private func confidence(_ range: Range<Int>, _ kind: ValueKind) -> Confidence? {
    var sum = 0.0
    var minimum = 0.0
    var count = 0
    var place = tokens.partitioningIndex { $0.end > range.lowerBound }
    while place < tokens.count, (place == 0 ? 0 : tokens[place - 1].end) < range.upperBound {
      // Stop tokens have no bytes.
      if place == 0 || tokens[place].end > tokens[place - 1].end {
        sum += tokens[place].logProbability
        minimum = min(minimum, tokens[place].logProbability)
        count += 1
      }
      place += 1
    }
    guard count > 0, sum.isFinite else { return nil }
    return Confidence(mean: sum / Double(count), minimum: minimum, kind, calibration)
  }

  // MARK: The two stages. Only outputs in the very form that the prompts ask for are understood.

  /// Of the statements that `StatementReader` made of the output.
  func statements(_ read: [String]) -> [Confidence?] {
    let unknown = read.map { _ in Confidence?.none }
    guard case .object(let members) = root, members.count == 1, members[0].key == "statements",
      case .array(let elements) = members[0].value
    else { return unknown }
    let strings = elements.compactMap { element -> (String, Range<Int>)? in
      guard case .string(let text, let range) = element, !PythonText.strip(text).isEmpty else { return nil }
      return (text, range)
    }
    guard strings.map({ JSON.string($0.0) }) == read.map(JSON.string) else { return unknown }
    return strings.map { confidence($0.1, .statement) }
  }

  /// Of the funders that `FunderReader` made of the output.
  func funders(_ read: [Funder]) -> [FunderConfidence] {
    let unknown = read.map(FunderConfidence.init(unknownFor:))
    guard case .array(let elements) = root, elements.count == read.count else { return unknown }
    return zip(elements, zip(read, unknown)).map { element, funder in
      self.funder(element, funder.0) ?? funder.1
    }
  }

  private func funder(_ node: Node, _ funder: Funder) -> FunderConfidence? {
    guard case .object(let members) = node, members.map(\.key) == [FunderKeys.name, FunderKeys.awards],
      case .array(let awards) = members[1].value, awards.count == funder.awards.count
    else { return nil }
    var result = FunderConfidence(unknownFor: funder)
    if let name = funder.name, case .string(let text, let range) = members[0].value, text.utf8.elementsEqual(name.utf8)
    {
      result.name = confidence(range, .funderName)
    }
    for (index, award) in awards.enumerated() {
      guard case .object(let lists) = award else { return nil }
      func confidences(_ key: String, _ values: [String], _ kind: ValueKind) -> [Confidence?]? {
        guard case .array(let elements)? = lists.first(where: { $0.key == key })?.value else { return nil }
        let strings = elements.compactMap { element -> (String, Range<Int>)? in
          guard case .string(let text, let range) = element, !text.isEmpty else { return nil }
          return (text, range)
        }
        guard strings.map({ JSON.string($0.0) }) == values.map(JSON.string) else { return nil }
        return strings.map { confidence($0.1, kind) }
      }
      let read = funder.awards[index]
      guard let ids = confidences(FunderKeys.awardIDs, read.awardIDs, .awardID),
        let schemes = confidences(FunderKeys.fundingSchemes, read.fundingSchemes, .fundingScheme),
        let titles = confidences(FunderKeys.awardTitles, read.awardTitles, .awardTitle)
      else { continue }
      result.awards[index] = FunderConfidence.OfAward(
        awardIDs: ids, fundingSchemes: schemes, awardTitles: titles)
    }
    return result
  }
}

extension Confidence {
  /// - Parameters: logarithms.
  fileprivate init(mean: Double, minimum: Double, _ kind: ValueKind, _ calibration: Calibration?) {
    self.init(mean: exp(mean), minimum: exp(minimum))
    calibrated = calibration?.probability(of: self, kind)
  }
}
