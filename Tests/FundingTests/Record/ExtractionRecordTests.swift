import Generation
import JSON
import Testing
import Text

@testable import Funding

@Suite struct ExtractionRecordTests {
  static let record: ExtractionRecord = {
    let span = TextSpan(bytes: 10..<52, scalars: 9..<50, line: 3)
    let statement = FundingStatement(
      text: "Funded by the Société, grant A-1\n\u{1B}[31m, x.", status: .exact, span: span, chunk: 1,
      confidence: Confidence(mean: 0.75, minimum: 0.5))
    let place = ValuePlace(
      statement: 0, inStatement: 28..<31, span: TextSpan(bytes: 38..<41, scalars: 36..<39, line: 3))
    return ExtractionRecord(
      id: "dir/a,b.md", sha256: "00ff",
      statements: [statement, FundingStatement(text: "made up", status: .unverified)],
      funders: [
        Funder(
          name: "Société", awards: [Award(awardIDs: ["A-1", "=2"], fundingSchemes: ["S\"1", "S2"], awardTitles: [])]),
        Funder(name: nil),
      ],
      evidence: [
        FunderEvidence(
          name: .some(nil), awards: [.init(awardIDs: [place, nil], fundingSchemes: [nil, nil], awardTitles: [])]),
        FunderEvidence(name: nil, awards: []),
      ],
      confidences: [
        FunderConfidence(
          name: Confidence(mean: 0.5, minimum: 0.25, calibrated: 0.125),
          awards: [
            .init(
              awardIDs: [Confidence(mean: 1, minimum: 1), nil], fundingSchemes: [nil, nil], awardTitles: [])
          ]),
        FunderConfidence(name: nil, awards: []),
      ],
      chunks: ChunkCounts(read: 2, leftOut: 5),
      calls: [
        ModelCall(
          stage: .statements, part: 0, span: span, output: "{}", finishReason: .length, closedAtLimit: true,
          logProbability: -1.5, constrainedLogProbability: -0.5, promptTokens: 5, newTokens: 2,
          prefillSeconds: 0.5, decodeSeconds: 0.25)
      ],
      warnings: ["w"], provenance: [.init("version", "1"), .init("model", "m")], seconds: 1.5)
  }()

  @Test func roundTrip() throws {
    let text = JSONLinesFormat().record(Self.record)
    #expect(try ExtractionRecord(json: JSON.parse(text)) == Self.record)
    var bare = Self.record
    bare.evidence = nil
    bare.calls = nil
    bare.confidences = nil
    bare.chunks = nil
    #expect(try ExtractionRecord(json: JSON.parse(JSONFormat().output([bare])).array?.first ?? .null) == bare)
    var empty = ExtractionRecord(id: "x", sha256: "", evidence: [], calls: [])
    empty.seconds = 0.1
    #expect(try ExtractionRecord(json: empty.json) == empty)
  }

  @Test func schema() {
    #expect(
      Self.record.json.object?.keys == [
        "id", "sha256", "statements", "funders", "chunks", "calls", "warnings", "provenance", "seconds",
      ])
    #expect(
      Self.record.json["funders"]?.array?.first?.text().hasPrefix(
        #"{"funder_name":"Société","awards":[{"award_ids":["A-1","=2"],"funding_scheme":["S\"1","S2"],"award_title":[]}],"evidence":"#
      ) == true)
    #expect(Funder(name: nil).json.text() == #"{"funder_name":null,"awards":[]}"#)
  }

  @Test(arguments: [
    "[]", "{}", #"{"id": 1}"#, #"{"id": "x", "statements": 1}"#, #"{"id": "x", "statements": [{}]}"#,
    #"{"id": "x", "statements": [{"text": "t", "status": "sure"}]}"#, #"{"id": "x", "funders": [1]}"#,
    #"{"id": "x", "statements": [{"text": "t", "status": "exact", "start": 5, "end": 1}]}"#,
    #"{"id": "x", "chunks": {"read": -1, "left_out": 0}}"#, #"{"id": "x", "funders": [{"award_ids": [1]}]}"#,
    #"{"id": "x", "calls": [{}]}"#,
    #"{"id": "x", "statements": [{"text": "t", "status": "exact", "confidence": 0.5}]}"#,
    #"{"id": "x", "funders": [{"funder_name": "A", "confidence": {"funder_name": {"mean": "1"}}}]}"#,
    #"{"id": "x", "funders": [{"award_ids": ["1"], "evidence": {"awards": [{"award_ids": []}]}}]}"#,
    #"{"id": "x", "funders": [{"award_ids": ["1"], "evidence": {"awards": 1}}]}"#,
  ])
  func unreadable(text: String) throws {
    let json = try JSON.parse(text)
    #expect(throws: FundingError.self) { try ExtractionRecord(json: json) }
  }

  // MARK: Renderers

  @Test func csv() {
    let format = CSVFormat()
    let lines = (format.header + format.record(Self.record)).split(
      separator: "\r\n", omittingEmptySubsequences: false)
    #expect(
      lines == [
        "id,sha256,funder,funder_name,award,award_id,funding_scheme,award_title,statement,status,start,end",
        "\"dir/a,b.md\",00ff,0,Société,0,A-1,\"S\"\"1; S2\",,0,exact,38,41",
        "\"dir/a,b.md\",00ff,0,Société,0,=2,\"S\"\"1; S2\",,,,,", "\"dir/a,b.md\",00ff,1,,,,,,,,,", "",
      ])
    #expect(CSVFormat(escapesFormulas: true).record(Self.record).contains(",'=2,"))
    #expect(format.record(ExtractionRecord(id: "x", sha256: "h")) == "x,h,,,,,,,,,,\r\n")
    var statementsOnly = Self.record
    statementsOnly.funders = []
    #expect(
      format.record(statementsOnly)
        == "\"dir/a,b.md\",00ff,,,,,,,0,exact,10,52\r\n\"dir/a,b.md\",00ff,,,,,,,1,unverified,,\r\n")
  }

  @Test func text() {
    let expected = """
      dir/a,b.md  2 statements, 2 funders

      Statement 1  exact, line 3, bytes 10–52
        Funded by the Société, grant A-1 \u{FFFD}[31m, x.

      Statement 2  unverified, not found in the article
        made up

      Funder       Award ids  Scheme
      ───────────  ─────────  ───────
      Société      A-1, =2    S"1, S2
      (not named)

      warning: w

      """
    #expect(TextFormat(width: 60).record(Self.record) == expected)
    #expect(TextFormat(width: 60, usesColour: true).record(Self.record).contains("\u{1B}[32mexact\u{1B}[0m"))
    #expect(TextFormat().record(ExtractionRecord(id: "x", sha256: "")) == "x  no funding statement found\n")
  }

  @Test func tableFitsTheWidth() {
    let funder = Funder(
      name: "国家自然科学基金委员会 National Natural Science Foundation of China",
      awards: [
        Award(
          awardIDs: (0..<20).map { "1234567\($0)" }, fundingSchemes: ["Key programme"],
          awardTitles: ["Long title 👩🏽‍🔬"])
      ])
    var record = ExtractionRecord(id: "x", sha256: "", funders: [funder])
    record.statements = [FundingStatement(text: String(repeating: "基金", count: 100), status: .unverified)]
    for width in [60, 61, 80, 200] {
      for line in TextFormat(width: width).record(record).split(separator: "\n") {
        #expect(DisplayWidth.of(line) <= width)
      }
    }
  }
}
