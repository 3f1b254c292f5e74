import JSON
import Text

/// A funder as a model wrote it: names and values may be anything that JSON can say but null and, in lists, empty
/// strings.
public typealias UntypedFunder = FunderTree<JSON>

/// Reads what stage 2 wrote: funders with their awards.
public enum FunderReader {
  /// Python's reader accepts NaN and infinities; nesting deeper than 512 counts as unreadable here.
  private static let parseOptions = JSON.ParseOptions(allowNonFinite: true, maximumDepth: 512)

  // MARK: As the reference

  /// Reads as the reference's `extract_funders_from_text` does.
  ///
  /// The first code block, wherever it stands, is taken instead of the whole text. Text that is not JSON has no
  /// funders. A `{"funders": …}` wrapper, a single funder, awards nested or flat, and strings in place of lists are
  /// understood; nulls and empty strings in lists are dropped.
  /// - Throws: `FundingError.unreadableOutput` where the reference raises: a JSON string that holds no JSON.
  public static func referenceFunders(in text: String) throws(FundingError) -> [UntypedFunder] {
    guard let value = referenceValue(of: text) else { return [] }
    return try located(value).map { $0.map { value, _ in value.json } }
  }

  /// What the reference scores: as `referenceFunders(in:)`, with names, schemes and titles turned into text as Python's
  /// `str` does.
  /// - Throws: `FundingError.unreadableOutput` where the reference raises, also for award ids that are no strings.
  public static func funders(in text: String) throws(FundingError) -> [Funder] {
    try referenceFunders(in: text).map { funder throws(FundingError) in try Funder(funder) }
  }

  /// Reads the funders of a JSON value by the same rules, for gold files in nested or flat form.
  /// - Throws: `FundingError.unreadableOutput` for a string that holds no JSON, and for award ids that are no strings.
  public static func funders(from value: JSON) throws(FundingError) -> [Funder] {
    try located(LocatedJSON(value)).map { funder throws(FundingError) in
      try Funder(funder.map { value, _ in value.json })
    }
  }

  /// The funders of a value, each of their values with its place in the output.
  static func located(_ value: LocatedJSON) throws(FundingError) -> [FunderTree<LocatedJSON>] {
    switch value {
    case .string(let string) where !string.text.isEmpty:
      let inner: JSON
      do { inner = try JSON.parse(string.text, options: parseOptions) } catch {
        throw FundingError(
          .unreadableOutput, "Found a JSON string that holds no JSON (\(error)); expected a list of funders.")
      }
      return try located(LocatedJSON(inner))
    case .object(let object) where !object.members.isEmpty:
      if let wrapped = object["funders"] { return try located(wrapped) }
      return [funder(from: object)]
    case .array(let elements): return elements.compactMap { $0.object.map(funder(from:)) }
    case .scalar, .string, .object: return []
    }
  }

  private static func funder(from object: LocatedJSON.Object) -> FunderTree<LocatedJSON> {
    let awards: [AwardTree<LocatedJSON>]
    if let nested = object[FunderKeys.awards]?.array, !nested.isEmpty {
      awards = nested.compactMap { $0.object.map(award(from:)) }
    } else if [FunderKeys.awardIDs, FunderKeys.fundingSchemes, FunderKeys.awardTitles].contains(where: {
      object[$0] != nil
    }) {
      awards = [award(from: object)]
    } else {
      awards = []
    }
    let name = object[FunderKeys.name].flatMap { $0.isNull ? nil : $0 }
    return FunderTree(name: name, awards: awards)
  }

  private static func award(from object: LocatedJSON.Object) -> AwardTree<LocatedJSON> {
    AwardTree(
      awardIDs: list(object[FunderKeys.awardIDs]), fundingSchemes: list(object[FunderKeys.fundingSchemes]),
      awardTitles: list(object[FunderKeys.awardTitles]))
  }

  private static func list(_ value: LocatedJSON?) -> [LocatedJSON] {
    let elements = value.map { $0.array ?? [$0] } ?? []
    return elements.filter { !$0.isNull && $0.string?.text.isEmpty != true }
  }

  /// The JSON value that the reference reads; nil if there is none.
  static func referenceValue(of text: String) -> LocatedJSON? {
    LocatedJSON(parsing: unfenced(Array(text.utf8)), options: parseOptions)
  }

  /// The content of the first code block (three backticks, perhaps `json`), without it the whole text; stripped.
  private static func unfenced(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    let fence = ByteSearch(LenientJSON.codeFence)
    guard let opening = fence.firstRange(in: bytes) else { return stripped(bytes[...]) }
    var start = opening.upperBound
    if bytes[start...].starts(with: "json".utf8) { start += 4 }
    guard let closing = fence.firstRange(in: bytes, within: start..<bytes.count) else { return stripped(bytes[...]) }
    return stripped(bytes[start..<closing.lowerBound])
  }

  private static func stripped(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    func width(_ blanks: some Sequence<Unicode.Scalar>) -> Int { blanks.reduce(0) { $0 + UTF8.width($1) } }
    return bytes.dropFirst(width(scalars.prefix(while: PythonText.isWhitespace)))
      .dropLast(width(scalars.reversed().prefix(while: PythonText.isWhitespace)))
  }
}

extension FunderTree where Value == String {
  /// The typed form of what a model wrote. Names, schemes and titles become text as Python's `str` makes it; a name
  /// that is false by Python's rules (0, false, an empty string or list) is nil.
  /// - Throws: `FundingError.unreadableOutput` for an award id that is no string: the reference raises there.
  public init(_ funder: UntypedFunder) throws(FundingError) {
    self = try funder.compactMap { value, kind throws(FundingError) -> String? in
      switch kind {
      case .funderName: return PythonValue.isTruthy(value) ? PythonValue.str(value) : nil
      case .awardID:
        guard let string = value.string else {
          throw FundingError(.unreadableOutput, "Found \(value.kindDescription) as an award id; expected a string.")
        }
        return string
      default: return PythonValue.str(value)
      }
    }
  }
}
