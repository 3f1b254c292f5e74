import Generation
import JSON

extension ExtractionRecord {
  /// The record as JSON, members in a fixed order.
  ///
  /// `funders` is in the schema that the model is trained on; each funder has a member more, `evidence`, if evidence
  /// was asked for, and another, `confidence`, if confidences are known. Offsets count from the start of the file:
  /// `start`/`end` in UTF-8 bytes, `start_char`/`end_char` in Unicode scalars (Python's characters), `line` from 1.
  /// `statement_start`/`statement_end` are UTF-8 bytes in the statement's text. `chunks` says how many chunks of the
  /// article stage 1 read and left out; a record of statements only has none.
  public var json: JSON {
    var members: [(String, JSON)] = [("id", .string(id)), ("sha256", .string(sha256))]
    members.append(("statements", .array(statements.map(Self.json))))
    members.append(
      (
        "funders",
        .array(
          funders.indices.map { index in
            var object = JSONObject(funders[index].json.object?.members.map { ($0.key, $0.value) } ?? [])
            if let evidence, evidence.indices.contains(index) { object["evidence"] = evidence[index].json(Self.json) }
            if let confidences, confidences.indices.contains(index) {
              object["confidence"] = confidences[index].json { $0?.json ?? .null }
            }
            return .object(object)
          })
      ))
    if let chunks {
      members.append(("chunks", .object([("read", .number(chunks.read)), ("left_out", .number(chunks.leftOut))])))
    }
    if let calls { members.append(("calls", .array(calls.map(Self.json)))) }
    members.append(("warnings", .array(warnings.map(JSON.string))))
    members.append(("provenance", .object(provenance.map { ($0.key, .string($0.value)) })))
    members.append(("seconds", .number(seconds)))
    return .object(members)
  }

  /// Reads a record that `json` wrote. Members that are not there are empty; unknown ones are ignored.
  /// - Throws: `FundingError.unreadableRecord`.
  public init(json: JSON) throws(FundingError) {
    let reader = RecordReader(json, "record")
    self.init(id: try reader.string("id"), sha256: try reader.string("sha256", default: ""))
    for statement in try reader.array("statements") {
      let reader = RecordReader(statement, "statement")
      statements.append(
        FundingStatement(
          text: try reader.string("text"),
          status: try reader.choice("status"), span: try reader.span(), chunk: try reader.int("chunk", default: 0),
          confidence: try statement["confidence"].flatMap { json throws(FundingError) in try Confidence(json: json) }))
    }
    let funderValues = try reader.array("funders")
    for value in funderValues {
      guard let funder = try FunderReader.funders(from: [value]).first else {
        throw FundingError(.unreadableRecord, "Found \(value.kindDescription) as a funder; expected an object.")
      }
      funders.append(funder)
    }
    evidence = try parallel(funderValues, "evidence") { json throws(FundingError) in
      try RecordReader(json, "place").place()
    }
    confidences = try parallel(funderValues, "confidence") { json throws(FundingError) in try Confidence(json: json) }
    if let value = json["chunks"], !value.isNull {
      let reader = RecordReader(value, "record's chunks")
      chunks = ChunkCounts(read: try reader.int("read"), leftOut: try reader.int("left_out"))
    }
    if let values = json["calls"]?.array {
      var calls: [ModelCall] = []
      for value in values { calls.append(try RecordReader(value, "call").call()) }
      self.calls = calls
      if funders.isEmpty { evidence = [] }  // calls are only written together with evidence
    }
    for warning in try reader.array("warnings") { if let text = warning.string { warnings.append(text) } }
    provenance = (json["provenance"]?.object?.members ?? []).map { Entry($0.key, $0.value.string ?? $0.value.text()) }
    seconds = json["seconds"]?.double ?? 0
  }

  /// What the funders of a record hold under a key, in their shape; nil unless all of them do.
  private func parallel<Value>(
    _ values: [JSON], _ key: String, _ read: (JSON) throws(FundingError) -> Value
  ) throws(FundingError) -> [FunderTree<Value>]? {
    guard !values.isEmpty, values.allSatisfy({ $0[key] != nil }) else { return nil }
    var trees: [FunderTree<Value>] = []
    for (funder, value) in zip(funders, values) {
      trees.append(try funder.readParallel(value[key] ?? .null, "a funder's \(key)", read))
    }
    return trees
  }

  // MARK: Writing

  private static func json(_ statement: FundingStatement) -> JSON {
    .object(
      [("text", .string(statement.text)), ("status", .string(statement.status.rawValue))] + members(statement.span)
        + [("chunk", .number(statement.chunk))]
        + (statement.confidence.map { [("confidence", $0.json)] } ?? []))
  }

  private static func members(_ span: TextSpan?) -> [(String, JSON)] {
    guard let span else { return [] }
    return [
      ("start", .number(span.bytes.lowerBound)), ("end", .number(span.bytes.upperBound)),
      ("start_char", .number(span.scalars.lowerBound)), ("end_char", .number(span.scalars.upperBound)),
      ("line", .number(span.line)),
    ]
  }

  private static func json(_ place: ValuePlace?) -> JSON {
    guard let place else { return .null }
    return .object(
      [
        ("statement", .number(place.statement)), ("statement_start", .number(place.inStatement.lowerBound)),
        ("statement_end", .number(place.inStatement.upperBound)),
      ] + members(place.span))
  }

  private static func json(_ call: ModelCall) -> JSON {
    .object(
      [("stage", .string(call.stage.rawValue)), ("part", .number(call.part))] + members(call.span) + [
        ("output", .string(call.output)), ("finish_reason", .string(call.finishReason.rawValue)),
        ("closed_at_limit", .bool(call.closedAtLimit)),
        ("log_probability", call.logProbability.map { .number($0) } ?? .null),
        ("constrained_log_probability", call.constrainedLogProbability.map { .number($0) } ?? .null),
        ("prompt_tokens", .number(call.promptTokens)), ("new_tokens", .number(call.newTokens)),
        ("prefill_seconds", .number(call.prefillSeconds)), ("decode_seconds", .number(call.decodeSeconds)),
      ])
  }
}

/// Reads an object of a record.
private struct RecordReader {
  private let value: JSON
  private let name: String

  init(_ value: JSON, _ name: String) {
    self.value = value
    self.name = name
  }

  private func error(_ key: String, _ expected: String) -> FundingError {
    let found = value[key]?.kindDescription ?? "nothing"
    return FundingError(.unreadableRecord, "Found \(found) as \(key) of a \(name); expected \(expected).")
  }

  func string(_ key: String, default: String? = nil) throws(FundingError) -> String {
    if value[key] == nil, let `default` { return `default` }
    guard let string = value[key]?.string else { throw error(key, "a string") }
    return string
  }

  func int(_ key: String, default: Int? = nil) throws(FundingError) -> Int {
    if value[key] == nil, let `default` { return `default` }
    guard let int = value[key]?.int, int >= 0 else { throw error(key, "an integer from 0 on") }
    return int
  }

  func array(_ key: String) throws(FundingError) -> [JSON] {
    if value[key]?.isNull ?? true { return [] }
    guard let array = value[key]?.array else { throw error(key, "an array") }
    return array
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws(FundingError) -> Choice
  where Choice.RawValue == String {
    guard let choice = Choice(rawValue: try string(key)) else {
      throw error(key, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  private func range(_ start: String, _ end: String) throws(FundingError) -> Range<Int> {
    let bounds = (try int(start), try int(end))
    guard bounds.0 <= bounds.1 else { throw error(end, "at least the value of \(start)") }
    return bounds.0..<bounds.1
  }

  func span() throws(FundingError) -> TextSpan? {
    if value["start"] == nil { return nil }
    return TextSpan(
      bytes: try range("start", "end"), scalars: try range("start_char", "end_char"), line: try int("line"))
  }

  func place() throws(FundingError) -> ValuePlace? {
    if value.isNull { return nil }
    return ValuePlace(
      statement: try int("statement"), inStatement: try range("statement_start", "statement_end"), span: try span())
  }

  func call() throws(FundingError) -> ModelCall {
    guard let finishReason = FinishReason(rawValue: try string("finish_reason")) else {
      throw error("finish_reason", "stop or length")
    }
    return ModelCall(
      stage: try choice("stage"), part: try int("part"), span: try span(), output: try string("output"),
      finishReason: finishReason, closedAtLimit: value["closed_at_limit"]?.bool ?? false,
      logProbability: value["log_probability"]?.double,
      constrainedLogProbability: value["constrained_log_probability"]?.double,
      promptTokens: try int("prompt_tokens"), newTokens: try int("new_tokens"),
      prefillSeconds: value["prefill_seconds"]?.double ?? 0, decodeSeconds: value["decode_seconds"]?.double ?? 0)
  }
}
