import Funding
import JSON
import Text

/// A document of a prediction or gold file, as the evaluation of funders reads it.
public struct EvaluationRow: Sendable {
  /// What documents are joined by.
  public enum Key: String, Sendable, CaseIterable {
    case id, doi, statement

    /// For messages.
    var plural: String { self == .doi ? "DOIs" : rawValue + "s" }
  }

  /// The place in the file, from 1.
  public var number: Int
  public var id: String?
  /// In the form by which rows are joined: lower case, without what people write around a DOI.
  public var doi: String?
  public var statement: String?
  /// The funders, or why they could not be read.
  public var funders: Result<[Funder], ScoringError>
  /// Nobody wrote down the funders of this document: a gold row with statements only.
  public var isUnannotated = false
  /// The model did not finish: `<think>` without `</think>` in `raw_output`, or, in a record of `patron extract`, a
  /// call that ended at its token limit.
  public var isTruncated = false

  public init(
    number: Int, id: String? = nil, doi: String? = nil, statement: String? = nil,
    funders: Result<[Funder], ScoringError>, isUnannotated: Bool = false, isTruncated: Bool = false
  ) {
    self.number = number
    self.id = id
    self.doi = doi
    self.statement = statement
    self.funders = funders
    self.isUnannotated = isUnannotated
    self.isTruncated = isTruncated
  }

  /// What the row may be called in the other file, the most exact name first.
  func names(_ key: Key) -> [DocumentName] {
    let text =
      switch key {
      case .id: id
      case .doi: doi
      case .statement: statement
      }
    guard let text, !PythonText.isBlank(text) else { return [] }
    return key == .id ? DocumentName.candidates(text) : [DocumentName(text)]
  }

  /// What a reader recognises the document by.
  public var label: String { id ?? doi ?? "row \(number)" }
}

extension EvaluationFile {
  /// The rows in the order of the file.
  ///
  /// Understood are the nested schema and the flat one, funders as a JSON string, the records of `patron extract`, and
  /// these members: funders in `predicted_funders` (predictions only) or `funders`; `id` or `filename`; `doi` or `ref`;
  /// `funding_statement`, `statement`, or the only one of `statements`; `raw_output`. A row whose funders cannot be
  /// read has that error as its `funders`.
  public func rows(role: Role) -> [EvaluationRow] { entries.map { Self.row($0.object, number: $0.number, role: role) } }

  private static func row(_ object: JSONObject, number: Int, role: Role) -> EvaluationRow {
    let statements = StatementJoin.statementList(of: object)
    let raw = object["raw_output"]?.string ?? ""
    let isCut = (object["calls"]?.array ?? []).contains { $0["finish_reason"]?.string == "length" }
    var row = EvaluationRow(
      number: number, id: DocumentName.id(of: object), doi: object.doi,
      statement: object.text("funding_statement", "statement")
        ?? statements.flatMap { $0.count == 1 ? StatementJoin.text(of: $0[0]) : nil },
      funders: .success([]), isTruncated: raw.contains("<think>") && !raw.contains("</think>") || isCut)

    let key = role == .predictions && object["predicted_funders"] != nil ? "predicted_funders" : "funders"
    if let value = object[key] {
      row.funders = funders(value, number: number)
    } else if let failure = object.failure {
      row.funders = .failure(
        ScoringError(.unreadableRow, "row \(number) holds an error instead of a result: \(failure)"))
    } else if role == .gold, let statements {
      // Where nothing is said about funding, there are no funders.
      row.isUnannotated = !statements.isEmpty
    } else {
      let expected = role == .gold ? "\"funders\"" : "\"predicted_funders\" or \"funders\""
      row.funders = .failure(ScoringError(.unreadableRow, "row \(number) has no member \(expected)"))
    }
    return row
  }

  /// Funders in any of the forms that are read.
  public static func funders(_ value: JSON, number: Int) -> Result<[Funder], ScoringError> {
    do throws(FundingError) {
      return .success(try FunderReader.funders(from: value))
    } catch {
      return .failure(ScoringError(.unreadableRow, "row \(number): \(error.message)"))
    }
  }
}
