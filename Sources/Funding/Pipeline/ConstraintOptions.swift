import Generation

/// What the model is held to while it writes.
public struct ConstraintOptions: Sendable, Hashable {
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// Nothing: whatever the model writes is read as far as it can be.
    case none
    /// The output's shape in JSON.
    case json
    /// The shape, and copying: statements from the article, values from the statements.
    case verbatim
  }

  /// Which values of stage 2 are copied in mode `verbatim`.
  public enum CopiedValues: String, Sendable, Hashable, CaseIterable {
    /// Award ids.
    case ids
    /// Award ids, funder names, schemes and titles.
    case values
    case none
  }

  public var mode: Mode = .verbatim
  public var copiedValues: CopiedValues = Self.defaultCopiedValues
  /// Where a copied statement may begin and end.
  public var statementEdges: CopyEdges = Self.defaultStatementEdges
  /// Whether a copy may also read as if the text had no line breaks inside its paragraphs.
  public var foldsLines = Self.defaultFoldsLines

  /// The smallest probability, in the geometric mean, that the model itself must have given a copied statement's
  /// tokens. What it gave less was written by the constraint, such as the only sentence that begins with the model's
  /// first word, and is left out of the record. At 0 nothing is left out.
  public var leastStatementProbability = Self.defaultLeastStatementProbability
  /// The same of a copied value of stage 2: a name, an award id, a scheme or a title. A funder without its name is left
  /// out with its awards.
  public var leastValueProbability = Self.defaultLeastValueProbability

  // See Guides/Constraints.md; scripts/compare_constraints.py compares them on annotated data.

  public static let defaultCopiedValues = CopiedValues.values
  public static let defaultStatementEdges = CopyEdges.sentences
  public static let defaultFoldsLines = true
  /// Even odds: not fitted to any data.
  public static let defaultLeastStatementProbability = 0.5
  /// On statements that the default model was not trained on, the F0.5 of award ids is largest from 0.4 to 0.5 and at
  /// 0.9, and 0.9 would leave out as many right funders as wrong ones (`patron calibrate` shows the table).
  public static let defaultLeastValueProbability = 0.5

  public init() {}

  /// What the output of stage 1 must be for a chunk; nil if it is free.
  public func statements(in chunk: String) -> OutputConstraint? {
    switch mode {
    case .none: nil
    case .json: OutputConstraint(shape: OutputShapes.statements(.free))
    case .verbatim:
      OutputConstraint(
        shape: OutputShapes.statements(.copied(statementEdges)), sources: [chunk], foldsLines: foldsLines)
    }
  }

  /// Whether the model, not the constraint, wrote a statement of which it was so sure; true where nothing was copied or
  /// is known.
  func keepsStatement(_ confidence: Confidence?) -> Bool {
    guard mode == .verbatim, let confidence else { return true }
    return confidence.mean >= leastStatementProbability
  }

  /// The same of a value of stage 2.
  func keepsValue(_ confidence: Confidence?, _ kind: ValueKind) -> Bool {
    guard mode == .verbatim, let confidence else { return true }
    let isCopied = kind == .awardID ? copiedValues != .none : copiedValues == .values
    return !isCopied || confidence.mean >= leastValueProbability
  }

  /// What the output of stage 2 must be; nil if it is free.
  /// - Parameter statements: as the model reads them. A value is copied from one of them.
  public func funders(in statements: [String]) -> OutputConstraint? {
    switch mode {
    case .none: return nil
    case .json: return OutputConstraint(shape: OutputShapes.funders(ids: .free, values: .free))
    case .verbatim:
      return OutputConstraint(
        shape: OutputShapes.funders(
          ids: copiedValues == .none ? .free : .copied(.awardIDs),
          values: copiedValues == .values ? .copied(.names) : .free),
        sources: copiedValues == .none ? [] : statements, foldsLines: foldsLines)
    }
  }
}

/// The shapes that the two prompts ask for.
public enum OutputShapes {
  // Against endless repetition. In the annotated statements at hand the most are 3 statements, 66 funders, 6 awards, 29
  // award ids, 3 schemes and 5 titles.
  public static let mostStatements = 64
  public static let mostFunders = 128
  public static let mostAwards = 64
  public static let mostAwardIDs = 128
  public static let mostSchemes = 32
  public static let mostTitles = 32

  /// `{"statements": ["…", …]}`
  public static func statements(_ content: StringContent) -> OutputShape {
    .object([("statements", .array(of: .string(content), atMost: mostStatements))])
  }

  /// `[{"funder_name": …, "awards": [{"award_ids": […], "funding_scheme": […], "award_title": […]}, …]}, …]`
  ///
  /// - Parameters:
  ///   - ids: of award ids.
  ///   - values: of names, schemes and titles.
  public static func funders(ids: StringContent, values: StringContent) -> OutputShape {
    let award = OutputShape.object([
      (FunderKeys.awardIDs, .array(of: .string(ids), atMost: mostAwardIDs)),
      (FunderKeys.fundingSchemes, .array(of: .string(values), atMost: mostSchemes)),
      (FunderKeys.awardTitles, .array(of: .string(values), atMost: mostTitles)),
    ])
    let funder = OutputShape.object([
      (FunderKeys.name, .nullOr(.string(values))), (FunderKeys.awards, .array(of: award, atMost: mostAwards)),
    ])
    return .array(of: funder, atMost: mostFunders)
  }
}
