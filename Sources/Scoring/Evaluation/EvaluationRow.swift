import Funding
import JSON

/// A document of a prediction or gold file.
public struct EvaluationRow: Sendable {
  /// What documents are joined by.
  public enum Key: String, Sendable, CaseIterable { case id, doi, statement }

  /// The place in the file, from 1.
  public var number: Int
  public var id: String?
  /// Lower case, without whitespace around it.
  public var doi: String?
  public var statement: String?
  /// The funders, or why they could not be read.
  public var funders: Result<[Funder], ScoringError>
  /// The model began to think and never ended: `<think>` without `</think>` in `raw_output`.
  public var isTruncated = false

  public init(
    number: Int, id: String? = nil, doi: String? = nil, statement: String? = nil,
    funders: Result<[Funder], ScoringError>, isTruncated: Bool = false
  ) {
    self.number = number
    self.id = id
    self.doi = doi
    self.statement = statement
    self.funders = funders
    self.isTruncated = isTruncated
  }

  func value(of key: Key) -> String? {
    let text =
      switch key {
      case .id: id
      case .doi: doi
      case .statement: statement
      }
    return text.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What a reader recognises the document by.
  public var label: String { id ?? doi ?? "row \(number)" }
}

/// Reads files of predictions or gold annotations.
///
/// One JSON object a line, or a JSON array of objects. Understood are the nested schema and the flat one, funders as a JSON
/// string, the records of `patron extract`, and these members:
/// funders in `predicted_funders` (predictions only) or `funders`; `id`; `doi` or `ref`; `funding_statement` or
/// `statement`; `raw_output`.
public enum EvaluationFile {
  public enum Role: Sendable { case predictions, gold }

  /// The rows in the order of the file.
  ///
  /// - Throws: `ScoringError.unreadableFile` where the file is neither JSONL nor a JSON array. A row whose funders cannot
  ///   be read has that error as its `funders`.
  public static func rows(_ bytes: [UInt8], role: Role) throws(ScoringError) -> [EvaluationRow] {
    try objects(bytes).map { row($0.object, number: $0.number, role: role) }
  }

  static func objects(_ bytes: [UInt8]) throws(ScoringError) -> [(number: Int, object: JSONObject)] {
    let whitespace: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes
    guard let first = bytes.first(where: { !whitespace.contains($0) }) else { return [] }
    if first == UInt8(ascii: "[") {
      let array = try parse(bytes, place: "the file").array ?? []
      return try array.enumerated().map { index, value throws(ScoringError) in
        (index + 1, try object(value, place: "element \(index + 1)"))
      }
    }
    var objects: [(number: Int, object: JSONObject)] = []
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      if line.allSatisfy(whitespace.contains) { continue }
      let place = "line \(number)"
      objects.append((number, try object(try parse([UInt8](line), place: place), place: place)))
    }
    return objects
  }

  private static func parse(_ bytes: [UInt8], place: String) throws(ScoringError) -> JSON {
    do throws(JSONError) {
      return try JSON.parse(bytes, options: .python)
    } catch {
      throw ScoringError(
        .unreadableFile, "\(place) is not JSON (\(error)); expected one JSON object a line, or an array of objects")
    }
  }

  private static func object(_ value: JSON, place: String) throws(ScoringError) -> JSONObject {
    guard let object = value.object else {
      throw ScoringError(.unreadableFile, "\(place) is \(value.kindDescription), expected an object")
    }
    return object
  }

  private static func row(_ object: JSONObject, number: Int, role: Role) -> EvaluationRow {
    func text(_ keys: String...) -> String? {
      for key in keys {
        if let string = object[key]?.string { return string }
        if let int = object[key]?.int { return String(int) }
      }
      return nil
    }
    let isPrediction = role == .predictions && object["predicted_funders"] != nil
    let raw = text("raw_output") ?? ""
    return EvaluationRow(
      number: number, id: text("id"),
      doi: text("doi", "ref").map { String(scalars: PythonText.strip($0.scalarValues[...])).lowercased() },
      statement: text("funding_statement", "statement"),
      funders: funders(object[isPrediction ? "predicted_funders" : "funders"], number: number),
      isTruncated: raw.contains("<think>") && !raw.contains("</think>"))
  }

  static func funders(_ value: JSON?, number: Int) -> Result<[Funder], ScoringError> {
    do throws(FundingError) {
      var funders: [Funder] = []
      for funder in try FunderReader.funders(from: value ?? .null) { funders.append(try Funder(funder)) }
      return .success(funders)
    } catch {
      return .failure(ScoringError(.unreadableRow, "row \(number): \(error.message)"))
    }
  }
}
