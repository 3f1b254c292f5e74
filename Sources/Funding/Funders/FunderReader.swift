import JSON
import Text

/// A funder as a model wrote it: names and values may be anything that JSON can say.
public struct UntypedFunder: Sendable, Hashable {
  public var name: JSON
  public var awards: [UntypedAward]

  public init(name: JSON, awards: [UntypedAward]) {
    self.name = name
    self.awards = awards
  }

  /// In the training schema: `{"funder_name": …, "awards": […]}`.
  public var json: JSON {
    .object([(FunderKeys.name, name), (FunderKeys.awards, .array(awards.map(\.json)))])
  }
}

/// An award as a model wrote it. Nulls and empty strings are already left out.
public struct UntypedAward: Sendable, Hashable {
  public var awardIDs: [JSON]
  public var fundingSchemes: [JSON]
  public var awardTitles: [JSON]

  public init(awardIDs: [JSON], fundingSchemes: [JSON], awardTitles: [JSON]) {
    self.awardIDs = awardIDs
    self.fundingSchemes = fundingSchemes
    self.awardTitles = awardTitles
  }

  public var json: JSON {
    .object([
      (FunderKeys.awardIDs, .array(awardIDs)), (FunderKeys.fundingSchemes, .array(fundingSchemes)),
      (FunderKeys.awardTitles, .array(awardTitles)),
    ])
  }
}

/// The key names that the model is trained to write.
enum FunderKeys {
  static let name = "funder_name"
  static let awards = "awards"
  static let awardIDs = "award_ids"
  static let fundingSchemes = "funding_scheme"
  static let awardTitles = "award_title"
}

/// Reads what stage 2 wrote: funders with their awards.
public enum FunderReader {
  /// Python's reader accepts NaN and infinities; nesting deeper than 512 counts as unreadable here.
  private static let parseOptions = JSON.ParseOptions(allowNonFinite: true, maximumDepth: 512)

  // MARK: As the reference

  /// Reads as the reference's `extract_funders_from_text` does.
  ///
  /// The first code block, wherever it stands, is taken instead of the whole text. Text that is not JSON has no
  /// funders. A
  /// `{"funders": …}` wrapper, a single funder, awards nested or flat, and strings in place of lists are understood;
  /// nulls and empty strings in lists are dropped.
  /// - Throws: `FundingError.unreadableOutput` where the reference raises: a JSON string that holds no JSON.
  public static func referenceFunders(in text: String) throws(FundingError) -> [UntypedFunder] {
    guard let value = referenceValue(of: text) else { return [] }
    return try funders(from: value)
  }

  /// What the reference scores: as `referenceFunders(in:)`, with names, schemes and titles turned into text as Python's
  /// `str` does.
  /// - Throws: `FundingError.unreadableOutput` where the reference raises, also for award ids that are no strings.
  public static func funders(in text: String) throws(FundingError) -> [Funder] {
    var funders: [Funder] = []
    for funder in try referenceFunders(in: text) { funders.append(try Funder(funder)) }
    return funders
  }

  /// Reads the funders of a JSON value by the same rules, for gold files in nested or flat form.
  /// - Throws: `FundingError.unreadableOutput` for a string that holds no JSON.
  public static func funders(from value: JSON) throws(FundingError) -> [UntypedFunder] {
    guard PythonValue.isTruthy(value) else { return [] }
    switch value {
    case .string(let string):
      let inner: JSON
      do { inner = try JSON.parse(string, options: parseOptions) } catch {
        throw FundingError(
          .unreadableOutput, "Found a JSON string that holds no JSON (\(error)); expected a list of funders.")
      }
      return try funders(from: inner)
    case .object(let object):
      if let wrapped = object["funders"] { return try funders(from: wrapped) }
      return [funder(from: object)]
    case .array(let elements): return elements.compactMap { $0.object.map(funder(from:)) }
    case .null, .bool, .number: return []
    }
  }

  private static func funder(from object: JSONObject) -> UntypedFunder {
    let awards: [UntypedAward]
    if let nested = object[FunderKeys.awards]?.array, !nested.isEmpty {
      awards = nested.compactMap { $0.object.map(award(from:)) }
    } else if [FunderKeys.awardIDs, FunderKeys.fundingSchemes, FunderKeys.awardTitles].contains(where: {
      object[$0] != nil
    }) {
      awards = [award(from: object)]
    } else {
      awards = []
    }
    return UntypedFunder(name: object[FunderKeys.name] ?? .null, awards: awards)
  }

  private static func award(from object: JSONObject) -> UntypedAward {
    UntypedAward(
      awardIDs: list(object[FunderKeys.awardIDs]), fundingSchemes: list(object[FunderKeys.fundingSchemes]),
      awardTitles: list(object[FunderKeys.awardTitles]))
  }

  private static func list(_ value: JSON?) -> [JSON] {
    let elements = value.map { $0.array ?? [$0] } ?? []
    return elements.filter { !$0.isNull && $0 != .string("") }
  }

  /// The JSON value that the reference reads; nil if there is none.
  static func referenceValue(of text: String) -> JSON? { try? JSON.parse(unfenced(text), options: parseOptions) }

  /// The content of the first code block (three backticks, perhaps `json`), without it the whole text; stripped.
  private static func unfenced(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    let fence = ByteSearch(codeFence)
    guard let opening = fence.firstRange(in: bytes) else { return stripped(bytes[...]) }
    var start = opening.upperBound
    if bytes[start...].starts(with: "json".utf8) { start += 4 }
    guard let closing = fence.firstRange(in: bytes, within: start..<bytes.count) else { return stripped(bytes[...]) }
    return stripped(bytes[start..<closing.lowerBound])
  }

  private static func stripped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(PythonText.strip(String(decoding: bytes, as: UTF8.self)).utf8)
  }

  static let codeFence = Array("```".utf8)
}

extension Funder {
  /// The typed form of what a model wrote. Names, schemes and titles become text as Python's `str` makes it; a name
  /// that is false by Python's rules (0, false, an empty list) is nil.
  /// - Throws: `FundingError.unreadableOutput` for an award id that is no string: the reference raises there.
  public init(_ funder: UntypedFunder) throws(FundingError) {
    var awards: [Award] = []
    for award in funder.awards {
      var ids: [String] = []
      for id in award.awardIDs {
        guard let string = id.string else {
          throw FundingError(.unreadableOutput, "Found \(id.kindDescription) as an award id; expected a string.")
        }
        ids.append(string)
      }
      awards.append(
        Award(
          awardIDs: ids, fundingSchemes: award.fundingSchemes.map(PythonValue.str),
          awardTitles: award.awardTitles.map(PythonValue.str)))
    }
    self.init(name: Self.name(of: funder), awards: awards)
  }

  static func name(of funder: UntypedFunder) -> String? {
    if let string = funder.name.string { return string }
    return PythonValue.isTruthy(funder.name) ? PythonValue.str(funder.name) : nil
  }
}
